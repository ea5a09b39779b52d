package tgw

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/api"
	"redpacket/system/l5"
	"redpacket/system/overload"
	"redpacket/system/wire"
)

// The pools of ams; none can starve another. Those of the other data centre come after this one's own, and those of the new version,
// where one stands beside the old, come last.
const (
	light    = overload.Reads        // list, select, receipt
	heavy    = overload.Claims       // claims
	farLight = near + overload.Reads // receipts of users whose claims the other data centre decides
	farHeavy = near + overload.Claims
	fresh    = 2 * near // from here on: the new version's, in the order of near's
	pools    = 3 * near

	near = 2 // so many pools are this data centre's own
)

// pool is the links to the instances of one role, in the order of their names, what they do, and what l5 thinks of them.
type pool struct {
	name            string
	links           []*wire.Link
	peers           *l5.Peers
	stood           bool // this process stood still in the last tick
	sent            atomic.Int64
	replied, served atomic.Int64
	waits           overload.Waits

	mu      sync.Mutex
	reserve *overload.Pacer // neighbours' calls that pass whatever admission says; nil: none
}

// reserveBurst is how much of its reserve a neighbour may use at once.
const reserveBurst = 250 * time.Millisecond

// reserveFor keeps a share of what the pool's instances are built for to neighbours.
func (p *pool) reserveFor(rate, share float64) {
	if rate *= share * float64(len(p.links)); rate > 0 {
		p.reserve = overload.NewPacer(rate, reserveBurst)
	}
}

// reserves says whether a call passes as a neighbour's, within what is reserved for them. No other call costs more than
// the question whose it is.
func (p *pool) reserves(gift api.Gift, now time.Time) bool {
	if gift.Place() == 0 || p.reserve == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reserve.Take(now, 1) > 0
}

// dial opens the links to every ams among the peers.
func (g *gateway) dial(ctx context.Context, peers map[string]string) error {
	var err error
	for i := range g.pools {
		p := &g.pools[i]
		var prefix string
		p.name, prefix = poolName(i, g.part)
		var names []string
		for _, name := range slices.Sorted(maps.Keys(peers)) {
			if prefix != "" && strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
		if p.peers, err = l5.New(g.l5, names); err != nil {
			return err
		}
		for k, name := range names {
			p.links = append(p.links, wire.DialCalls(ctx, peers[name], func(replies []wire.Reply) {
				failed := p.note(replies)
				if i >= fresh {
					mark(replies)
				}
				p.peers.Answered(k, max(0, g.front.Answer(replies)-failed))
				if failed > 0 {
					p.peers.Failed(k, failed)
				}
			}))
		}
		p.reserveFor([near]float64{g.rules.LightRate, g.rules.HeavyRate}[i%near], g.rules.Reserve)
	}
	return nil
}

// mark notes that the new version gave these replies.
func mark(replies []wire.Reply) {
	for i := range replies {
		replies[i].Marked = true
	}
}

// note counts what came back. What the callee shed is no sign of what it can carry. It returns how many replies are
// failures: such as the API does not promise. Whatever else an instance says, it works: busy and closed are about the load
// and the shard, refusals about the user, and unknown about what lies behind every instance.
func (p *pool) note(replies []wire.Reply) (failed int) {
	served, sum, most := 0, uint64(0), uint32(0)
	for i := range replies {
		r := &replies[i]
		if r.Code != api.Busy {
			served++
		}
		if r.Code.Outcome() == api.Failed {
			failed++
		}
		sum += uint64(r.Queued)
		most = max(most, r.Queued)
	}
	p.replied.Add(int64(len(replies)))
	p.served.Add(int64(served))
	p.waits.Add(len(replies), sum, uint64(most))
	return failed
}

// pick is the place of the user's instance, always the same while it works; else that of another one, the same for that
// user, different ones for the users of one instance; -1: no link is up.
func (p *pool) pick(user api.User) int {
	n := len(p.links)
	if n == 0 {
		return -1
	}
	first := overload.Place(user, n)
	if p.takes(first) {
		return first
	}
	return p.another(user, first)
}

// another is pick when the user's own instance takes nothing. When none takes any, all are tried whose link is up.
func (p *pool) another(user api.User, first int) int {
	others := len(p.links) - 1
	up := -1
	if p.links[first].Up() {
		up = first
	}
	for i := range others {
		k := (first + 1 + (overload.Place(^user, others)+i)%others) % (others + 1)
		if p.takes(k) {
			return k
		}
		if up < 0 && p.links[k].Up() {
			up = k
		}
	}
	return up
}

// takes says that instance i would take a call now. A link that is down fails the call that should have gone there.
func (p *pool) takes(i int) bool {
	if p.links[i].Up() {
		return p.peers.Takes(i)
	}
	if !p.peers.Ejected(i) {
		p.peers.Failed(i, 1)
	}
	return false
}

// via is a pool and the place of an instance in it as wire.Wait carries them.
func via(pool, i int) uint16 { return uint16(i*pools + pool) }

// late notes that a call was not answered by its deadline.
func (g *gateway) late(via uint16) { g.pools[via%pools].peers.Failed(int(via/pools), 1) }

// stoodStill is a tick that took too long to blame others for what was not answered in it.
const stoodStill = 2 * tickEvery

// judge has l5 take in what was seen since the last tick, length ago. When this process itself stood still, answers may lie
// unread behind their deadlines: what it sees in that tick and the next says nothing about others.
func (p *pool) judge(now time.Time, length time.Duration) {
	if p.stood || length > stoodStill {
		p.peers.Forget()
	}
	p.stood = length > stoodStill
	p.peers.Step(now)
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
