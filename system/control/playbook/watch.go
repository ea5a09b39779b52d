package playbook

import (
	"slices"
	"time"

	"redpacket/system/control"
)

// blindFor is how long a metric may be unknown before what was seen of it no longer counts.
const blindFor = 5 * time.Second

// Watch follows the conditions of a register. It owns no clock and is for one goroutine.
type Watch struct {
	books []Playbook
	state map[string]*standing
}

// standing is what the watch remembers of one playbook.
type standing struct {
	trigger, closing hold
	was              control.Activation // when it was last active
	spent            bool               // it was taken back by hand: its trigger must first not be met
}

// hold is how long a condition has held.
type hold struct {
	since time.Time // zero: it does not hold
	seen  time.Time // when the metric was last known
	met   bool      // for its whole time
}

// step takes in one reading. An unknown value neither begins nor ends anything, for a while.
func (h *hold) step(c Condition, now time.Time, value float64, known bool) {
	switch {
	case !known && now.Sub(h.seen) > blindFor, known && !c.met(value):
		*h = hold{seen: h.seen}
	case known && h.since.IsZero():
		h.since = now
	}
	if known {
		h.seen = now
	}
	h.met = !h.since.IsZero() && now.Sub(h.since) >= c.For
}

// NewWatch follows a register that CheckAll found good.
func NewWatch(books []Playbook) *Watch {
	w := &Watch{books: books, state: map[string]*standing{}}
	for _, p := range books {
		w.state[p.ID] = &standing{}
	}
	return w
}

// Decision is a playbook that is to be activated, or else closed.
type Decision struct {
	Playbook string
	Activate bool
}

// Step takes in the metrics at a time and what is active then, and returns what is to be done of itself: automatic
// playbooks whose trigger has held for its time are activated, and those that a trigger activated are closed when their
// closing condition has. What a hand has activated only a hand takes back; what a hand has taken back does not come again
// before its trigger was once not met.
func (w *Watch) Step(now time.Time, v Values, active []control.Activation) (do []Decision) {
	for _, p := range w.books {
		s, a := w.state[p.ID], find(active, p.ID)
		value, known := v[p.Trigger.Metric]
		if p.After != "" && find(active, p.After).Playbook == "" {
			value, known = 0, true
			if p.Trigger.Side == Below {
				value = p.Trigger.Level
			}
		}
		s.trigger.step(p.Trigger, now, value, known)
		value, known = v[p.Close.Metric]
		s.closing.step(p.Close, now, value, known)
		isActive := a.Playbook != ""
		if s.was.Playbook != "" && !isActive {
			s.spent = true
		}
		if s.trigger.since.IsZero() {
			s.spent = false
		}
		s.was = a
		switch {
		case !p.Automatic:
		case !isActive && s.trigger.met && !s.spent:
			do = append(do, Decision{p.ID, true})
		case isActive && a.By == control.ByTrigger && s.closing.met:
			do = append(do, Decision{p.ID, false})
			s.was = control.Activation{} // taken back of itself: it may come again
		}
	}
	return do
}

// Activated tells the watch that what it decided was done, so that a hand that takes it back before the next step is seen.
func (w *Watch) Activated(id string) {
	if s := w.state[id]; s != nil {
		s.was = control.Activation{Playbook: id, By: control.ByTrigger}
	}
}

// Due says whether a playbook's trigger, and its closing condition, have held for their times.
func (w *Watch) Due(id string) (open, closing bool) {
	s := w.state[id]
	if s == nil {
		return false, false
	}
	return s.trigger.met, s.closing.met
}

func find(active []control.Activation, id string) control.Activation {
	if i := slices.IndexFunc(active, func(a control.Activation) bool { return a.Playbook == id }); i >= 0 {
		return active[i]
	}
	return control.Activation{}
}
