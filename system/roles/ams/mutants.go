package ams

import (
	"bytes"
	"slices"
	"sync/atomic"
	"time"

	"redpacket/system/ail"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/mutant"
	"redpacket/system/wire"
)

// The sizes of a new version's deliberate bugs.
const (
	slowReads, slowClaims = 0.32, 0.15       // of the time since the gateway took them; see docs/decisions.md for what users saw
	slowFrom              = time.Millisecond // shorter waits than that no timer keeps; they are of requests that no p99 is made of
	errOneIn              = 300              // lists and selects: with the claims and receipts of their journeys 0.2 % of all
	fenGift               = 0
)

// brake hands calls to a pool; that of a build with the bug holds each answer back by a part of the time that it took.
type brake struct {
	share float64      // of the time that an answer took
	late  atomic.Int64 // ns by which timers end too late here, smoothed: they are set so much shorter
}

func (b *brake) serve(take func([]wire.Call, answerer)) func([]wire.Call, ail.Caller) {
	if mutant.Is(mutant.GraySlow) {
		return func(batch []wire.Call, from ail.Caller) { take(batch, slowed{from, b, taken(batch, time.Now())}) }
	}
	return func(batch []wire.Call, from ail.Caller) { take(batch, from) }
}

// taken is when the gateway took the oldest of the calls that came at a time.
func taken(batch []wire.Call, came time.Time) time.Time {
	waited := uint32(0)
	for _, c := range batch {
		waited = max(waited, c.Waited)
	}
	return came.Add(-time.Duration(waited) * time.Microsecond)
}

// slowed is the caller of one batch, whose answers come later.
type slowed struct {
	answerer
	*brake
	since time.Time
}

// Reply hands copies on: whoever answers uses his buffers again.
func (s slowed) Reply(replies []wire.Reply) {
	wait := time.Duration(s.share * float64(time.Since(s.since)))
	if wait < slowFrom {
		s.answerer.Reply(replies)
		return
	}
	later := slices.Clone(replies)
	for i := range later {
		later[i].Body = bytes.Clone(later[i].Body)
	}
	s.after(wait, func() { s.answerer.Reply(later) })
}

// after calls back after a time, on the average: the next timers are set shorter by a part of what this one was late.
func (b *brake) after(wait time.Duration, do func()) {
	const smooth = 64
	due := time.Now().Add(wait)
	time.AfterFunc(max(0, wait-time.Duration(b.late.Load())), func() {
		b.late.Add(int64(time.Since(due)) / smooth)
		do()
	})
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
