package recon

import (
	"fmt"
	"strings"
	"time"

	"redpacket/system/api"
	"redpacket/system/money"
)

// The states of a pass.
const (
	None    = "none"    // no pass was run since the process began
	Running = "running" // a pass is under way
	Done    = "done"    // it compared everything that it was asked to
	Stopped = "stopped" // it ended early: Why says why, Slice how far it got
)

// Result is what a pass has come to; GET /-/recon answers with it.
type Result struct {
	Pass     uint64    `json:"pass"` // counts from 1
	State    string    `json:"state"`
	Why      string    `json:"why,omitempty"`
	Activity uint16    `json:"activity"`
	Epoch    uint32    `json:"epoch"` // of the shard while it was compared
	Both     bool      `json:"both"`  // it serves the users of both data centres, and answers for every share
	Began    time.Time `json:"began"`
	Took     float64   `json:"took_s"`
	Doing    string    `json:"doing,omitempty"`
	Slice    int       `json:"slice"`  // slices compared; a later pass may begin here
	Slices   int       `json:"slices"` // slices of the activity

	Read      uint64 `json:"read"` // entries read from all shelves
	Granted   uint64 `json:"granted"`
	Delivered uint64 `json:"delivered"`
	Held      uint64 `json:"held"`
	Marked    uint64 `json:"marked"` // shares of the other data centre that users have here again
	Queued    uint64 `json:"queued"` // granted and not due yet: late, not missing

	Differences map[string]uint64 `json:"differences"` // by kind, every kind
	Reissued    uint64            `json:"reissued"`    // of the missing: delivered by this pass
	Left        uint64            `json:"left"`        // of the missing: beyond this pass' bound, for the next one
	DeadLetters uint64            `json:"dead_letters"`
	KnownDead   uint64            `json:"known_dead"` // dead letters that an earlier pass had written
	Examples    []Example         `json:"examples,omitempty"`
}

// Example is one difference, for people.
type Example struct {
	Kind  string    `json:"kind"`
	Order api.Order `json:"order"`
	User  api.User  `json:"user"`
	Fen   money.Fen `json:"fen"`
	Says  string    `json:"says,omitempty"` // what contradicts it
	Done  string    `json:"done,omitempty"` // what became of it
}

// MostExamples is how many differences of one kind a result shows.
const MostExamples = 5

// NewResult is a pass before it has looked at anything.
func NewResult(state string) Result {
	r := Result{State: state, Differences: map[string]uint64{}}
	for k := range Kinds {
		r.Differences[k.String()] = 0
	}
	return r
}

// Add counts what one slice came to.
func (r *Result) Add(f *Findings) {
	r.Granted, r.Delivered, r.Held = r.Granted+f.Granted, r.Delivered+f.Delivered, r.Held+f.Held
	r.Marked, r.Queued = r.Marked+f.Marked, r.Queued+f.Queued
	for k := range Kinds {
		r.Differences[k.String()] += f.Counts[k]
		for i, d := range f.Kept[k] {
			if i < MostExamples {
				r.Show(d, "")
			}
		}
	}
}

// Show adds a difference to the examples, while there is room for its kind. done says what became of it; where a
// difference is shown already, it only adds that.
func (r *Result) Show(d Difference, done string) {
	shown := 0
	for i, e := range r.Examples {
		switch {
		case e.Kind != d.Kind.String():
		case e.Order == d.Grant.Order && e.User == d.Grant.User:
			r.Examples[i].Done = done
			return
		default:
			shown++
		}
	}
	if shown < MostExamples {
		r.Examples = append(r.Examples, Example{d.Kind.String(), d.Grant.Order, d.Grant.User, d.Grant.Fen, d.against(), done})
	}
}

// against is what contradicts a grant, in words.
func (d Difference) against() string {
	if d.Says == (api.Grant{}) {
		return ""
	}
	return fmt.Sprintf("order %d, user %d, %d fen, server %d", d.Says.Order, d.Says.User, d.Says.Fen, d.Says.Server)
}

// String is the difference in words, for a dead letter.
func (d Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: order %d of user %d, %d fen, server %d", d.Kind, d.Grant.Order, d.Grant.User, d.Grant.Fen, d.Grant.Server)
	if says := d.against(); says != "" {
		b.WriteString("; against it stands " + says)
	}
	return b.String()
}

// Found is the number of differences of all kinds.
func (r Result) Found() uint64 {
	var sum uint64
	for _, n := range r.Differences {
		sum += n
	}
	return sum
}

// Whole tells whether every slice of the activity was compared.
func (r Result) Whole() bool { return r.State == Done && r.Slice == r.Slices && r.Slices > 0 }
