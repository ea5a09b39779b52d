// Package promo is the role promo: the promotion layer, whose valve is a switch. Whoever shows the event to users asks it
// whether to.
package promo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/promotion"
)

// Run answers on cfg.Front until ctx ends. The valve is closed while the switch stop_promotion is thrown.
func Run(ctx context.Context, cfg config.Config) error {
	l, err := net.Listen("tcp", cfg.Front)
	if err != nil {
		return fmt.Errorf("front port of %s: %w", cfg.Node, err)
	}
	d := &desk{}
	switches := control.Follow(ctx, cfg)
	switches.OnChange(d.turn)
	page := admin.Page{Node: cfg.Node, Metrics: d.metrics(), Healthy: func() error { return nil }, Switches: switches}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: promotion.Handler(d.valve), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// desk is the role's memory.
type desk struct {
	closed       atomic.Bool
	turns, asked atomic.Uint64
}

// turn goes by the switches.
func (d *desk) turn(s control.Settings) {
	if d.closed.Swap(s.StopPromotion) == s.StopPromotion {
		return
	}
	d.turns.Add(1)
	fmt.Printf("promo: the valve is closed: %v\n", s.StopPromotion)
}

// valve answers one question.
func (d *desk) valve() promotion.Valve {
	d.asked.Add(1)
	return promotion.Valve{Closed: d.closed.Load()}
}

func (d *desk) metrics() admin.Registry {
	r := admin.NewRegistry()
	r.Gauge("redpacket_promotion_open", "1 while users are shown the promotion.", nil, func() float64 {
		if d.closed.Load() {
			return 0
		}
		return 1
	})
	r.Counter("redpacket_promotion_turns_total", "Times that the valve was closed or opened.", nil, func() float64 { return float64(d.turns.Load()) })
	r.Counter("redpacket_promotion_asked_total", "Questions whether to show the promotion.", nil, func() float64 { return float64(d.asked.Load()) })
	return r
}
