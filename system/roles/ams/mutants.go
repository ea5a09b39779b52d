package ams

import (
	"bytes"
	"slices"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/mutant"
	"redpacket/system/wire"
)

// The sizes of a new version's deliberate bugs.
const (
	slowPercent = 18  // of the time an answer took here; users saw a p99 that was 22 % higher, timers being coarse
	errOneIn    = 300 // lists and selects: with the claims and receipts of their journeys about 0.2 % of all
	fenGift     = 0
)

// served hands calls to a pool; a build with the bug holds each answer back by a part of the time that it took.
func served(take func([]wire.Call, answerer), batch []wire.Call, from answerer) {
	if mutant.Is(mutant.GraySlow) {
		from = slowed{from, time.Now()}
	}
	take(batch, from)
}

// slowed is the caller of one batch, whose answers come later.
type slowed struct {
	answerer
	since time.Time
}

// Reply hands copies on: whoever answers uses his buffers again.
func (s slowed) Reply(replies []wire.Reply) {
	later := slices.Clone(replies)
	for i := range later {
		later[i].Body = bytes.Clone(later[i].Body)
	}
	time.AfterFunc(time.Since(s.since)*slowPercent/100, func() { s.answerer.Reply(later) })
}

// garbled says that a build with the bug answers a read with what the API does not promise.
func garbled(c *wire.Call) bool {
	return mutant.Is(mutant.GrayErrs) && c.Op != api.Receipt && oneIn(c.ID, errOneIn)
}

// oddly adds, in a build with the bug, one fen to the shares of one gift.
func oddly(asks []cmem.Ask, shares []cmem.Share) {
	if !mutant.Is(mutant.GrayFen) {
		return
	}
	for i := range shares {
		if shares[i].Code == api.OK && asks[i].Gift == fenGift {
			shares[i].Fen++
		}
	}
}

// oneIn is true for one in so many ids, which count up.
func oneIn(id uint64, n uint64) bool { return id*0x9e3779b97f4a7c15>>32%n == 0 }
