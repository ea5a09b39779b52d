// Package replay puts one stream of claims through two sets of rules, and compares what each gives, grant by grant, to the fen.
package replay

import (
	"fmt"
	"iter"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
)

// Ask is one claim of the stream.
type Ask struct {
	User api.User
	Gift api.Gift
}

// Difference is one claim that the rules answer differently.
type Difference struct {
	Ask
	Place    uint64 // in the stream, from 1
	Old, New activity.Given
}

// String names the gift, the order, the user, and what is different.
func (d Difference) String() string {
	at := fmt.Sprintf("claim %d, gift %d, user %d: ", d.Place, d.Gift, d.User)
	switch {
	case d.Old.Code != d.New.Code:
		return at + fmt.Sprintf("%s by the old rules, %s by the new", d.Old.Code, d.New.Code)
	case d.Old.Order != d.New.Order:
		return at + fmt.Sprintf("order %d by the old rules, order %d by the new", d.Old.Order, d.New.Order)
	}
	return at + fmt.Sprintf("order %d is %d fen by the old rules and %d by the new (%+d)", d.Old.Order, d.Old.Fen, d.New.Fen, d.New.Fen-d.Old.Fen)
}

// Result is what the comparison came to.
type Result struct {
	Claims, Granted uint64       // of the stream; of them, those that the old rules grant, repeats included
	Different       uint64       // claims
	More            money.Fen    // that the new rules give in all, less what the old give
	First           []Difference // at most Kept
	Unasked         []api.Gift   // gifts of either that no claim asked for: nothing is known of them
}

// Kept is how many differences a Result names.
const Kept = 10

// Compare puts the stream through both. The rules must have passed their Check; memory is 100 bytes a grant, and 8 a share.
func Compare(before, after activity.Rules, asks iter.Seq[Ask]) Result {
	var r Result
	was, is := activity.NewGiver(before), activity.NewGiver(after)
	asked := map[api.Gift]bool{}
	for ask := range asks {
		r.Claims++
		asked[ask.Gift] = true
		d := Difference{Ask: ask, Place: r.Claims, Old: was.Claim(ask.User, ask.Gift), New: is.Claim(ask.User, ask.Gift)}
		if d.Old.Code == api.OK {
			r.Granted++
		}
		if !d.Old.Repeat && !d.New.Repeat {
			r.More += d.New.Fen - d.Old.Fen
		}
		if d.Old == d.New {
			continue
		}
		if r.Different++; len(r.First) < Kept {
			r.First = append(r.First, d)
		}
	}
	for id := range api.Gift(max(len(before.Activity.Gifts), len(after.Activity.Gifts))) {
		if !asked[id] {
			r.Unasked = append(r.Unasked, id)
		}
	}
	return r
}

// Claims is the claims of the first clicks of a load under a seed: the same ones for ever.
func Claims(p loadprofiles.Profile, seed, clicks uint64) iter.Seq[Ask] {
	return func(yield func(Ask) bool) {
		crowd := p.Crowd(seed)
		for n := uint64(1); n <= clicks; n++ {
			c := crowd.Click(n)
			if c.First <= api.Claim && c.Last >= api.Claim && !yield(Ask{c.User, c.Gift}) {
				return
			}
		}
	}
}
