// Package registry tells who is registered with which game. It stands in for the games' own systems, which are asked in
// batches and answer slowly or not at all; whoever asks must be able to do without.
package registry

import (
	"context"
	"sync"
	"sync/atomic"

	"redpacket/system/activity"
	"redpacket/system/admin"
	"redpacket/system/ail"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/wire"
)

// Run answers lookups on cfg.Inner until ctx ends. A lookup is a wire.Call of op Claim: may this user claim this gift as
// a newcomer? The answer is a code alone: OK, the user is not registered with the gift's game; NotEligible, the user is;
// NotFound, there is no such gift; Malformed, it was no lookup.
func Run(ctx context.Context, cfg config.Config) error {
	d, health := &desk{activity: cfg.Activity}, ail.New(cfg.Node, cfg.Token)
	page := admin.Page{Node: cfg.Node, Metrics: d.metrics(), Healthy: func() error { return nil }, Switches: control.Follow(ctx, cfg), Ail: health}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	return wire.ListenCalls(ctx, cfg.Inner, health.Calls(func(batch []wire.Call, from ail.Caller) { d.serve(batch, from) }))
}

// desk answers lookups; each link is served by a goroutine of its own.
type desk struct {
	activity activity.Activity
	answers  [api.Codes]atomic.Int64
	buffers  sync.Pool // of *[]wire.Reply
}

// answerer is where a batch's answers go: a wire.Caller.
type answerer interface{ Reply([]wire.Reply) }

func (d *desk) serve(batch []wire.Call, from answerer) {
	buffer, _ := d.buffers.Get().(*[]wire.Reply)
	if buffer == nil {
		buffer = new([]wire.Reply)
	}
	replies := (*buffer)[:0]
	for i := range batch {
		code := d.look(&batch[i])
		d.answers[code].Add(1)
		replies = append(replies, wire.Reply{ID: batch[i].ID, Code: code})
	}
	from.Reply(replies) // they are encoded when it returns
	*buffer = replies
	d.buffers.Put(buffer)
}

func (d *desk) look(c *wire.Call) api.Code {
	gift, ok := d.activity.Gift(c.Gift)
	switch {
	case c.Op != api.Claim || c.User == 0:
		return api.Malformed
	case !ok:
		return api.NotFound
	case d.activity.Registered(c.User, gift.Game):
		return api.NotEligible
	}
	return api.OK
}

func (d *desk) metrics() admin.Registry {
	m := admin.NewRegistry()
	for code := range api.Codes {
		m.Counter("redpacket_lookups_total", "Lookups answered.", admin.Labels{"code": code.String()},
			func() float64 { return float64(d.answers[code].Load()) })
	}
	return m
}
