// Package controld is the role control: the store of switches, leases and witnesses. It is a small NATS server of its own,
// apart from the log of grants, so that losing one never loses the other.
package controld

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/roles/logd"
)

// Run runs the role until ctx ends. It is healthy once its buckets are there. A write to the durable one is answered when
// it is on the disk: the server is started as the log's is.
func Run(ctx context.Context, cfg config.Config) error {
	if cfg.Data == "" || cfg.Inner == "" {
		return fmt.Errorf("node %s: the control store needs a data directory and an inner address", cfg.Node)
	}
	s, err := logd.Start(logd.Options{Name: cfg.Node, Listen: cfg.Inner, Data: cfg.Data})
	if err != nil {
		return err
	}
	defer s.Stop()
	var ready atomic.Bool
	healthy := func() error {
		if !ready.Load() {
			return errors.New("the buckets are not there yet")
		}
		return nil
	}
	page := admin.Page{Node: cfg.Node, Metrics: admin.NewRegistry(), Healthy: healthy, Switches: control.NewCurrent(cfg.Node, cfg.Token), Data: cfg.Data}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	if err := control.Create(ctx, s.Addr()); err != nil {
		return err
	}
	ready.Store(true)
	return s.Wait(ctx)
}
