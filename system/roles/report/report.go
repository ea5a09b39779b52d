// Package report collects what processes report over UDP, and shows the sums. Nobody waits for it, and its death changes
// nothing but that these figures are missing.
package report

import (
	"context"
	"errors"
	"fmt"
	"net"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/report"
)

// Run hears datagrams on cfg.Inner until ctx ends. It sleeps while none comes.
func Run(ctx context.Context, cfg config.Config) error {
	conn, err := net.ListenPacket("udp", cfg.Inner)
	if err != nil {
		return fmt.Errorf("hear reports: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer conn.Close()
	sums := newSums()
	page := admin.Page{Node: cfg.Node, Switches: control.Follow(ctx, cfg), Metrics: metrics(sums), Healthy: func() error { return nil }}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	return hear(ctx, conn, sums)
}

// hear takes datagrams until ctx ends (nil) or the socket fails.
func hear(ctx context.Context, conn net.PacketConn, sums *sums) error {
	buf := make([]byte, report.MaxSize+1) // a byte more, so that a longer one is seen to be
	for {
		n, _, err := conn.ReadFrom(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("hear reports: %w", err)
		case err != nil:
			continue // of one datagram; the next may be well
		}
		d, err := report.Decode(buf[:n])
		if err != nil {
			sums.count(malformed)
			continue
		}
		sums.take(d)
	}
}

func metrics(s *sums) admin.Registry {
	m := admin.NewRegistry()
	m.Counters("redpacket_reports_total", "Datagrams heard, by what became of them.", "outcome", s.outcomes)
	m.Counters("redpacket_reported_total", "What all processes reported, by series.", "series", s.totals)
	m.Counter("redpacket_reports_lost_total", "Datagrams that are missing between those that came.", nil, s.missing)
	m.Gauge("redpacket_reporting_nodes", "Processes that have reported.", nil, s.nodes)
	return m
}
