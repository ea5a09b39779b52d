package volley

import (
	"fmt"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// toldSlots is how many grants a shard remembers each way; a newer one takes the place of an older.
const toldSlots = 1 << 13

// told remembers the latest grants that users were told of, so that a contradiction is seen while the load runs. The
// journal, judged later, sees all of them.
type told struct {
	byClaim, byOrder [toldSlots]loadprofiles.Attempt
	wrong            string // the first contradiction
}

// hear takes a claim that was done.
func (t *told) hear(a loadprofiles.Attempt) {
	claim := &t.byClaim[mix(uint64(a.User)<<8^uint64(a.Gift))]
	if claim.User == a.User && claim.Gift == a.Gift && claim.Order != 0 && (claim.Order != a.Order || claim.Fen != a.Fen) {
		t.say("user %d was told order %d of %d fen for gift %d, and then order %d of %d fen", a.User, claim.Order, claim.Fen, a.Gift, a.Order, a.Fen)
	}
	*claim = a
	order := &t.byOrder[mix(uint64(a.Order))]
	if order.Order == a.Order && order.User != a.User {
		t.say("users %d and %d were both told order %d", order.User, a.User, a.Order)
	}
	*order = a
}

func (t *told) say(format string, args ...any) {
	if t.wrong == "" {
		t.wrong = fmt.Sprintf(format, args...)
	}
}

// mix spreads numbers over the slots, by Fibonacci hashing.
func mix(n uint64) uint64 { return n * 0x9E3779B97F4A7C15 >> (64 - 13) }

// critical says whether a request belongs to the path that must not break.
func critical(op api.Op) bool { return op != api.Static }
