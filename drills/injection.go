package drills

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"redpacket/drills/record"
	"redpacket/faults"
	"redpacket/faults/kinds"
	"redpacket/faults/warden"
	"redpacket/system/pause"
)

// Injection is a fault on the timeline: injected At, since the load began, and healed For later; For 0: it stays for good,
// and goes with the cluster. Injections may overlap.
type Injection struct {
	At, For time.Duration
	Fault   faults.Fault
}

// String is the fault.
func (i Injection) String() string { return i.Fault.String() }

// Heals is the name of the moment at which an injection is healed, for assertions that ask about recovery.
func (i Injection) Heals() string { return record.Healing + i.Fault.String() }

// Order is the injection as rehearse takes it: AT+FOR TYPE {ARGS}. A fault that cannot be written down says why instead;
// no drill has one that was checked.
func (i Injection) Order() string {
	note, err := kinds.Encode(i.Fault)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s+%s %s %s", i.At, i.For, note.Type, note.Args)
}

// The bounds of an injection.
const (
	injectLimit = 10 * time.Second // until a fault must have been seen to bite
	healLimit   = 20 * time.Second // a heal, which also happens when the run was interrupted; its ways have bounds of their own
	afterEnd    = 5 * time.Minute  // how long after the load a fault that is there for good may last: until the books are closed
)

// ttl is how long the warden lets a fault last.
func (i Injection) ttl(end time.Duration) time.Duration {
	if i.For > 0 {
		return i.For + injectLimit
	}
	return end - i.At + afterEnd
}

// suffer plays one injection: hurts, waits, heals. A fault that was injected, or only tried, is healed whatever happens;
// one whose injection failed at once.
func (r *run) suffer(ctx context.Context, i Injection) {
	if !pause.Until(ctx, r.m.Began.Add(i.At)) {
		return
	}
	e := record.Event{Track: record.Fault, What: i.String(), Node: i.Fault.Victim(), From: r.now()}
	r.guards.hurt(+1, r.now())
	hurt, err := r.hurt(ctx, i)
	if e.Effective = r.now(); err != nil {
		e.Effective, e.Err = 0, err.Error()
	}
	if err == nil && i.For > 0 {
		pause.Until(ctx, r.m.Began.Add(i.At+i.For))
	}
	if hurt != nil && (i.For > 0 || err != nil) {
		r.heal(ctx, hurt, &e)
		r.guards.hurt(-1, r.now())
	}
	r.note(func() { r.m.Events = append(r.m.Events, e) })
}

func (r *run) hurt(ctx context.Context, i Injection) (*warden.Hurt, error) {
	ctx, cancel := context.WithTimeout(ctx, injectLimit)
	defer cancel()
	return r.with.Ward.Inject(ctx, i.Fault, i.ttl(r.end), r.on)
}

// heal heals on a clock of its own. What could not be healed is there until the end, and nothing is believed.
func (r *run) heal(ctx context.Context, hurt *warden.Hurt, e *record.Event) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healLimit)
	defer cancel()
	e.HealFrom = r.now()
	steps, err := hurt.Heal(ctx, r.on)
	if e.Steps = steps; err != nil {
		r.trouble("heal: %v", err)
		e.Err = errors.Join(errOf(e.Err), err).Error()
		return
	}
	e.To = r.now()
}

func errOf(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// audit looks, when all is over, for what faults left behind.
func (r *run) audit(ctx context.Context) {
	if len(r.drill.Injections) == 0 {
		return
	}
	residue, err := r.with.Ward.Audit(ctx, r.on)
	if err != nil {
		r.trouble("look for what faults left: %v", err)
	}
	for _, left := range residue {
		r.trouble("a fault left something behind: %s", left)
	}
	if err == nil && len(residue) == 0 {
		r.m.Notes = append(r.m.Notes, "looked for what faults left, of every kind: nothing")
	}
}

// sufferAll plays every injection, each on its own, until the last is healed or ctx ends.
func (r *run) sufferAll(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	for _, i := range r.drill.Injections {
		group.Go(func() { r.suffer(ctx, i) })
	}
}

func (d Drill) checkInjections() error {
	var errs []error
	end := d.Profile().Curve.Length()
	seen := map[string]bool{}
	for n, i := range d.Injections {
		if i.Fault == nil {
			errs = append(errs, fmt.Errorf("injection %d has no fault", n+1))
			continue
		}
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("injection %d: %s", n+1, fmt.Sprintf(format, args...)))
		}
		if err := kinds.Check(i.Fault); err != nil {
			bad("%s: %v", i, err)
		}
		if seen[i.String()] {
			bad("%q is there twice; assertions could not tell them apart", i)
		}
		seen[i.String()] = true
		if i.At < 0 || i.At >= end {
			bad("%s at %s, but the load ends at %s: no window is left to see it in", i, i.At, end)
		}
		if i.For < 0 || i.At+i.For > end {
			bad("%s heals at %s, after the load ends at %s: no window is left to see recovery in", i, i.At+i.For, end)
		}
		if v := i.Fault.Victim(); !d.there(v) {
			bad("%s, but topology %s has no node and no link %q", i, d.Topology.Name, v)
		}
	}
	return errors.Join(errs...)
}

// there says whether the topology has a node or a link of this name.
func (d Drill) there(victim string) bool {
	_, node := d.Topology.Node(victim)
	return node || d.Topology.HasLink(victim)
}
