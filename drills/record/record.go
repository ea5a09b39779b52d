// Package record holds everything a drill saw, and nothing anyone concluded from it.
package record

import (
	"iter"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/books"
)

// Record is one drill as it was seen. It is taken up again from a directory by Open; in tests it is made by hand.
type Record struct {
	Manifest
	Tally  Tally    // nil when no load was fired
	Gauges []Sample // in order of time
	// Versions is nil where users were not told apart.
	Versions *Versions

	// Attempts reads every claim of the load, in no order. It may be called again, and reads the file anew each time.
	Attempts func() iter.Seq2[loadprofiles.Attempt, error]
	// Probes reads what a sequence prober saw, in no order; nil: the drill had none. It may be called again.
	Probes func() iter.Seq2[loadprofiles.Probe, error]
	// Entries reads every entry of one shelf, in no order. It may be called again.
	Entries func(books.Shelf) iter.Seq2[books.Entry, error]
}

// Span is a stretch of time since the drill began, From included, To not.
type Span struct {
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
}

// Length is how long the span lasts.
func (s Span) Length() time.Duration { return s.To - s.From }

// Window is a named span of the drill, such as "night"; assertions ask about windows by name.
type Window struct {
	Name string `json:"name"`
	Span
}

// Track says what kind of event an event is.
type Track string

// The tracks.
const (
	Phase    Track = "phase"    // a window of the load
	Fault    Track = "fault"    // something was hurt
	Playbook Track = "playbook" // a prepared response was activated
	Alarm    Track = "alarm"    // the system noticed by itself
	Gate     Track = "gate"     // the drill judged, while it ran, whether to go on
)

// Event is something that was done to the system or seen of it. Times are since the drill began.
type Event struct {
	Track     Track         `json:"track"`
	What      string        `json:"what"` // as in the script, such as "kill cmem-1"
	Node      string        `json:"node,omitempty"`
	From      time.Duration `json:"from"`
	Effective time.Duration `json:"effective"` // when it was seen to have an effect; 0: it never was
	To        time.Duration `json:"to"`
	HealFrom  time.Duration `json:"heal_from,omitempty"` // when healing a fault began; To is when it was healed
	Err       string        `json:"error,omitempty"`
	Steps     []string      `json:"steps,omitempty"` // how a fault was healed, the gentle way first

	Because string `json:"because,omitempty"` // why, of what was decided while the drill ran

	Level    string `json:"level,omitempty"`    // an alarm's: page, ticket or note; a gate's: pass, fail, inconclusive or abort
	Playbook string `json:"playbook,omitempty"` // an alarm's: P1 … P10, or none
}

// Healing comes before a fault's name where its heal is meant.
const Healing = "heal: "

// Death is a container that stopped by itself or was killed, or a panic in a log.
type Death struct {
	Node  string `json:"node"`
	Why   string `json:"why"`
	Panic bool   `json:"panic"` // no fault excuses a panic
}

// Window is the named window; false when the drill had none of that name. It and Length read no events: those of a drill
// under way are still being written.
func (m *Manifest) Window(name string) (Window, bool) {
	for _, w := range m.Windows {
		if w.Name == name {
			return w, true
		}
	}
	return Window{}, false
}

// Event is the first event with this text; false when there was none.
func (m *Manifest) Event(what string) (Event, bool) {
	for _, e := range m.Events {
		if e.What == what {
			return e, true
		}
	}
	return Event{}, false
}

// Length is when the load ended: the end of the last window.
func (m *Manifest) Length() time.Duration {
	var end time.Duration
	for _, w := range m.Windows {
		end = max(end, w.To)
	}
	return end
}
