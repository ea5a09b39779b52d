package recon

import (
	"redpacket/system/api"
)

// holding is a user's gift: at most one delivery of it may be.
type holding struct {
	user api.User
	gift api.Gift
}

// deliveredTwice finds users with two deliveries of a gift within the slice, and returns for each order that is one too
// many the delivery that stands beside it. Where one of the two was granted and the other not, the other is too many.
//
// Nearly all users have one. A bit map of what was seen names the few that may have two (and some by chance); only
// these are remembered.
func (t *Table) deliveredTwice() map[api.Order]api.Grant {
	suspects := t.suspects()
	if len(suspects) == 0 {
		return nil
	}
	of, twice := make(map[holding]api.Grant, len(suspects)), map[api.Order]api.Grant{}
	meet := func(g api.Grant) {
		h := holding{g.User, g.Order.Gift()}
		if !suspects[h] {
			return
		}
		other, met := of[h]
		switch {
		case !met || other.Order == g.Order:
			of[h] = g
		case t.granted(g) && !t.granted(other):
			twice[other.Order], of[h] = g, g
		default:
			twice[g.Order] = other
		}
	}
	t.deliveries(meet)
	return twice
}

// deliveries gives every delivery of the slice's activity to each.
func (t *Table) deliveries(each func(api.Grant)) {
	for _, p := range t.slice.Spans {
		base := t.places[p.Gift.ID].base
		for i := p.From; i < p.To; i++ {
			if c := &t.cells[base+int(i-p.From)]; c.flags&delivered != 0 {
				each(c.grant(api.OrderOf(t.slice.Activity, p.Gift.ID, i)))
			}
		}
	}
	for _, n := range t.notes {
		if n.shelf == delivered && n.grant.Order.Activity() == t.slice.Activity {
			each(n.grant)
		}
	}
}

// granted tells whether the log grants the order to the user, of whatever amount.
func (t *Table) granted(g api.Grant) bool {
	c, _ := t.cell(g.Order)
	return c != nil && c.flags&logged != 0 && c.user == g.User
}

// bitsEach is how many bits of the map a share has: with 16, one user in thirty is suspected by chance.
const bitsEach = 16

func (t *Table) suspects() map[holding]bool {
	words := 1
	for words*64 < (len(t.cells)+len(t.notes))*bitsEach {
		words *= 2
	}
	seen, suspects := make([]uint64, words), map[holding]bool{}
	mask := uint64(words*64 - 1)
	t.deliveries(func(g api.Grant) {
		h := holding{g.User, g.Order.Gift()}
		at := mix(uint64(h.user)^uint64(h.gift)<<48) & mask
		if seen[at/64]&(1<<(at%64)) != 0 {
			suspects[h] = true
		}
		seen[at/64] |= 1 << (at % 64)
	})
	return suspects
}

// mix spreads close numbers over all 64 bits (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
