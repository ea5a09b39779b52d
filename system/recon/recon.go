// Package recon compares what the log granted, what Redis holds and what the ledger delivered, share by share, and names
// every difference. It is pure: who reads the books, how fast, and what is done about a difference is the role's.
package recon

import (
	"time"

	"redpacket/system/api"
)

// Promise is how long after a grant its delivery may take.
const Promise = 48 * time.Hour

// Kind names a difference. The log is the truth: what differs from it is named for where it differs.
type Kind uint8

// The kinds of difference.
const (
	Missing      Kind = iota // granted, left behind by its game's lane, and not delivered
	Overdue                  // granted longer ago than the promise, and still queued
	Orphan                   // delivered and never granted
	Duplicate                // delivered beside the delivery of the same order, or of the same user's gift
	Misdelivered             // delivered to another user or server, or of another amount, than was granted
	Misheld                  // held in Redis by another user, or of another amount, than was granted
	Unheld                   // granted, and Redis does not know it: the share may be given out again
	Unmarked                 // granted by the other data centre to a user served here, and Redis here does not know it: the user may get the gift again
	Unlogged                 // held in Redis and never logged: nobody was told of it by an acknowledgement
	Regranted                // granted twice: to two users, or of two amounts
	Poached                  // logged by the data centre that does not give the share out, and not by the one that does
	Stray                    // of no share of the activity
	Kinds                    // how many there are
)

// String is the kind's name in results and metrics.
func (k Kind) String() string {
	return [...]string{"missing", "overdue", "orphan", "duplicate", "misdelivered", "misheld", "unheld", "unmarked", "unlogged",
		"regranted", "poached", "stray", "?"}[min(k, Kinds)]
}

// Remedy is what is done about a difference.
type Remedy uint8

// The remedies.
const (
	Tell    Remedy = iota // it is counted and shown; nobody's money is wrong yet, or nothing may be invented
	Reissue               // it is delivered again under the same order
	Bury                  // it contradicts something: a dead letter, for a person
)

// Remedy is what a kind of difference asks for.
func (k Kind) Remedy() Remedy {
	switch k {
	case Missing:
		return Reissue
	case Overdue, Unlogged:
		return Tell
	default:
		return Bury
	}
}

// Difference is one difference.
type Difference struct {
	Kind  Kind
	Grant api.Grant // as the log has it; where the log has nothing, as the shelf says it
	Says  api.Grant // what contradicts it; the zero Grant: nothing does
}

// MostKept is the most differences of one kind that a Table keeps one by one. All are counted.
const MostKept = 1 << 16

// Findings are what a Table came to.
type Findings struct {
	Granted   uint64 // shares that the log grants
	Delivered uint64 // shares that the ledger has
	Held      uint64 // shares that Redis has a holder for
	Marked    uint64 // marks of shares that the other data centre answers for; in none of the above
	Queued    uint64 // granted, not delivered, and not due: late is not missing
	Counts    [Kinds]uint64
	Kept      [Kinds][]Difference // at most MostKept of each
}

// Found is the number of differences.
func (f *Findings) Found() uint64 {
	var sum uint64
	for _, n := range f.Counts {
		sum += n
	}
	return sum
}

// add counts a difference, and keeps it while there is room.
func (f *Findings) add(d Difference) {
	f.Counts[d.Kind]++
	if len(f.Kept[d.Kind]) < MostKept {
		f.Kept[d.Kind] = append(f.Kept[d.Kind], d)
	}
}
