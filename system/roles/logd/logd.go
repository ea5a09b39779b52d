// Package logd is the role log: a NATS server with JetStream inside the process, which answers a publisher only when the
// message is on the disk.
package logd

import (
	"context"
	"fmt"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/grantlog"
)

// Run runs the role until ctx ends. It is healthy once the stream and its lanes' bookmarks are there.
func Run(ctx context.Context, cfg config.Config) error {
	if cfg.Data == "" || cfg.Inner == "" {
		return fmt.Errorf("node %s: the log needs a data directory and an inner address", cfg.Node)
	}
	o := Options{Name: cfg.Node, Listen: cfg.Inner, Data: cfg.Data, Games: cfg.Activity.Games}
	if cfg.Part.Shared() {
		o.IDC, o.Mirror = cfg.Part.IDC.String(), cfg.Part.Other().String()
	}
	s, err := Start(o)
	if err != nil {
		return err
	}
	defer s.Stop()
	page := admin.Page{Node: cfg.Node, Metrics: metrics(s), Healthy: s.Healthy, Switches: control.Follow(ctx, cfg), Data: cfg.Data}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	if err := s.Prepare(ctx); err != nil {
		return err
	}
	return s.Wait(ctx)
}

// metrics shows how much the log holds; each is asked of the server when it is scraped.
func metrics(s *Server) admin.Registry {
	r := admin.NewRegistry()
	gauge := func(name, help string, of func(State) uint64) {
		r.Gauge("redpacket_log_"+name, help, nil, func() float64 { return float64(of(s.State())) })
	}
	gauge("messages", "Messages that the log holds.", func(s State) uint64 { return s.Messages })
	gauge("bytes", "Bytes that the log holds.", func(s State) uint64 { return s.Bytes })
	gauge("last_seq", "Sequence number of the last message.", func(s State) uint64 { return s.Last })
	r.Gauge("redpacket_log_mirrored", "Messages of the other data centre's log that are mirrored here.", nil,
		func() float64 { return float64(s.state(grantlog.MirrorStream).Messages) })
	gauge("connections", "Clients that are connected.", func(s State) uint64 { return s.Clients })
	return r
}
