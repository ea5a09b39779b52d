package volley

import (
	"context"
	"iter"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
)

// place is one front door, and a shard's connections to it. Its fields are under the engine's lock.
type place struct {
	e      *engine
	addr   string
	pools  [2 * classes][]*conn // those of the neighbour's users come last
	wanted bool                 // users are sent here
	turned chan struct{}        // closed when it is wanted again
}

// hire makes a place with a shard's part of the connections, at least one of each class. Nobody dials before the place is
// wanted.
func (e *engine) hire(addr string, conns loadprofiles.Conns, shards int) *place {
	p := &place{e: e, addr: addr, turned: make(chan struct{})}
	buffer := min(max(readMost/max(1, conns.All()), readLeast), readSize)
	wanted := []int{conns.Static, conns.Read, conns.Claim}
	if e.profile.Users.Neighbour.Share > 0 {
		wanted = append(wanted, 1, 1, 1) // answers come in order: on the others' connections they would wait for the others
	}
	for class, n := range wanted {
		for range (n + shards - 1) / shards {
			p.pools[class] = append(p.pools[class], &conn{e: e, place: p, buffer: buffer, wake: make(chan struct{}, 1), ready: make(chan struct{})})
		}
	}
	return p
}

// conns are the connections of the place.
func (p *place) conns() iter.Seq[*conn] {
	return func(yield func(*conn) bool) {
		for _, pool := range p.pools {
			for _, c := range pool {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// conns are the connections of all places.
func (e *engine) conns() iter.Seq[*conn] {
	return func(yield func(*conn) bool) {
		for _, p := range e.places {
			for c := range p.conns() {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// pick is a connection of the place for a request, the lane's own while it stands; nil: there is none.
func (p *place) pick(of pending, lane uint32) *conn {
	class := classOf(of.op)
	if of.beside {
		class += classes
	}
	pool := p.pools[class]
	for i := range pool {
		if c := pool[(int(lane)+i)%len(pool)]; c.net != nil && len(c.out) < maxOut {
			return c
		}
	}
	return nil
}

// want opens or closes the place; the engine's lock is held. A place that is closed keeps its connections until what is on
// its way has been answered.
func (p *place) want(wanted bool) {
	switch {
	case wanted && !p.wanted:
		close(p.turned)
	case !wanted && p.wanted:
		p.turned = make(chan struct{})
	}
	p.wanted = wanted
}

// await returns when the place is wanted; false: ctx ended first.
func (p *place) await(ctx context.Context) bool {
	for ctx.Err() == nil {
		p.e.mu.Lock()
		wanted, turned := p.wanted, p.turned
		p.e.mu.Unlock()
		if wanted {
			return true
		}
		select {
		case <-turned:
		case <-ctx.Done():
		}
	}
	return false
}

// up says whether all connections of the place stand; the engine's lock is held.
func (p *place) up() bool {
	for c := range p.conns() {
		if c.net == nil || c.leaving {
			return false
		}
	}
	return true
}

// Users behind one resolver hear one answer: each region's users are in so many networks.
const (
	netBits = 6
	nets    = 1 << netBits
)

// groupOf is the group that a user's front door is looked up for: the region and, within it, the network.
func groupOf(user api.User) int {
	return int(activity.Home(user))*nets + int(uint64(user)*0x9e3779b97f4a7c15>>(64-netBits))
}

// placeOf is where a user's next request goes; the engine's lock is held.
func (e *engine) placeOf(user api.User) *place {
	if len(e.routes) == 1 {
		return e.routes[0]
	}
	return e.routes[groupOf(user)]
}
