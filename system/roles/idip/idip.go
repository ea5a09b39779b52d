// Package idip is the role idip: the games' delivery interface. Each game takes so many orders a second and no more,
// and delivers an order once, because the ledger does.
package idip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"redpacket/system/admin"
	"redpacket/system/ail"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/ledger"
	"redpacket/system/roles/idip/delivery"
)

// statementWorkers is how many statements run at once; while they run, requests gather for the next.
const statementWorkers = 2

// Run runs the role until ctx ends. It is healthy once it has reached the ledger.
func Run(ctx context.Context, cfg config.Config) error {
	addr, err := cfg.Peer("ledger")
	if err != nil {
		return err
	}
	d, health := newDesk(cfg.Activity, cfg.Rules.DeliveryRate), ail.New(cfg.Node, cfg.Token)
	page := admin.Page{Node: cfg.Node, Metrics: metrics(d), Healthy: d.healthy, Switches: control.Follow(ctx, cfg), Ail: health}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	l, err := ledger.Open(ctx, fmt.Sprintf("postgres://redpacket@%s/redpacket?sslmode=disable", addr))
	if err != nil {
		return err
	}
	for range statementWorkers {
		go d.work(ctx, l)
	}
	return serve(ctx, cfg.Inner, d, health)
}

// serve answers games' calls until ctx ends.
func serve(ctx context.Context, addr string, d *desk, health *ail.Ail) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("delivery interface: %w", err)
	}
	mux := http.NewServeMux()
	game := func(r *http.Request) string { return r.URL.Query().Get("game") }
	mux.Handle("POST "+delivery.Path, health.Requests(game, d))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 15 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	d.open.Store(true)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("delivery interface: %w", err)
	}
	return nil
}

// metrics counts what the ledger answered. A delivery whose answer was lost on the way is counted as a repeat when it is
// asked for again, so the total can be a little low; the ledger itself is the truth.
func metrics(d *desk) admin.Registry {
	r := admin.NewRegistry()
	r.Counter("redpacket_poisoned_total", "Orders refused because their user and their tag contradict each other, by who noticed.",
		admin.Labels{"at": "ledger"}, func() float64 { return float64(d.taglessInLedger()) })
	r.Counter("redpacket_poisoned_total", "Orders refused because their user and their tag contradict each other, by who noticed.",
		admin.Labels{"at": "idip"}, func() float64 { return float64(d.tagless.Load()) })
	for game, g := range d.games {
		labels := admin.Labels{"game": strconv.Itoa(game)}
		r.Counter("redpacket_deliveries_total", "Orders delivered; repeats and conflicts are not.", labels,
			func() float64 { return float64(g.delivered.Load()) })
		r.Gauge("redpacket_delivery_peak", "Most orders that the game took in any 1 s window.", labels,
			func() float64 { return float64(g.peak()) })
		r.Counter("redpacket_delivery_repeats_total", "Orders asked for again that were delivered before.", labels,
			func() float64 { return float64(g.repeats.Load()) })
		r.Counter("redpacket_delivery_conflicts_total", "Orders that stand against another delivery.", labels,
			func() float64 { return float64(g.conflicts.Load()) })
		r.Counter("redpacket_delivery_refused_total", "Orders refused because they came too fast.", labels,
			func() float64 { return float64(g.refused.Load()) })
	}
	r.Counter("redpacket_statements_total", "Statements that the ledger answered.", nil,
		func() float64 { return float64(d.statements.Load()) })
	return r
}
