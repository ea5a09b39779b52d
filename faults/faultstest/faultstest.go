// Package faultstest asks every fault what a fault must be able to answer: does it bite, does it heal, whatever happens.
package faultstest

import (
	"context"
	"slices"
	"testing"
	"time"

	"redpacket/faults"
	"redpacket/faults/kinds"
)

// Case is one fault and the system that it is asked on. The system must be unhurt.
type Case struct {
	Fault faults.Fault
	On    faults.Levers
	// Elsewhere finds the same system's levers as another process does; nil: it is On.
	Elsewhere func(ctx context.Context) (faults.Levers, error)
	// Bites asks from outside, without the fault's own levers, whether it hurts: nil when it does. nil: only the audit is asked.
	Bites func(ctx context.Context) error
	// Whole returns when the system is as it was, so that the next question finds it unhurt. nil: it is at once.
	Whole func(ctx context.Context) error
	// Miss is the fault with a victim that it cannot hurt; nil: the fault cannot miss.
	Miss faults.Fault
	// Busy holds connections through the victim, counts those that move data, and lets go when ctx ends. nil: the fault has none.
	Busy func(ctx context.Context) (moving int, err error)
}

// injectWithin bounds an injection; a heal is bounded by faults.HealWithin.
const injectWithin = 10 * time.Second

// Behaves asks a fault every question there is.
func Behaves(t testing.TB, c Case) {
	t.Helper()
	if c.Elsewhere == nil {
		c.Elsewhere = func(context.Context) (faults.Levers, error) { return c.On, nil }
	}
	q := question{t, c, context.WithoutCancel(t.Context())}
	t.Cleanup(func() { _, _ = faults.Undo(q.ctx, c.Fault, c.On) }) // a question that broke off must not hurt what comes next
	q.audited("at the beginning", false)
	q.heals("unhurt")
	for _, ask := range []func(){q.bites, q.healsTwice, q.healsElsewhere, q.misses, q.healsAfterFailure, q.healsBusy} {
		ask()
		q.audited("at the end", false)
		q.whole()
	}
}

type question struct {
	testing.TB
	c   Case
	ctx context.Context
}

// bites: Inject returns when the hurt is seen, by the audit and from outside, and Heal when neither sees it any more.
func (q question) bites() {
	q.inject()
	q.audited("after inject", true)
	if q.c.Bites != nil {
		if err := q.c.Bites(q.ctx); err != nil {
			q.Errorf("%s: it does not bite: %v", q.c.Fault, err)
		}
	}
	q.heals("hurt")
	q.audited("after heal", false)
}

func (q question) healsTwice() {
	q.inject()
	q.heals("hurt")
	q.heals("healed already")
}

// healsElsewhere: another process, which has nothing but what was written down, heals it.
func (q question) healsElsewhere() {
	q.inject()
	note, err := kinds.Encode(q.c.Fault)
	if err != nil {
		q.Fatal(err)
	}
	same, err := kinds.Decode(note)
	if err != nil {
		q.Fatal(err)
	}
	on, err := q.c.Elsewhere(q.ctx)
	if err != nil {
		q.Fatalf("%s: another process finds no levers: %v", q.c.Fault, err)
	}
	if steps, err := faults.Undo(q.ctx, same, on); err != nil {
		q.Errorf("%s, in another process: %v (%q)", q.c.Fault, err, steps)
	}
}

// misses: a fault that hits nothing is an error, and heals all the same.
func (q question) misses() {
	if q.c.Miss == nil {
		return
	}
	ctx, cancel := context.WithTimeout(q.ctx, injectWithin)
	defer cancel()
	if err := q.c.Miss.Inject(ctx, q.c.On); err == nil {
		q.Errorf("%s hits nothing, and says that it was injected", q.c.Miss)
	}
}

// healsAfterFailure: an injection that broke off may have hurt something.
func (q question) healsAfterFailure() {
	ctx, cancel := context.WithCancel(q.ctx)
	cancel()
	_ = q.c.Fault.Inject(ctx, q.c.On)
	q.heals("broken off")
}

// healsBusy: connections that are in use do not hold the heal up.
func (q question) healsBusy() {
	if q.c.Busy == nil {
		return
	}
	busy, rest := context.WithCancel(q.ctx)
	defer rest()
	moving, err := q.c.Busy(busy)
	if err != nil || moving == 0 {
		q.Fatalf("%s: %d connections are busy: %v", q.c.Fault, moving, err)
	}
	q.inject()
	steps, err := faults.Undo(q.ctx, q.c.Fault, q.c.On) // it may escalate: in the end it is healed
	if err != nil {
		q.Errorf("%s, busy with %d connections: %v; it took %q", q.c.Fault, moving, err, steps)
	}
	q.Logf("%s, busy with %d connections, was healed by %q", q.c.Fault, moving, steps)
}

func (q question) inject() {
	q.Helper()
	ctx, cancel := context.WithTimeout(q.ctx, injectWithin)
	defer cancel()
	if err := q.c.Fault.Inject(ctx, q.c.On); err != nil {
		q.Fatalf("%s: %v", q.c.Fault, err)
	}
}

// heals wants the gentle way to do it, in its time.
func (q question) heals(when string) {
	q.Helper()
	steps, err := faults.Undo(q.ctx, q.c.Fault, q.c.On)
	if err != nil || len(steps) != 1 {
		q.Errorf("%s, %s: %v; it took %q", q.c.Fault, when, err, steps)
	}
}

// audited wants the audit to name the fault's victims, or nobody.
func (q question) audited(when string, want bool) {
	q.Helper()
	found, err := faults.Audit(q.ctx, kinds.All(), q.c.On)
	if err != nil {
		q.Errorf("%s: audit %s: %v", q.c.Fault, when, err)
	}
	hurt := slices.ContainsFunc(found, func(r faults.Residue) bool { return r.By(q.c.Fault) })
	if hurt != want || !want && len(found) > 0 {
		q.Errorf("%s: the audit %s finds %q", q.c.Fault, when, found)
	}
}

func (q question) whole() {
	if q.c.Whole == nil {
		return
	}
	if err := q.c.Whole(q.ctx); err != nil {
		q.Fatalf("%s: the system did not come back: %v", q.c.Fault, err)
	}
}
