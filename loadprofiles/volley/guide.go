package volley

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"redpacket/system/names"
	"redpacket/system/pause"
)

// Doors are how users find their front doors by a name service: each region's users ask for their region's name, keep the
// answer for its TTL, and ask again when it has lapsed or a connection is lost. A user's region is his home.
type Doors struct {
	DNS   string   // host:port of the name service; empty: there is none, and Job.Front is the one door
	Names []string // by region
	Port  int      // of every front door
}

const (
	askTime  = time.Second            // for an answer of the name service
	askPause = 100 * time.Millisecond // between two questions, whatever is lost
	moveTime = time.Second            // for the connections to a new place; then users are sent there all the same
)

// guide keeps every group's place as the name service tells.
type guide struct {
	v         *volley
	client    *names.Client
	questions []names.Question
	at        []string // each group's place now: host:port
	ttl       time.Duration
	lost      chan struct{} // a connection was lost
}

// newGuide asks where each group goes; it asks until all are answered, or for as long as within.
func newGuide(ctx context.Context, v *volley, within time.Duration) (*guide, error) {
	g := &guide{v: v, lost: make(chan struct{}, 1)}
	d := v.job.Doors
	if d.DNS == "" {
		g.at = []string{v.job.Front}
		return g, nil
	}
	var err error
	if g.client, err = names.Dial(d.DNS); err != nil {
		return nil, err
	}
	for _, name := range d.Names {
		for i := range nets {
			g.questions = append(g.questions, names.Question{Name: name, From: network(i)})
		}
	}
	g.at = make([]string, len(g.questions))
	for end := time.Now().Add(within); ; {
		at, ask := g.ask()
		if !slices.Contains(at, "") {
			g.at = at
			return g, nil
		}
		if !pauseUntil(ctx, askPause, end) {
			return nil, fmt.Errorf("the name service at %s does not tell every user's front door within %s: %w", d.DNS, within, ask)
		}
	}
}

// network is where the users of one network of a region sit: 100.64.0.0/18, which is nobody's in the world.
func network(i int) netip.Addr { return netip.AddrFrom4([4]byte{100, 64, byte(i), 0}) }

// pauseUntil waits; false: ctx or the time is over.
func pauseUntil(ctx context.Context, d time.Duration, end time.Time) bool {
	return pause.For(ctx, d) && time.Now().Before(end)
}

// ask is where each group goes by the latest answers. A group whose question was not answered stays where it is, as behind
// a resolver that serves what it last knew.
func (g *guide) ask() ([]string, error) {
	at, ttl := slices.Clone(g.at), time.Duration(0)
	answers, err := g.client.Ask(g.questions, askTime)
	for i, a := range answers {
		if len(a.Addrs) == 0 {
			g.v.unresolved++
			continue
		}
		at[i] = net.JoinHostPort(a.Addrs[0].String(), strconv.Itoa(g.v.job.Doors.Port))
		if ttl == 0 || a.TTL < ttl {
			ttl = a.TTL
		}
	}
	g.ttl = max(ttl, askPause)
	return at, err
}

// run keeps asking until ctx ends.
func (g *guide) run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { _ = g.client.Close() })() // an answer under way is not waited for
	for {
		lapsed := time.NewTimer(g.ttl)
		select {
		case <-lapsed.C:
		case <-g.lost:
			pause.For(ctx, askPause)
		case <-ctx.Done():
		}
		lapsed.Stop()
		if ctx.Err() != nil {
			return
		}
		at, _ := g.ask() // what was not answered is counted
		if !slices.Equal(at, g.at) {
			g.move(ctx, at)
		}
	}
}

// move sends groups to other places: first the connections there, then new requests; what is on its way on the old ones is
// still answered there.
func (g *guide) move(ctx context.Context, at []string) {
	for _, s := range g.v.shards {
		for _, addr := range distinct(at) {
			g.v.open(ctx, s.engine, addr, g.lost)
		}
	}
	for end := time.Now().Add(moveTime); !g.standing(at) && pauseUntil(ctx, tick, end); {
	}
	for _, s := range g.v.shards {
		s.engine.route(at)
	}
	for i := range at {
		if at[i] != g.at[i] {
			g.v.moved++
		}
	}
	g.at = at
}

// standing says whether every place has its connections.
func (g *guide) standing(at []string) bool {
	for _, s := range g.v.shards {
		s.engine.mu.Lock()
		missing := slices.ContainsFunc(s.engine.places, func(p *place) bool { return slices.Contains(at, p.addr) && !p.up() })
		s.engine.mu.Unlock()
		if missing {
			return false
		}
	}
	return true
}

func distinct(at []string) []string {
	all := slices.Clone(at)
	slices.Sort(all)
	return slices.Compact(all)
}

// open makes sure that a shard has a place at an address, and that its connections are there or being made.
func (v *volley) open(ctx context.Context, e *engine, addr string, lost chan<- struct{}) *place {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.places, func(p *place) bool { return p.addr == addr })
	if i < 0 {
		i = len(e.places)
		p := e.hire(addr, v.profile.Conns, len(v.shards))
		e.places = append(e.places, p)
		for c := range p.conns() {
			v.hired.Go(func() { c.write(ctx) })
			v.hired.Go(func() { c.live(ctx, lost) })
		}
	}
	e.places[i].want(true)
	return e.places[i]
}

// route sends each group to its place, all of which are open; the other places are closed.
func (e *engine) route(at []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	byAddr := map[string]*place{}
	for _, p := range e.places {
		byAddr[p.addr] = p
		p.want(slices.Contains(at, p.addr))
	}
	routes := make([]*place, len(at))
	for i, addr := range at {
		routes[i] = byAddr[addr]
	}
	e.routes = routes
}
