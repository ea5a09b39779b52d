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

// RollBack takes a playbook back.
type RollBack struct{ Playbook string }

var (
	_ Step = Activate{}
	_ Step = RollBack{}
)

// String is "activate" and the playbook.
func (a Activate) String() string { return "activate " + a.Playbook }

// Do activates the playbook.
func (a Activate) Do(ctx context.Context, on Levers) error { return on.Activate(ctx, a.Playbook) }

// String is "roll back" and the playbook.
func (r RollBack) String() string { return "roll back " + r.Playbook }

// Do takes the playbook back.
func (r RollBack) Do(ctx context.Context, on Levers) error { return on.RollBack(ctx, r.Playbook) }

// checkPlaybook sees that a step names a playbook that there is, and that people can activate by a call.
func checkPlaybook(s Step) error {
	id := ""
	switch s := s.(type) {
	case Activate:
		id = s.Playbook
	case RollBack:
		id = s.Playbook
	default:
		return nil
	}
	if err := playbooks.Callable(id); err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// track is the track of the event that a step leaves.
func track(s Step) record.Track {
	switch s.(type) {
	case Activate, RollBack:
		return record.Playbook
	}
	return record.Fault
}

// lasting gives activations their ends, once all is over: when they were taken back, or the end of the load.
func lasting(events []record.Event, end time.Duration) {
	for i := range events {
		e := &events[i]
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
