package replay

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
)

// load asks for every gift, dear ones too.
func load(a activity.Activity) loadprofiles.Profile {
	p := loadprofiles.Estimate96k(time.Second)
	p.Users.Gifts = nil
	for _, g := range a.Gifts {
		p.Users.Gifts = append(p.Users.Gifts, g.ID)
	}
	return p
}

func festival() activity.Rules { return activity.Rules{Activity: activity.Festival(1, 0.001)} }

func TestTheSameRulesGiveTheSame(t *testing.T) {
	r := Compare(festival(), festival(), Claims(load(festival().Activity), 1, 50_000))
	if r.Different != 0 || r.More != 0 || r.Claims < 30_000 || r.Granted == 0 || len(r.Unasked) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestOneFenIsNamed: whichever share of whichever gift is a fen more or less, if it is given out it is named, and nothing else is.
func TestOneFenIsNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, seed := festival(), rapid.Uint64Range(1, 1000).Draw(t, "seed")
		given := map[api.Order]api.User{}
		giver := activity.NewGiver(old)
		stream := slices.Collect(Claims(load(old.Activity), seed, 400))
		for _, a := range stream {
			if g := giver.Claim(a.User, a.Gift); g.Code == api.OK {
				given[g.Order] = a.User
			}
		}
		orders := make([]api.Order, 0, len(given))
		for o := range given {
			orders = append(orders, o)
		}
		slices.Sort(orders)
		which, off := rapid.SampledFrom(orders).Draw(t, "order"), money.Fen(rapid.SampledFrom([]int64{-1, 1}).Draw(t, "fen"))
		planted := old
		planted.Split = func(g activity.Gift) []money.Fen {
			shares := old.Activity.Amounts(g)
			if g.ID == which.Gift() {
				shares[which.Index()] += off
			}
			return shares
		}
		r := Compare(old, planted, slices.Values(stream))
		if r.Different == 0 || r.More != off || r.First[0].Old.Order != which || r.First[0].User != given[which] {
			t.Fatalf("order %d of user %d: %+v", which, given[which], r)
		}
		for _, d := range r.First {
			if d.Old.Order != which {
				t.Fatalf("named %s", d)
			}
		}
	})
}

func TestOtherRulesAreNamedForWhatTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*activity.Activity)
		says   string
	}{
		"a stock of one less": {func(a *activity.Activity) { a.Gifts[0].Shares, a.Gifts[0].Total = 2, 4000 }, "ok by the old rules, sold_out by the new"},
		"another audience":    {func(a *activity.Activity) { a.Gifts[0].For = activity.NewUsers }, "not_eligible by the new"},
		"another seed":        {func(a *activity.Activity) { a.Seed++ }, "fen by the old rules and"},
		"another activity":    {func(a *activity.Activity) { a.ID++ }, "by the old rules, order"},
		"one gift fewer":      {func(a *activity.Activity) { a.Gifts = a.Gifts[:23] }, "not_found by the new"},
	} {
		after := festival()
		c.change(&after.Activity)
		r := Compare(festival(), after, Claims(load(festival().Activity), 1, 20_000))
		if r.Different == 0 || len(r.First) > Kept || !slices.ContainsFunc(r.First, func(d Difference) bool { return strings.Contains(d.String(), c.says) }) {
			t.Errorf("%s: %d differences, %v; want %q", name, r.Different, r.First, c.says)
		}
	}
}

func TestWhatNobodyAskedForIsNotKnown(t *testing.T) {
	p := load(festival().Activity)
	p.Users.Gifts = p.Users.Gifts[:20]
	if r := Compare(festival(), festival(), Claims(p, 1, 2000)); !slices.Equal(r.Unasked, []api.Gift{20, 21, 22, 23}) {
		t.Errorf("unasked: %v", r.Unasked)
	}
}
