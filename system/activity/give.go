package activity

import (
	"redpacket/system/api"
	"redpacket/system/money"
)

// Rules decide who gets what: an activity, and how a gift's money is split into its shares.
type Rules struct {
	Activity Activity
	Split    func(Gift) []money.Fen // nil: Activity.AmountsOf
}

// Giver applies rules to claims one after the other, as a system of one data centre does that loses nothing. It keeps every grant in
// memory, and is for one goroutine.
type Giver struct {
	rules   Rules
	amounts map[api.Gift][]money.Fen
	taken   map[api.Gift]uint32
	holders map[holder]uint32 // the place of the share
}

type holder struct {
	user api.User
	gift api.Gift
}

// Given is what a claim came to.
type Given struct {
	Code   api.Code
	Order  api.Order // 0 unless the code is OK
	Fen    money.Fen // likewise
	Repeat bool      // the user had the share already
}

// NewGiver has all shares still to give. The rules must have passed their Check.
func NewGiver(r Rules) *Giver {
	return &Giver{rules: r, amounts: map[api.Gift][]money.Fen{}, taken: map[api.Gift]uint32{}, holders: map[holder]uint32{}}
}

// Claim gives a user a share of a gift, the same one again, or says why not. Whether the user is new is what is true.
func (g *Giver) Claim(user api.User, gift api.Gift) Given {
	who := holder{user, gift}
	if at, has := g.holders[who]; has {
		return g.given(gift, at, true)
	}
	offer, _ := g.rules.Activity.Gift(gift)
	if code := g.rules.Activity.MayClaim(gift, !g.rules.Activity.Registered(user, offer.Game)); code != api.OK {
		return Given{Code: code}
	}
	at := g.taken[gift]
	if int(at) >= len(g.shares(gift)) {
		return Given{Code: api.SoldOut}
	}
	g.taken[gift], g.holders[who] = at+1, at
	return g.given(gift, at, false)
}

func (g *Giver) given(gift api.Gift, at uint32, repeat bool) Given {
	return Given{Code: api.OK, Order: g.rules.Activity.OrderOf(gift, at), Fen: g.shares(gift)[at], Repeat: repeat}
}

// shares are a gift's, split when they are first asked for.
func (g *Giver) shares(gift api.Gift) []money.Fen {
	all, split := g.amounts[gift]
	if split {
		return all
	}
	if offer, there := g.rules.Activity.Gift(gift); there && g.rules.Split != nil {
		all = g.rules.Split(offer)
	} else {
		all = g.rules.Activity.AmountsOf(gift)
	}
	g.amounts[gift] = all
	return all
}

// Left is what is still to be given of a gift: the first share not taken, and the money of all that are left.
func (g *Giver) Left(gift api.Gift) (taken uint32, remaining money.Fen) {
	taken = g.taken[gift]
	return taken, Sum(g.shares(gift)[taken:])
}
