// Package books is what the stores of the system say they hold, in one form, so that money can be counted without asking
// any role: the shares in Redis, the grants in the log, the deliveries in PostgreSQL.
package books

import (
	"slices"

	"redpacket/system/api"
	"redpacket/system/money"
	"redpacket/system/pair"
)

// Shelf names one store.
type Shelf string

// The shelves.
const (
	Cmem   Shelf = "cmem"   // Redis: who has which share
	Log    Shelf = "log"    // JetStream: what was granted
	Ledger Shelf = "ledger" // PostgreSQL: what was delivered
	Shadow Shelf = "shadow" // PostgreSQL: what was delivered to pressure users, in a table of its own
	Mirror Shelf = "mirror" // JetStream in the other data centre: the copy of what was granted
	Marks  Shelf = "marks"  // Redis: which of the other data centre's shares its users, or those it has taken over, have
)

// Entry is one grant as one shelf holds it. A log and its mirror may hold a grant more than once (a repeat), and so may
// the other data centre's log; the other shelves may not.
type Entry struct {
	api.Grant
	Pos uint64 // log, mirror: where it stands, see At; marks: At(the data centre that has the mark, 0); else 0
}

// seqBits is how much of a place is the sequence number of a message.
const seqBits = 56

// At is a place in the logs: a message's sequence number (below 1<<56), and which data centre's log it is in. Places of one
// log are in order.
func At(log uint8, seq uint64) uint64 { return uint64(log)<<seqBits | seq }

// Place is which log a place is in, and the sequence number there.
func Place(at uint64) (log uint8, seq uint64) { return uint8(at >> seqBits), at & (1<<seqBits - 1) }

// Stock is what Redis says of one gift; where several data centres have parts of it, their sum.
type Stock struct {
	Gift      api.Gift  `json:"gift"` // its number on the platform
	Shares    uint32    `json:"shares"`
	Taken     uint32    `json:"taken"`         // shares with a holder
	Remaining money.Fen `json:"remaining_fen"` // the sum of the amounts of all shares without a holder
}

// Lane is how far the log says one game's delivery has come.
type Lane struct {
	Log   uint8  `json:"log,omitempty"` // which data centre's; 0: a's
	Game  uint8  `json:"game"`
	Floor uint64 `json:"floor"` // every grant of the game in messages up to this one was delivered and acknowledged
	Last  uint64 `json:"last"`  // the last message of the log
}

// Site is what could be read of one of two data centres, and what they had agreed on about its users.
type Site struct {
	IDC    string    `json:"idc"`
	Mode   pair.Mode `json:"mode"`
	Store  bool      `json:"store"`  // its Redis counts and was read; one whose users are taken over does not count
	Log    bool      `json:"log"`    // its log was read
	Mirror bool      `json:"mirror"` // the copy of it in the other data centre was
	Marked bool      `json:"marked"` // its Redis should know what its users have of the other data centre's shares
}

// Reads are the logs, among the site's own and its mirror, that must have what was acknowledged to its users.
func (s Site) Reads() pair.Places {
	if needs := s.Mode.Needs() & (pair.Own | pair.Mirror); needs != 0 {
		return needs
	}
	return s.Mode.Truth()
}

// Whole says whether every log that counts was read, and the Redis that counts.
func (s Site) Whole() bool {
	return (s.Log || !s.Reads().Has(pair.Own)) && (s.Mirror || !s.Reads().Has(pair.Mirror)) && (s.Store || s.Mode == pair.Taken)
}

// Summary is what the shelves say beside their entries.
type Summary struct {
	Epoch  uint32  `json:"epoch"` // of the shard, in Redis; of several, the highest
	Stocks []Stock `json:"stocks"`
	Lanes  []Lane  `json:"lanes"`
	Sites  []Site  `json:"sites,omitempty"` // where there are two data centres, in order
	Odd    string  `json:"odd,omitempty"`   // where Redis' own figures contradict each other; empty: nowhere
}

// Keep takes one entry of one shelf; an error stops the reading.
type Keep func(Shelf, Entry) error

// Add sums up what the shelves of another data centre say: its part of every stock, its log's lanes.
func (s *Summary) Add(other Summary) {
	s.Epoch = max(s.Epoch, other.Epoch)
	s.Lanes = append(s.Lanes, other.Lanes...)
	s.Sites = append(s.Sites, other.Sites...)
	for _, o := range other.Stocks {
		i := slices.IndexFunc(s.Stocks, func(known Stock) bool { return known.Gift == o.Gift })
		if i < 0 {
			s.Stocks = append(s.Stocks, o)
			continue
		}
		s.Stocks[i].Shares += o.Shares
		s.Stocks[i].Taken += o.Taken
		s.Stocks[i].Remaining += o.Remaining
	}
	switch {
	case s.Odd == "":
		s.Odd = other.Odd
	case other.Odd != "":
		s.Odd += "\n" + other.Odd
	}
}
