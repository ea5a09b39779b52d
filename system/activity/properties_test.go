package activity

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/api"
	"redpacket/system/money"
)

func gifts() *rapid.Generator[[]Gift] {
	return rapid.Custom(func(t *rapid.T) []Gift {
		var all []Gift
		for i := range rapid.IntRange(1, 5).Draw(t, "gifts") {
			shares := rapid.Uint32Range(1, 400).Draw(t, "shares")
			all = append(all, Gift{ID: api.Gift(i), Shares: shares, Lucky: rapid.Bool().Draw(t, "lucky"), For: Audience(rapid.IntRange(0, 1).Draw(t, "for")),
				Total: money.Fen(shares) * money.Fen(rapid.Int64Range(1, 1<<28).Draw(t, "mean"))})
		}
		return all
	})
}

// A gift's shares hang on the activity's seed, its own id and its own money, and on nothing that stands beside it.
func TestSharesDoNotHangOnOtherGifts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := gifts().Draw(t, "all")
		whole := Activity{ID: 3, Seed: rapid.Uint64().Draw(t, "seed"), Games: 1, Gifts: all}
		if err := whole.Check(); err != nil {
			t.Fatal(err)
		}
		g := rapid.SampledFrom(all).Draw(t, "g")
		alone := Activity{ID: 3, Seed: whole.Seed, Games: 1, Gifts: []Gift{g}}
		if !slices.Equal(whole.Amounts(g), alone.Amounts(g)) {
			t.Fatalf("gift %d is split in another way beside others", g.ID)
		}
		var sum money.Fen
		for _, g := range all {
			for _, fen := range whole.Amounts(g) {
				if fen < 1 || fen > math.MaxInt32 && !g.Lucky {
					t.Fatalf("a share of %d fen of %d in %d", fen, g.Total, g.Shares)
				}
				sum += fen
			}
		}
		if sum != whole.Funded() {
			t.Fatalf("all shares sum to %s of %s", sum, whole.Funded())
		}
	})
}

// No lucky share is more than twice the mean of what was left when it was drawn, and a fen.
func TestLuckIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.Uint32Range(1, 500).Draw(t, "shares")
		g := Gift{Shares: shares, Lucky: true, Total: money.Fen(shares) * money.Fen(rapid.Int64Range(1, 1<<28).Draw(t, "mean"))}
		left := g.Total
		for i, fen := range (Activity{Seed: rapid.Uint64().Draw(t, "seed")}).Amounts(g) {
			if rest := money.Fen(int(shares) - i); rest > 1 && fen > 2*left/rest+1 {
				t.Fatalf("share %d of %d is %s, of %s for %d", i, shares, fen, left, rest)
			}
			left -= fen
		}
	})
}

// Not to know who somebody is never gives more than to know: whoever may claim unproven may claim as proven new, and a
// new user's gift is never given on doubt.
func TestDoubtIsTheCheapSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Activity{Gifts: gifts().Draw(t, "all"), Games: 1}
		id := api.Gift(rapid.Uint16Range(0, 7).Draw(t, "id"))
		doubt, proven := a.MayClaim(id, false), a.MayClaim(id, true)
		g, there := a.Gift(id)
		switch {
		case !there:
			if doubt != api.NotFound || proven != api.NotFound {
				t.Fatalf("gift %d of %d: %s, %s", id, len(a.Gifts), doubt, proven)
			}
		case proven != api.OK, g.For == Anyone && doubt != api.OK, g.For == NewUsers && doubt != api.NotEligible:
			t.Fatalf("gift for %d: in doubt %s, proven %s", g.For, doubt, proven)
		}
	})
}

// Stocks follow the scale to within one share, amounts do not, and the activity is sound at every scale.
func TestFestivalScales(t *testing.T) {
	whole := Festival(1, 1)
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.Float64Range(1e-6, 1).Draw(t, "scale")
		a := Festival(1, scale)
		if err := a.Check(); err != nil || len(a.Gifts) != len(whole.Gifts) {
			t.Fatal(err)
		}
		for i, g := range a.Gifts {
			want := max(1, float64(whole.Gifts[i].Shares)*scale)
			if math.Abs(float64(g.Shares)-want) > 1 || g.Total/money.Fen(g.Shares) != whole.Gifts[i].Total/money.Fen(whole.Gifts[i].Shares) {
				t.Fatalf("scale %g: gift %d has %d shares of %s", scale, i, g.Shares, g.Total)
			}
		}
	})
}
