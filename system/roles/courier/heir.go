package courier

import (
	"context"
	"fmt"
	"sync"

	"redpacket/system/config"
	"redpacket/system/grantlog"
	"redpacket/system/pair"
	"redpacket/system/roles/idip/delivery"
)

// heir delivers what the other data centre had logged and may not have delivered, while its users are taken over: out of
// the mirror of its log, which this data centre's log server keeps. How far the other courier came is lost with it, so
// everything is asked about again; the ledger knows what it has.
type heir struct {
	c    *courier
	cfg  config.Config
	log  *grantlog.Log // the mirror
	idip string
}

// inherit watches the other data centre's shard until ctx ends.
func (h *heir) inherit(ctx context.Context) error {
	var mu sync.Mutex
	var stop func()
	end := func() {
		if stop != nil {
			stop()
			stop = nil
		}
	}
	defer end() // Watch has returned: it calls changed no more
	return h.log.Watch(ctx, h.cfg.Part.Other().String(), func(s grantlog.Shard) {
		mu.Lock()
		defer mu.Unlock()
		end()
		if s.Mode == pair.Taken {
			stop = h.start(ctx, s)
		}
	})
}

// start delivers from the mirror until the function it returns is called.
func (h *heir) start(ctx context.Context, s grantlog.Shard) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() {
		lanes, err := h.log.LanesBelieved(ctx, h.cfg.Activity, s.Void)
		if err == nil {
			cfg := h.cfg
			cfg.Inner = "" // recon asks the courier's own lanes
			err = h.c.run(ctx, lanes, cfg, delivery.NewClient(h.idip, int(cfg.Activity.Games), askWait))
		}
		if err != nil && ctx.Err() == nil {
			fmt.Printf("courier: the deliveries of data centre %s stopped: %v\n", s.IDC, err)
		}
	})
	return func() { cancel(); work.Wait() }
}
