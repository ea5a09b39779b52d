package ail

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"redpacket/system/api"
	"redpacket/system/wire"
)

// Caller is where the answers to calls go: a wire.Caller.
type Caller interface {
	Reply(replies []wire.Reply)
	Owed() int
}

// Calls is what wire.ListenCalls serves with: serve itself while the process is well. A call that fails is answered
// Malformed, which the API promises to no call that is well formed: its caller must take the instance for faulty.
func (a *Ail) Calls(serve func([]wire.Call, Caller)) func([]wire.Call, *wire.Caller) {
	return func(batch []wire.Call, from *wire.Caller) {
		if c := a.now.Load(); c != nil {
			batch = a.suffer(c, batch, from, serve)
			if len(batch) == 0 {
				return
			}
		}
		serve(batch, from)
	}
}

// suffer serves what fate has something for, and returns the calls that it has nothing for.
func (a *Ail) suffer(c *course, batch []wire.Call, from *wire.Caller, serve func([]wire.Call, Caller)) []wire.Call {
	p := a.callers.of(from)
	var failing []wire.Reply
	well, ill := make([]wire.Call, 0, len(batch)), []wire.Call(nil)
	for _, call := range batch {
		f := c.meet("")
		a.count(f)
		switch {
		case f.fails:
			failing = append(failing, wire.Reply{ID: call.ID, Code: api.Malformed})
		case f.lost || f.late > 0:
			p.expect(call.ID, f)
			ill = append(ill, call)
		default:
			well = append(well, call)
		}
	}
	if len(failing) > 0 {
		from.Reply(failing)
	}
	if len(ill) > 0 {
		serve(ill, p)
	}
	return well
}

// callers are those whose calls meet a fate, so that each has one stand-in for as long as the process is ill.
type callers struct {
	mu    sync.Mutex
	known map[*wire.Caller]*patient
}

func (c *callers) of(from *wire.Caller) *patient {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, there := c.known[from]
	if !there {
		p = &patient{from: from, fates: map[uint64]fate{}}
		if c.known == nil {
			c.known = map[*wire.Caller]*patient{}
		}
		c.known[from] = p
	}
	return p
}

// forget lets the stand-ins go; what they still expect they keep themselves.
func (c *callers) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
}

// patient stands in for a caller: what it is told may come late, or not at all.
type patient struct {
	from *wire.Caller

	mu    sync.Mutex
	fates map[uint64]fate // by the call's id; at most those that are owed
}

func (p *patient) expect(id uint64, f fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fates[id] = f
}

// Owed is how many answers the caller waits for.
func (p *patient) Owed() int { return p.from.Owed() }

// Reply drops what is lost, and keeps back what is late.
func (p *patient) Reply(replies []wire.Reply) {
	late := map[time.Duration][]wire.Reply{}
	lost := 0
	p.mu.Lock()
	for _, r := range replies {
		f := p.fates[r.ID]
		delete(p.fates, r.ID)
		if f.lost {
			lost++
			continue
		}
		r.Body = bytes.Clone(r.Body) // it is valid until Reply returns
		late[f.late] = append(late[f.late], r)
	}
	p.mu.Unlock()
	p.from.Forgo(lost)
	for by, some := range late {
		time.AfterFunc(by, func() { p.from.Reply(slices.Clip(some)) })
	}
}
