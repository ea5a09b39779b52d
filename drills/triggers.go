package drills

import (
	"time"

	"redpacket/drills/playbooks"
	"redpacket/drills/record"
)

// triggers makes events of the playbooks that the platform activates of itself, from what it shows of them.
type triggers struct {
	own    map[string]bool // those that the drill's own steps activate
	rest   map[string]time.Duration
	events []record.Event
	open   map[string]int // of events, by playbook
}

func newTriggers(steps []Timed) *triggers {
	t := &triggers{own: map[string]bool{}, rest: map[string]time.Duration{}, open: map[string]int{}}
	for _, s := range steps {
		if a, is := s.Step.(Activate); is {
			t.own[a.Playbook] = true
		}
	}
	return t
}

// step takes in one reading. A playbook is in force somewhere between the reading before and this one.
func (t *triggers) step(s record.Sample) {
	for _, p := range playbooks.All() {
		active, known := s.Values[record.PlaybookActive(p.ID)]
		if !known || t.own[p.ID] {
			continue
		}
		i, is := t.open[p.ID]
		switch {
		case active == 1 && !is:
			t.open[p.ID] = len(t.events)
			t.events = append(t.events, record.Event{Track: record.Playbook, What: record.TriggerOf(p.ID), From: t.rest[p.ID], Effective: s.At, To: s.At})
		case active == 1:
			t.events[i].To = s.At
		default:
			if t.rest[p.ID] = s.At; is {
				t.events[i].To = s.At
				delete(t.open, p.ID)
			}
		}
	}
}

// all are the events, once the load has ended: those still active then last until then.
func (t *triggers) all(end time.Duration) []record.Event {
	for _, i := range t.open {
		t.events[i].To = max(t.events[i].To, end)
	}
	return t.events
}
