// Package tgw is the access gateway: the only part of the system that users reach, and the one that refuses what the
// parts behind it need not see.
package tgw

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/report"
)

// Run serves users on cfg.Front until ctx ends; then it returns nil. It returns an error when the configuration or an
// address is of no use.
func Run(ctx context.Context, cfg config.Config) error {
	l, err := net.Listen("tcp", cfg.Front)
	if err != nil {
		return fmt.Errorf("open the front door of %s: %w", cfg.Node, err)
	}
	g, err := newGateway(cfg)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return g.run(ctx, cfg, l)
}

// run serves until ctx ends; it closes l.
func (g *gateway) run(ctx context.Context, cfg config.Config, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := g.dial(ctx, cfg.Peers); err != nil {
		return errors.Join(fmt.Errorf("node %s: %w", cfg.Node, err), l.Close())
	}
	g.switches.Follow(ctx, cfg)
	reporter := report.New(cfg.Node, cfg.PeersOf("report"), g.totals)
	reporter.Withhold(func() bool { return g.switches.Now().DropReports })
	metrics := g.metrics()
	reporter.Publish(metrics)
	page := admin.Page{Node: cfg.Node, Metrics: metrics, Healthy: g.healthy, Switches: g.switches, Ail: g.health}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return errors.Join(err, l.Close())
	}
	reporter.Start(ctx)
	var running sync.WaitGroup
	running.Go(func() { g.tick(ctx) })
	running.Go(func() { g.follow(ctx, cfg) })
	running.Go(func() { g.discover(ctx, cfg) })
	g.listening.Store(true)
	err := g.front.Serve(ctx, l)
	g.listening.Store(false)
	cancel()
	running.Wait()
	return err
}

// tickEvery is a step of the admission's controller, and how stale the clock for tokens may be. A CPU quota's period is
// as long: a shorter step would take its pauses for a lack of capacity.
const tickEvery = 100 * time.Millisecond

func (g *gateway) tick(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		g.seconds.Store(g.health.Clock.Of(now).Unix())
		g.step(now.Sub(last))
		last = now
	}
}
