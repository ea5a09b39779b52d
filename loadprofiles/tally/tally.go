// Package tally counts what became of requests, and how long they took: one HDR histogram per 100 ms of owed time, op
// and outcome, so that any window of a run can be asked about afterwards, and shards and machines can be added up.
package tally

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"redpacket/system/api"
)

// What a tally can tell. Times are kept in whole microseconds to two significant digits: what is read is at most 1 %
// above what was recorded. Longer times count as Longest, later slots as the last one.
const (
	Slot    = 100 * time.Millisecond
	Longest = 60 * time.Second
	digits  = 2
	// maxSlots is 3.6 hours; it bounds what a hostile file can ask for.
	maxSlots = 1 << 17
	// kinds is every op with every outcome, then lateness, clicks, and retries of every op, then every op asked of the
	// neighbour with every outcome, then hits withheld.
	ofOps    = int(api.Ops) * int(api.Outcomes)
	lateness = ofOps
	clicked  = lateness + 1
	retried  = clicked + 1
	aside    = retried + int(api.Ops)
	withheld = aside + ofOps
	kinds    = withheld + 1
)

// kind is false for what is no op or no outcome.
func kind(op api.Op, outcome api.Outcome) (int, bool) {
	k := int(op.Own())*int(api.Outcomes) + int(outcome)
	if op.IsBeside() {
		k += aside
	}
	return k, op.Own() < api.Ops && outcome < api.Outcomes
}

// Tally is the counts of one volley. It is for one goroutine at a time.
type Tally struct {
	slots  []slot
	keep   int // how many of the last slots stay open
	oldest int // slots before this one are packed
	spare  []*hdr.Histogram
}

// slot is open, packed, or empty.
type slot struct {
	open   *[kinds]*hdr.Histogram
	packed []byte
}

// New is an empty tally. A request is recorded when it ends, so the slots of the last hold (clients' patience and a
// little more) keep their histograms open, 20 KiB a kind; older slots are packed to some hundred bytes a kind, and to
// count in one of them costs as much as a thousand requests.
func New(hold time.Duration) *Tally { return &Tally{keep: max(1, int(hold/Slot)+1)} }

// Record counts a request that was owed at a time since the volley began and ended a while after that.
func (t *Tally) Record(owed, took time.Duration, op api.Op, outcome api.Outcome) {
	if k, ok := kind(op, outcome); ok {
		t.record(owed, took, k)
	}
}

// Fact is something that a tally counts by its time alone, beside requests and their outcomes.
type Fact int

// The facts that every profile has; Retried are the others.
const (
	Exposed Fact = Fact(lateness) // a hit left: an exposure, or a click where there is no exposure stage
	Clicked Fact = Fact(clicked)  // an exposure became a click
	// Withheld: a hit never was, for its user was not shown the promotion. It is no Exposed.
	Withheld Fact = Fact(withheld)
)

// Retried is the fact that a request of an op was a retry; such a request is counted by its outcome too.
func Retried(op api.Op) Fact { return Fact(retried + int(op)) }

// Note counts a fact at a time since the volley began: Clicked, Withheld or Retried. Exposed is counted by Late.
func (t *Tally) Note(at time.Duration, f Fact) {
	if f > Exposed && int(f) < kinds {
		t.record(at, 0, int(f))
	}
}

// Late counts a hit that was sent a while after it was owed.
func (t *Tally) Late(owed, by time.Duration) { t.record(owed, by, lateness) }

func (t *Tally) record(owed, took time.Duration, kind int) {
	cells := t.cells(min(max(int(owed/Slot), 0), maxSlots-1))
	h := cells[kind]
	if h == nil {
		h = t.fresh()
		cells[kind] = h
	}
	// The value is within the histogram's range, so this cannot fail.
	_ = h.RecordValue(int64(min(max(took, 0), Longest) / time.Microsecond))
}

// cells opens a slot, packing those that became old by it.
func (t *Tally) cells(at int) *[kinds]*hdr.Histogram {
	for len(t.slots) <= at {
		t.slots = append(t.slots, slot{})
	}
	for ; t.oldest < len(t.slots)-t.keep; t.oldest++ {
		t.pack(t.oldest)
	}
	s := &t.slots[at]
	if s.open == nil {
		s.open = new([kinds]*hdr.Histogram)
		t.unpack(at)
		// A slot that was packed already is packed again when time next goes on.
		t.oldest = min(t.oldest, at)
	}
	return s.open
}

func (t *Tally) fresh() *hdr.Histogram {
	if last := len(t.spare) - 1; last >= 0 {
		h := t.spare[last]
		t.spare = t.spare[:last]
		return h
	}
	return hdr.New(1, int64(Longest/time.Microsecond), digits)
}

// Merge adds another tally to this one. Both keep counting from their own volley's beginning, so they must have begun
// together. The other must not be in use meanwhile.
func (t *Tally) Merge(from *Tally) {
	for at := range from.slots {
		if t.adopt(at, from.slots[at]) {
			continue
		}
		from.each(at, func(kind, index int, count int64) {
			cells := t.cells(at)
			if cells[kind] == nil {
				cells[kind] = t.fresh()
			}
			// Sums of counts that fit a file's bound fit a histogram's.
			_ = cells[kind].RecordValues(valueAt(index), count)
		})
	}
}

// adopt takes a packed slot over as it is, where there is none yet. Packed bytes never change.
func (t *Tally) adopt(at int, s slot) bool {
	if s.open != nil || s.packed == nil {
		return s.open == nil
	}
	for len(t.slots) <= at {
		t.slots = append(t.slots, slot{})
	}
	if t.slots[at].open != nil || t.slots[at].packed != nil {
		return false
	}
	t.slots[at].packed = s.packed
	return true
}

// Length is the end of the last slot in which anything was owed.
func (t *Tally) Length() time.Duration { return time.Duration(len(t.slots)) * Slot }
