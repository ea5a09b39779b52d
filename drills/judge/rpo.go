package judge

import (
	"math"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/money"
)

// RPO asks how much of what was acknowledged is gone after a recovery: in no log that is left.
type RPO struct {
	After  string // the step, as the script writes it
	Grants uint64 // that may be gone
	Fen    money.Fen
}

// String is the promise.
func (a RPO) String() string {
	return say("RPO: of what was acknowledged, no more than %d grants and %d fen are gone after %q", a.Grants, a.Fen, a.After)
}

// Kind is Recovery.
func (RPO) Kind() Kind { return Recovery }

// Windows are the steps it asks about.
func (a RPO) Windows() []string { return []string{a.After} }

// Check looks for every acknowledged grant in what is left. Where none was acknowledged before the fault, none could be lost.
func (a RPO) Check(c *Case) (Finding, error) {
	l, err := a.loss(c)
	if err != nil {
		return Finding{}, err
	}
	if l.Before == 0 {
		return unsure(0, "nothing was acknowledged before it, so nothing could be lost"), nil
	}
	back := "0 s"
	if l.Grants > 0 {
		back = When(l.Back)
	}
	return held(l.Grants <= a.Grants && l.Fen <= a.Fen, l.Acked, "%d of %d acknowledged grants and %d fen are gone, reaching back %s; %d were acknowledged before it",
		l.Grants, l.Acked, l.Fen, back, l.Before), nil
}

// Loss is what a fault cost of what was acknowledged.
type Loss struct {
	Asked  RPO
	Grants uint64 // that are gone
	Fen    money.Fen
	Back   time.Duration // how long before the fault the oldest of them was acknowledged
	Acked  uint64        // grants in all,
	Before uint64        // and before the fault
}

// Losses are those of the RPOs that a record asserts.
func Losses(r *record.Record) (all []Loss, err error) {
	c := &Case{Record: r}
	asked, err := asserted[RPO](r)
	for _, rpo := range asked {
		l, err := rpo.loss(c)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, err
}

func (a RPO) loss(c *Case) (Loss, error) {
	effect, err := c.since(a.After)
	if err != nil {
		return Loss{}, err
	}
	m, err := c.audit()
	if err != nil {
		return Loss{}, err
	}
	before, err := c.ackedBefore(effect)
	if err != nil {
		return Loss{}, err
	}
	l := Loss{Asked: a, Grants: m.gone.grants, Fen: m.gone.fen, Acked: m.acked, Before: before}
	if l.Grants > 0 {
		l.Back = max(0, effect-m.gone.oldest)
	}
	return l, nil
}

// gone is what was acknowledged and is in no log.
type gone struct {
	grants uint64
	fen    money.Fen
	oldest time.Duration // when the first of them was acknowledged
}

func (g *gone) add(a loadprofiles.Attempt) {
	if g.grants == 0 {
		g.oldest = math.MaxInt64
	}
	g.grants++
	g.fen += a.Fen
	g.oldest = min(g.oldest, a.Owed+a.Took)
}

// ackedBefore counts the claims, of the load and of the prober, that were acknowledged by a time.
func (c *Case) ackedBefore(at time.Duration) (n uint64, err error) {
	add := func(a loadprofiles.Attempt) {
		if a.Outcome == api.Done && a.Owed+a.Took <= at {
			n++
		}
	}
	for a, err := range c.Attempts() {
		if err != nil {
			return 0, err
		}
		add(a)
	}
	if c.Probes == nil {
		return n, nil
	}
	for p, err := range c.Probes() {
		if err != nil {
			return 0, err
		}
		add(p.Attempt)
	}
	return n, nil
}
