package l5

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// Peers is one caller's view of the instances of one role. Takes, Answered and Failed may be called by any number of
// goroutines, cost one or two atomic operations each, and never block; one goroutine calls Step.
type Peers struct {
	rules    Rules
	names    []string
	peers    []peer
	circuits []circuit
	next     time.Time // when windows and sleeps are looked at again
	listed   atomic.Pointer[[]bool]
	allTried atomic.Bool
}

// What a peer's door says.
const (
	admit int32 = iota
	probe       // only as many as there are probes
	shut
)

// peer is what goroutines share of one instance; what every request reads lies apart from what every batch writes.
type peer struct {
	door   atomic.Int32
	probes atomic.Int32 // left of this cycle
	_      [56]byte
	ok     atomic.Int64 // since the last step
	failed atomic.Int64
	counts
	cycles int // the circuit's, when the probes were last filled up; Step's own
	_      [64]byte
}

// counts are for the scrape.
type counts struct {
	state                                           atomic.Uint32
	answered, failures, ejections, reopens, probing atomic.Uint64
}

// Seen is what a caller has seen of one instance so far.
type Seen struct {
	State     State
	Answered  uint64 // calls that were answered in time
	Failures  uint64 // calls that were not, or could not be sent
	Ejections uint64 // from closed to open
	Reopens   uint64 // from half-open back to open
	Probes    uint64 // calls let through while half-open
}

// New makes the view of instances that have done nothing wrong yet. The instances are known by their places in names.
func New(rules Rules, names []string) (*Peers, error) {
	if err := rules.check(); err != nil {
		return nil, fmt.Errorf("rules %q: %w", rules.Name, err)
	}
	p := &Peers{rules: rules, names: slices.Clone(names), peers: make([]peer, len(names)), circuits: make([]circuit, len(names))}
	for i := range p.circuits {
		p.circuits[i] = circuit{rules: &p.rules, draw: rand.New(rand.NewPCG(uint64(i), uint64(len(names))))}
	}
	return p, nil
}

// Takes says whether a call may go to instance i now. A half-open one takes only so many: if it takes a call, send it.
func (p *Peers) Takes(i int) bool {
	e := &p.peers[i]
	switch e.door.Load() {
	case admit:
		return true
	case shut:
		return false
	}
	if e.probes.Load() <= 0 || e.probes.Add(-1) < 0 {
		return false
	}
	e.probing.Add(1)
	return true
}

// Ejected says that instance i is to get no calls, not even probes.
func (p *Peers) Ejected(i int) bool { return p.peers[i].door.Load() == shut }

// Answered counts n calls that instance i answered in time, with whatever it had to say.
func (p *Peers) Answered(i, n int) { p.peers[i].ok.Add(int64(n)) }

// Failed counts n calls that instance i should have answered and did not, or that could not be sent to it.
func (p *Peers) Failed(i, n int) { p.peers[i].failed.Add(int64(n)) }

// List tells which of the instances there are, by name; the others get no calls. A list without any of them is not
// believed. Until the first call all are there. It takes effect with the next Step, and is safe in any goroutine.
func (p *Peers) List(names []string) {
	listed, some := make([]bool, len(p.names)), false
	for i, name := range p.names {
		listed[i] = slices.Contains(names, name)
		some = some || listed[i]
	}
	if some {
		p.listed.Store(&listed)
	}
}

// Forget drops what was counted since the last step: the caller itself stood still, so that calls ran into their
// deadlines whose answers lay unread.
func (p *Peers) Forget() {
	for i := range p.peers {
		p.peers[i].ok.Store(0)
		p.peers[i].failed.Store(0)
	}
}

// Step takes in what was counted since the last step and moves the circuits. It is called every 100 ms or so, with times
// that do not go back.
func (p *Peers) Step(now time.Time) {
	looks := !now.Before(p.next)
	if looks {
		p.next = now.Add(p.rules.Check)
	}
	var tripped []int
	for i := range p.circuits {
		c, e := &p.circuits[i], &p.peers[i]
		ok, failed := int(e.ok.Swap(0)), int(e.failed.Swap(0))
		e.answered.Add(uint64(ok))
		e.failures.Add(uint64(failed))
		trip := c.note(now, ok, failed)
		if looks && c.look(now) {
			trip = true
		}
		if trip {
			tripped = append(tripped, i)
		}
	}
	p.eject(now, tripped)
	p.publish()
}

// eject opens the circuits that tripped, as far as that leaves an instance that works, and no more than the greatest share.
// Where every instance fails, it is the load, the caller, or something behind them all: nothing would be won by it.
func (p *Peers) eject(now time.Time, tripped []int) {
	for _, i := range tripped {
		p.circuits[i].suffers = true
	}
	if !p.someWork() {
		return
	}
	room := int(p.rules.MaxEjected*float64(len(p.circuits)) + 1e-9)
	for i := range p.circuits {
		if p.circuits[i].state != Closed {
			room--
		}
	}
	for _, i := range tripped[:min(len(tripped), max(0, room))] {
		p.circuits[i].open(now)
		p.peers[i].ejections.Add(1)
	}
}

// publish lets the callers know. When no instance works, all that are listed are tried.
func (p *Peers) publish() {
	all := !p.someWork()
	p.allTried.Store(all)
	for i := range p.circuits {
		c, e, door := &p.circuits[i], &p.peers[i], admit
		switch {
		case !p.Listed(i), c.state == Open && !all:
			door = shut
		case c.state == HalfOpen && !all:
			door = probe
		}
		if e.cycles != c.cycles {
			e.cycles = c.cycles
			e.probes.Store(int32(p.rules.Probes))
		}
		e.door.Store(door)
		e.state.Store(uint32(c.state))
		e.reopens.Store(uint64(c.reopens))
	}
}

// someWork says that at least one of the instances there are does its work.
func (p *Peers) someWork() bool {
	for i := range p.circuits {
		if p.circuits[i].healthy() && p.Listed(i) {
			return true
		}
	}
	return false
}

// Listed says whether instance i is on the latest list. It is safe in any goroutine.
func (p *Peers) Listed(i int) bool {
	listed := p.listed.Load()
	return listed == nil || (*listed)[i]
}

// AllTried says that no instance works, so that calls go to every one of them. It is safe in any goroutine.
func (p *Peers) AllTried() bool { return p.allTried.Load() }

// Names are the instances, by their places.
func (p *Peers) Names() []string { return slices.Clone(p.names) }

// Seen is what was seen of instance i until the last step. It is safe in any goroutine.
func (p *Peers) Seen(i int) Seen {
	e := &p.peers[i]
	return Seen{State: State(e.state.Load()), Answered: e.answered.Load(), Failures: e.failures.Load(),
		Ejections: e.ejections.Load(), Reopens: e.reopens.Load(), Probes: e.probing.Load()}
}
