package api

import (
	"slices"

	"redpacket/system/mutant"
)

// Pressure traffic is tagged. What it writes is the shadow of what real traffic writes: other keys, a mark in the log,
// another table. The tag travels beside the user, whose id says by itself what it is, so that a lost tag is noticed.

// pressure is the bit of a user's id that pressure users have; no real user, and no synthetic one of att, has it.
const pressure User = 1 << 63

// Pressure is the pressure user who is like this one.
func (u User) Pressure() User { return u | pressure }

// IsPressure says whether a user is one of pressure traffic.
func (u User) IsPressure() bool { return u&pressure != 0 }

// Poisoned says that a user and a tag contradict each other: the tag was lost on the way, or was made up. Whoever writes
// asks this, refuses such a write, and counts it.
func Poisoned(u User, tagged bool) bool {
	if mutant.Is(mutant.TagLeaksAtAMS) || mutant.Is(mutant.TagLeaksAtCourier) {
		return false
	}
	return u.IsPressure() != tagged
}

// A gift as the inner links and the store number it: the tag, the activity's place on the platform, the gift's own id.
const (
	tagBit   Gift = 1 << 15
	ownBits       = 10
	ownMask  Gift = 1<<ownBits - 1
	placeOf  Gift = 1<<15 - 1 - ownMask
	shadowed      = uint16(1) << 15 // of an activity's id
)

// MostBeside is how many activities a platform can have beside its first.
const MostBeside = 1<<(15-ownBits) - 1

// In is the gift of the activity at a place of the platform (0 … MostBeside), or of its shadow.
func (g Gift) In(place int, tagged bool) Gift {
	g = g&ownMask | Gift(place)<<ownBits&placeOf
	if tagged {
		g |= tagBit
	}
	return g
}

// Own is the gift's id within its activity.
func (g Gift) Own() Gift { return g & ownMask }

// Place is the place of its activity on the platform; 0 is the first.
func (g Gift) Place() int { return int(g & placeOf >> ownBits) }

// Tagged says whether it is the shadow's.
func (g Gift) Tagged() bool { return g&tagBit != 0 }

// Untagged is the same gift without the tag.
func (g Gift) Untagged() Gift { return g &^ tagBit }

// ShadowOf is the id of an activity's shadow. Ids of activities are below 1<<15.
func ShadowOf(activity uint16) uint16 { return activity | shadowed }

// Shadow says whether the order is of a shadow: of pressure traffic.
func (o Order) Shadow() bool { return o.Activity()&shadowed != 0 }

// Real is the order of the same share in the activity itself; a real order is its own.
func (o Order) Real() Order { return o &^ (Order(shadowed) << 48) }

// Unmarked is the grants with real orders in the place of shadows: what the mutants that lose a mark make of them.
func Unmarked(grants []Grant) []Grant {
	grants = slices.Clone(grants)
	for i := range grants {
		grants[i].Order = grants[i].Order.Real()
	}
	return grants
}

// Poisoned says that a grant's user and its order's mark contradict each other; see Poisoned.
func (g Grant) Poisoned() bool { return Poisoned(g.User, g.Order.Shadow()) }
