package tgw

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"redpacket/system/api"
	"redpacket/system/overload"
	"redpacket/system/wire"
)

// The pools of ams; none can starve another. Those of the other data centre come last.
const (
	light    = iota // list, select, receipt
	heavy           // claims
	farLight        // receipts of users whose claims the other data centre decides
	farHeavy        // their claims
	pools

	near = farLight // so many pools are this data centre's own
)

// pool is the links to the instances of one role, in the order of their names, and what they do.
type pool struct {
	name            string
	links           []*wire.Link
	sent            atomic.Int64
	replied, served atomic.Int64
	waits           overload.Waits
}

// dial opens the links to every ams among the peers.
func (g *gateway) dial(ctx context.Context, peers map[string]string) {
	for i := range g.pools {
		p := &g.pools[i]
		var prefix string
		p.name, prefix = poolName(i, g.part)
		for _, name := range slices.Sorted(maps.Keys(peers)) {
			if prefix != "" && strings.HasPrefix(name, prefix) {
				p.links = append(p.links, wire.DialCalls(ctx, peers[name], func(replies []wire.Reply) {
					p.note(replies)
					g.front.Answer(replies)
				}))
			}
		}
	}
}

// note counts what came back. What the callee shed is no sign of what it can carry.
func (p *pool) note(replies []wire.Reply) {
	served, sum, most := 0, uint64(0), uint32(0)
	for i := range replies {
		r := &replies[i]
		if r.Code != api.Busy {
			served++
		}
		sum += uint64(r.Queued)
		most = max(most, r.Queued)
	}
	p.replied.Add(int64(len(replies)))
	p.served.Add(int64(served))
	p.waits.Add(len(replies), sum, uint64(most))
}

// pick is the user's link: always the same while it is up, else the next one that is; nil: none is.
func (p *pool) pick(user api.User) *wire.Link {
	n := len(p.links)
	if n == 0 {
		return nil
	}
	first := overload.Place(user, n)
	for i := range n {
		if l := p.links[(first+i)%n]; l.Up() {
			return l
		}
	}
	return nil
}

// sample is what the pool did since the last one. The wait is the mean that the replies report, or, if that is longer,
// how long the oldest call has been waiting here to be written: more than a tick, or it is only this process that has
// been standing still.
func (p *pool) sample() overload.Sample {
	_, wait, _ := p.waits.Take()
	for _, l := range p.links {
		if behind := l.Behind(); behind > tickEvery {
			wait = max(wait, behind)
		}
	}
	return overload.Sample{Sent: int(p.sent.Swap(0)), Replied: int(p.replied.Swap(0)), Served: int(p.served.Swap(0)), Wait: wait}
}

func (p *pool) up() (n int) {
	for _, l := range p.links {
		if l.Up() {
			n++
		}
	}
	return n
}

func (p *pool) healthy() error {
	if p.up() > 0 {
		return nil
	}
	var why []string
	for _, l := range p.links {
		why = append(why, l.Why())
	}
	return fmt.Errorf("none of %d links to %s is up: %s", len(p.links), p.name, strings.Join(why, "; "))
}
