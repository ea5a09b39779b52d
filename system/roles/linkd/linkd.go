// Package linkd carries a group of the system's links, so that each can be slowed, cut or spoilt by itself while the
// nodes at its ends stay as they are. Connections go through Toxiproxy as a library, whose server nothing else imports;
// datagrams through our own relay.
package linkd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/collectors"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/relay"
)

// Run carries cfg.Links until ctx ends. Toxiproxy's HTTP API and the relay's, by which faults are injected, answer on
// cfg.Inner: one proxy or relay per link, under the link's name.
func Run(ctx context.Context, cfg config.Config) error {
	if len(cfg.Links) == 0 || cfg.Inner == "" {
		return fmt.Errorf("linkd %s: %d links and API address %q; it needs both", cfg.Node, len(cfg.Links), cfg.Inner)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	registry := admin.NewRegistry()
	relays, err := openRelays(cfg.Links)
	carrier := newCarrier(registry, relays)
	defer carrier.close()
	if err = errors.Join(err, carrier.carry(cfg.Links)); err != nil {
		return err
	}
	ended, err := carrier.serveAPI(ctx, cfg.Inner)
	if err != nil {
		return err
	}
	page := admin.Page{Node: cfg.Node, Metrics: registry, Healthy: func() error { return carrier.healthy(cfg.Links) }, Switches: control.Follow(ctx, cfg)}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	return <-ended
}

// carrier is a Toxiproxy server with its proxies, and the relays.
type carrier struct {
	server *toxiproxy.ApiServer
	relays relay.Links
}

// newCarrier logs errors only: at the next level Toxiproxy writes a line for every connection. A server without a
// metrics container dies at its first connection; the container's counters enter the registry when the API is served.
func newCarrier(registry admin.Registry, relays relay.Links) carrier {
	zerolog.SetGlobalLevel(zerolog.ErrorLevel) // some toxics log past the server's logger
	toxics.Register(MeterToxic, new(meter))    // for the process; a toxic of each name is made anew where it is used
	metrics := toxiproxy.NewMetricsContainer(registry.Library())
	metrics.ProxyMetrics = collectors.NewProxyMetricCollectors()
	server := toxiproxy.NewServer(metrics, zerolog.New(os.Stderr).Level(zerolog.ErrorLevel))
	publish(relays, registry)
	registry.Gauge("redpacket_links_up", "Links that accept connections or datagrams.", nil, func() float64 {
		up := len(relays)
		for _, p := range server.Collection.Proxies() {
			if enabled(p) {
				up++
			}
		}
		return float64(up)
	})
	return carrier{server, relays}
}

// carry listens for every link. Nothing is dialled until a connection comes, so the nodes behind may start later.
func (c carrier) carry(links []config.Forward) error {
	for _, l := range links {
		if l.Datagrams {
			continue
		}
		proxy := toxiproxy.NewProxy(c.server, l.Name, l.Listen, l.To)
		if err := c.server.Collection.Add(proxy, true); err != nil {
			return fmt.Errorf("carry link %s on %s: %w", l.Name, l.Listen, err)
		}
	}
	return nil
}

// serveAPI answers on addr until ctx ends; then ended gets nil, or earlier what stopped it.
func (c carrier) serveAPI(ctx context.Context, addr string) (ended <-chan error, err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the links' API: %w", err)
	}
	// Toxiproxy gives a change 25 s; an answer must still fit behind that.
	server := &http.Server{Handler: routes(c.relays, c.server.Routes()), ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go func() {
		err := server.Serve(listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		done <- err
	}()
	return done, nil
}

// healthy is nil while every link is known to Toxiproxy or has a relay. A link that a fault has disabled is a healthy linkd's: it does
// what it was told.
func (c carrier) healthy(links []config.Forward) error {
	known := c.server.Collection.Proxies()
	for _, l := range links {
		if known[l.Name] == nil && c.relays[l.Name] == nil {
			return fmt.Errorf("link %s is not carried", l.Name)
		}
	}
	return nil
}

func (c carrier) close() {
	for _, r := range c.relays {
		r.Close()
	}
	for _, p := range c.server.Collection.Proxies() {
		go p.Stop() // it waits for a dial that hangs; the process does not
	}
}

// enabled never waits: Toxiproxy holds a proxy's lock while it is being changed, which lasts as long as a dial that hangs.
// A link under change counts as down.
func enabled(p *toxiproxy.Proxy) bool {
	if !p.TryLock() {
		return false
	}
	defer p.Unlock()
	return p.Enabled
}
