// Package books is what the stores of the system say they hold, in one form, so that money can be counted without asking
// any role: the shares in Redis, the grants in the log, the deliveries in PostgreSQL.
package books

import (
	"slices"

	"redpacket/system/api"
	"redpacket/system/money"
)

// Shelf names one store.
type Shelf string

// The shelves.
const (
	Cmem   Shelf = "cmem"   // Redis: who has which share
	Log    Shelf = "log"    // JetStream: what was granted
	Ledger Shelf = "ledger" // PostgreSQL: what was delivered
)

// Entry is one grant as one shelf holds it. The log may hold a grant more than once (a repeat); the others may not.
type Entry struct {
	api.Grant
	Pos uint64 // log: where it stands, see At; else 0
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
	Gift      api.Gift  `json:"gift"`
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

// Summary is what the shelves say beside their entries.
type Summary struct {
	Epoch  uint32  `json:"epoch"` // of the shard, in Redis; of several, the highest
	Stocks []Stock `json:"stocks"`
	Lanes  []Lane  `json:"lanes"`
	Odd    string  `json:"odd,omitempty"` // where Redis' own figures contradict each other; empty: nowhere
}

// Keep takes one entry of one shelf; an error stops the reading.
type Keep func(Shelf, Entry) error

// Add sums up what the shelves of another data centre say: its part of every stock, its log's lanes.
func (s *Summary) Add(other Summary) {
	s.Epoch = max(s.Epoch, other.Epoch)
	s.Lanes = append(s.Lanes, other.Lanes...)
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
