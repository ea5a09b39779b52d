// Package books is what the stores of the system say they hold, in one form, so that money can be counted without asking
// any role: the shares in Redis, the grants in the log, the deliveries in PostgreSQL.
package books

import (
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
	Pos uint64 // log: the sequence number of the message; else 0
}

// Stock is what Redis says of one gift.
type Stock struct {
	Gift      api.Gift  `json:"gift"`
	Shares    uint32    `json:"shares"`
	Taken     uint32    `json:"taken"`         // shares with a holder
	Remaining money.Fen `json:"remaining_fen"` // the sum of the amounts of all shares without a holder
}

// Lane is how far the log says one game's delivery has come.
type Lane struct {
	Game  uint8  `json:"game"`
	Floor uint64 `json:"floor"` // every grant of the game at a Pos up to here was delivered and acknowledged
	Last  uint64 `json:"last"`  // the last Pos in the log
}

// Summary is what the shelves say beside their entries.
type Summary struct {
	Epoch  uint32  `json:"epoch"` // of the shard, in Redis
	Stocks []Stock `json:"stocks"`
	Lanes  []Lane  `json:"lanes"`
	Odd    string  `json:"odd,omitempty"` // where Redis' own figures contradict each other; empty: nowhere
}

// Keep takes one entry of one shelf; an error stops the reading.
type Keep func(Shelf, Entry) error
