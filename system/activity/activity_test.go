package activity

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/api"
	"redpacket/system/money"
)

// Whatever the gift, its shares sum to its money exactly and none is empty.
func TestAmountsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.Uint32Range(1, 3000).Draw(t, "shares")
		over := rapid.Int64Range(0, 1<<34).Draw(t, "over")
		g := Gift{Shares: shares, Total: money.Fen(shares) + money.Fen(over), Lucky: rapid.Bool().Draw(t, "lucky")}
		a := Activity{ID: 1, Seed: rapid.Uint64().Draw(t, "seed")}
		amounts := a.Amounts(g)
		var sum money.Fen
		for i, fen := range amounts {
			if fen < 1 {
				t.Fatalf("share %d of %d is %d fen", i, shares, fen)
			}
			sum += fen
		}
		if sum != g.Total || len(amounts) != int(shares) {
			t.Fatalf("%d shares sum to %d fen; want %d shares and %d fen", len(amounts), sum, shares, g.Total)
		}
		if !slices.Equal(amounts, a.Amounts(g)) {
			t.Fatal("the same gift was split in two ways")
		}
	})
}

func TestEqualSharesDifferByOneFenAtMost(t *testing.T) {
	amounts := Activity{}.Amounts(Gift{Shares: 3, Total: 10})
	if !slices.Equal(amounts, []money.Fen{4, 3, 3}) {
		t.Errorf("10 fen in 3 shares: %v", amounts)
	}
}

func TestLuckyAmountsFollowTheSeed(t *testing.T) {
	g := Gift{Shares: 100, Total: 50_000, Lucky: true}
	if slices.Equal(Activity{Seed: 1}.Amounts(g), Activity{Seed: 2}.Amounts(g)) {
		t.Error("two seeds gave the same amounts")
	}
}

func TestFestivalIsSound(t *testing.T) {
	for _, scale := range []float64{0.0001, 0.05, 0.3, 1} {
		if err := Festival(1, scale).Check(); err != nil {
			t.Errorf("scale %g: %v", scale, err)
		}
	}
}

func TestMayClaim(t *testing.T) {
	a := Festival(1, 1)
	cases := []struct {
		name     string
		gift     api.Gift
		newcomer bool
		want     api.Code
	}{
		{"anyone's gift", 0, false, api.OK},
		{"a new user's gift, registration unknown: the cheap side", 10, false, api.NotEligible},
		{"a new user's gift, proven new", 10, true, api.OK},
		{"no such gift", api.Gift(len(a.Gifts)), true, api.NotFound},
	}
	for _, c := range cases {
		if got := a.MayClaim(c.gift, c.newcomer); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	bad := Activity{Games: 1, Gifts: []Gift{
		{ID: 0, Name: "far", Game: 1, Shares: 1, Total: 1},
		{ID: 7, Name: "astray", Shares: 1, Total: 1},
		{ID: 2, Name: "poor", Shares: 10, Total: 9},
		{ID: 3, Name: "none", Shares: 0, Total: 9},
		{ID: 4, Name: "rich", Shares: 1, Total: 1 << 40},
	}}
	err := bad.Check()
	for _, want := range []string{`"far": game 1`, `"astray": id 7`, `"poor"`, `"none": 0 shares`, `"rich": a mean share`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s in: %v", want, err)
		}
	}
	if (Activity{}).Check() == nil {
		t.Error("an empty activity passed")
	}
}
