// Package recommend says in which order a user likes to see the gifts. Nobody is worse off without it: then the list is in
// its default order.
package recommend

import (
	"context"
	"strconv"
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

// Run answers on cfg.Inner until ctx ends. A question is a wire.Call of op List; the answer is OK, with the number of the
// user's taste in decimal digits as its body: which of the activity's orders the list is shown in. So a list costs a
// number on the wire, and no rendering. Anything else is Malformed.
func Run(ctx context.Context, cfg config.Config) error {
	d, health := newDesk(cfg.Activity), ail.New(cfg.Node, cfg.Token)
	page := admin.Page{Node: cfg.Node, Metrics: d.metrics(), Healthy: func() error { return nil }, Switches: control.Follow(ctx, cfg), Ail: health}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	return wire.ListenCalls(ctx, cfg.Inner, health.Calls(func(batch []wire.Call, from ail.Caller) { d.serve(batch, from) }))
}

// desk answers questions; each link is served by a goroutine of its own.
type desk struct {
	activity activity.Activity
	bodies   [activity.Tastes][]byte
	told     atomic.Int64
	refused  atomic.Int64
	buffers  sync.Pool // of *[]wire.Reply
}

func newDesk(a activity.Activity) *desk {
	d := &desk{activity: a}
	for taste := range d.bodies {
		d.bodies[taste] = strconv.AppendInt(nil, int64(taste), 10)
	}
	return d
}

// answerer is where a batch's answers go: a wire.Caller.
type answerer interface{ Reply([]wire.Reply) }

func (d *desk) serve(batch []wire.Call, from answerer) {
	buffer, _ := d.buffers.Get().(*[]wire.Reply)
	if buffer == nil {
		buffer = new([]wire.Reply)
	}
	replies, told := (*buffer)[:0], 0
	for i := range batch {
		c := &batch[i]
		if c.Op != api.List || c.User == 0 {
			replies = append(replies, wire.Reply{ID: c.ID, Code: api.Malformed})
			continue
		}
		told++
		replies = append(replies, wire.Reply{ID: c.ID, Code: api.OK, Body: d.bodies[d.activity.TasteOf(c.User)]})
	}
	d.told.Add(int64(told))
	d.refused.Add(int64(len(batch) - told))
	from.Reply(replies) // they are encoded when it returns
	*buffer = replies
	d.buffers.Put(buffer)
}

func (d *desk) metrics() admin.Registry {
	m := admin.NewRegistry()
	for code, count := range map[api.Code]*atomic.Int64{api.OK: &d.told, api.Malformed: &d.refused} {
		m.Counter("redpacket_recommendations_total", "Questions answered.", admin.Labels{"code": code.String()},
			func() float64 { return float64(count.Load()) })
	}
	return m
}
