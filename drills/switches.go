package drills

import (
	"context"
	"fmt"
	"strings"
	"time"

	"redpacket/drills/playbooks"
	"redpacket/drills/record"
)

// Switchboard is what a step may ask of the operations platform.
type Switchboard interface {
	Activate(ctx context.Context, playbook string) error // returns when every process has echoed that it runs with its switches
	RollBack(ctx context.Context, playbook string) error // returns when every process has echoed that it runs without them
}

// Activate activates a playbook, as people would with one call. In the record it lasts until a RollBack of it, or until
// the load ends.
type Activate struct{ Playbook string }

// ActivatePartly activates a playbook while some processes cannot hear of it. It has taken effect when the platform has
// named exactly these.
type ActivatePartly struct {
	Playbook string
	Missing  []string // nodes
}

// RollBack takes a playbook back.
type RollBack struct{ Playbook string }

var (
	_ Step = Activate{}
	_ Step = ActivatePartly{}
	_ Step = RollBack{}
)

// String is "activate" and the playbook.
func (a Activate) String() string { return "activate " + a.Playbook }

// Do activates the playbook.
func (a Activate) Do(ctx context.Context, on Levers) error { return on.Activate(ctx, a.Playbook) }

// String is who is to be missing.
func (a ActivatePartly) String() string {
	return fmt.Sprintf("press %s, which %s cannot hear", a.Playbook, strings.Join(a.Missing, " and "))
}

// Do activates the playbook and wants the platform to say who is missing.
func (a ActivatePartly) Do(ctx context.Context, on Levers) error {
	err := on.Activate(ctx, a.Playbook)
	if err == nil {
		return fmt.Errorf("%s: every process is said to run with it", a)
	}
	_, said, named := strings.Cut(err.Error(), notAll)
	if !named {
		return err
	}
	if n := strings.Count(said, ";") + 1; n != len(a.Missing) {
		return fmt.Errorf("%s: %d are said to be missing: %w", a, n, err)
	}
	for _, node := range a.Missing {
		if !strings.Contains(said, node) {
			return fmt.Errorf("%s: %s is not named: %w", a, node, err)
		}
	}
	return nil
}

// notAll comes before the names of those who have not echoed a change.
const notAll = "not every process runs with it: "

// String is "roll back" and the playbook.
func (r RollBack) String() string { return "roll back " + r.Playbook }

// Do takes the playbook back.
func (r RollBack) Do(ctx context.Context, on Levers) error { return on.RollBack(ctx, r.Playbook) }

// checkPlaybook sees that a step names a playbook that there is.
func checkPlaybook(s Step) error {
	id, names := activates(s)
	if back, ok := s.(RollBack); ok {
		id, names = back.Playbook, true
	}
	if !names {
		return nil
	}
	if err := playbooks.Known(id); err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// activates is the playbook that a step activates; false: none.
func activates(s Step) (playbook string, any bool) {
	switch s := s.(type) {
	case Activate:
		return s.Playbook, true
	case ActivatePartly:
		return s.Playbook, true
	}
	return "", false
}

// lasting gives what nobody ended its end, once all is over: activations that of being taken back, or of the load, faults
// that are there for good that of the load.
func lasting(events []record.Event, end time.Duration) {
	for i := range events {
		e := &events[i]
		if e.Track == record.Fault && e.Effective > 0 && e.To == 0 {
			e.To = max(e.Effective, end)
		}
		playbook, activated := strings.CutPrefix(e.What, Activate{}.String())
		if !activated || e.Track != record.Playbook || e.Err != "" {
			continue
		}
		e.To = max(e.To, end)
		for _, later := range events[i:] {
			if later.What == (RollBack{playbook}).String() && later.Err == "" {
				e.To = later.Effective
			}
		}
	}
}
