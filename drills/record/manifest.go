package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/books"
	"redpacket/system/config"
)

// Manifest is the record's first page: what was run, on what, and where the rest is.
type Manifest struct {
	Version    int               `json:"version"`
	Drill      string            `json:"drill"` // its id in the catalogue, such as pr-4
	Name       string            `json:"name"`
	Why        string            `json:"why"`
	Group      string            `json:"group"`
	Seed       uint64            `json:"seed"`
	Scale      float64           `json:"scale"`
	Script     []string          `json:"script"`
	ScriptHash string            `json:"script_hash"`
	Revision   string            `json:"revision"` // of the project, as git names it; "-dirty" when files were changed
	Images     map[string]string `json:"images"`   // role -> sha256:…
	Rig        Rig               `json:"rig"`
	Began      time.Time         `json:"began"` // the drill's zero of time; every other time is a duration since it

	Activity   activity.Activity    `json:"activity"`
	Rules      config.Rules         `json:"rules"` // as the run scaled them
	Profile    loadprofiles.Profile `json:"profile"`
	ProbeEvery time.Duration        `json:"probe_every,omitempty"` // between two probes of a data centre's users; 0: there were none
	Nodes      int                  `json:"nodes"`                 // containers of the topology
	Windows    []Window             `json:"windows"`
	Claims     []Claim              `json:"assertions"` // what the drill asserts, as data
	Notes      []string             `json:"notes"`      // how the scale was found, where processes ran, which limits held

	Yield     loadprofiles.Yield       `json:"yield"`
	Events    []Event                  `json:"events"`
	Monitored []Span                   `json:"monitored,omitempty"` // when the system's monitor was looking: an alarm that is no event did not fire then
	Abort     *Abort                   `json:"abort,omitempty"`     // the drill was ended before its time
	Drain     Drain                    `json:"drain"`
	Summary   books.Summary            `json:"books"`
	Shelves   map[books.Shelf]uint64   `json:"shelves"` // entries read of each shelf; a shelf not read is absent
	Deaths    []Death                  `json:"deaths"`
	Autopsy   bool                     `json:"autopsy"`  // the containers were looked at, so an empty list of deaths means none
	CPU       map[string]time.Duration `json:"cpu"`      // used during the drill, per node
	Troubles  []string                 `json:"troubles"` // what the harness itself could not do; none in a good run
	Files     map[string]string        `json:"files"`    // name -> sha256, in hex
}

// longest bounds a drill. A judge may look at every second of one, so what a file says of its length must be believable.
const longest = 24 * time.Hour

// Check is nil when the times of the windows and events can be those of a drill: from 0 to 24 h, no window before it began.
func (m Manifest) Check() error {
	if m.ProbeEvery < 0 || m.ProbeEvery > longest {
		return fmt.Errorf("a probe each %s; a drill lasts %s at most", m.ProbeEvery, longest)
	}
	within := func(times ...time.Duration) bool {
		return slices.Min(times) >= 0 && slices.Max(times) <= longest
	}
	for _, w := range m.Windows {
		if !within(w.From, w.To) || w.To < w.From {
			return fmt.Errorf("window %q lasts from %s to %s; a drill lasts %s at most", w.Name, w.From, w.To, longest)
		}
	}
	for _, e := range m.Events {
		if !within(e.From, e.Effective, e.To, e.HealFrom) {
			return fmt.Errorf("event %q is at %s, %s and %s; a drill lasts %s at most", e.What, e.From, e.Effective, e.To, longest)
		}
	}
	for _, s := range m.Monitored {
		if !within(s.From, s.To) || s.To < s.From {
			return fmt.Errorf("the monitor looked from %s to %s; a drill lasts %s at most", s.From, s.To, longest)
		}
	}
	if a := m.Abort; a != nil && !within(a.Clean, a.At, a.Quiet, a.Healed) {
		return fmt.Errorf("it was aborted at %s, and was quiet at %s and %s; a drill lasts %s at most", a.At, a.Quiet, a.Healed, longest)
	}
	return nil
}

// Abort is how a drill was ended before its time.
type Abort struct {
	Rule    string        `json:"rule"`
	Because string        `json:"because"`
	Clean   time.Duration `json:"clean"`  // the last look that found nothing wrong
	At      time.Duration `json:"at"`     // the rule was seen to be broken
	Quiet   time.Duration `json:"quiet"`  // the load was gone
	Healed  time.Duration `json:"healed"` // no fault was there any more
}

// Claim is one assertion as data, so that a record can be judged again without the catalogue.
type Claim struct {
	Type string          `json:"type"`
	Args json.RawMessage `json:"args"`
}

// Rig is the machine the drill ran on.
type Rig struct {
	Cores     int    `json:"cores"`
	Processor string `json:"processor"`
	Memory    uint64 `json:"memory_bytes"`
	Kernel    string `json:"kernel"`
	Docker    string `json:"docker"`
	Go        string `json:"go"`
	System    string `json:"system_cores"`    // where the system ran, as taskset writes it; empty: anywhere
	Beside    string `json:"beside_cores"`    // where the stores and the delivery side ran
	Generator string `json:"generator_cores"` // where the generator ran; empty: anywhere
}

// Drain is the wait after the load for every claim to be settled.
type Drain struct {
	Took    time.Duration `json:"took"`
	Settled bool          `json:"settled"` // no claim was left unsettled and the shard was open when the books were taken
	Why     string        `json:"why"`     // what was still open, if anything
}
