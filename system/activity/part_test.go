package activity

import (
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/api"
	"redpacket/system/money"
)

// The parts of every gift are apart, leave nothing out, and their money is the gift's to the fen.
func TestPartsAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.Uint32Range(1, 3000).Draw(t, "shares")
		g := Gift{Shares: shares, Total: money.Fen(shares) + money.Fen(rapid.Int64Range(0, 1<<30).Draw(t, "over")), Lucky: rapid.Bool().Draw(t, "lucky")}
		amounts := Activity{Seed: rapid.Uint64().Draw(t, "seed")}.Amounts(g)
		var next uint32
		var sum money.Fen
		for idc := range IDC(IDCs) {
			p := Part{IDC: idc, Of: IDCs}
			from, to := p.Range(shares)
			if from != next || to < from {
				t.Fatalf("part %s of %d shares is %d … %d; want it to begin at %d", idc, shares, from, to, next)
			}
			next, sum = to, sum+Sum(amounts[from:to])
			for _, index := range []uint32{from, to} {
				if got, want := p.Has(g, api.OrderOf(1, 0, index)), index < to; got != want {
					t.Fatalf("part %s has share %d: %v, want %v", idc, index, got, want)
				}
			}
		}
		if next != shares || sum != g.Total {
			t.Fatalf("the parts have %d shares of %d, and %s of %s", next, shares, sum, g.Total)
		}
	})
}

func TestHomesAreHalves(t *testing.T) {
	const users = 100_000
	inA, run, longest := 0, 0, 0
	for user := range api.User(users) {
		if Home(user+1) == A {
			inA++
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	if inA < users*49/100 || inA > users*51/100 || longest > 40 {
		t.Errorf("%d of %d users are at home in a, up to %d neighbours in a row", inA, users, longest)
	}
	// These stand in the logs of past events: a change moves users away from their grants.
	if Home(1) != B || Home(2) != A || Home(1<<40) != B {
		t.Errorf("users 1, 2 and 1<<40 are at home in %s, %s and %s", Home(1), Home(2), Home(1<<40))
	}
}

func TestPartOf(t *testing.T) {
	for _, c := range []struct {
		name string
		of   int
		want Part
	}{{"a", 1, Part{}}, {"", 0, Part{}}, {"a", 2, Part{A, 2}}, {"b", 2, Part{B, 2}}} {
		got, err := PartOf(c.name, c.of)
		if err != nil || got != c.want || got.Check() != nil {
			t.Errorf("part of %q among %d: %v, %v", c.name, c.of, got, err)
		}
	}
	if _, err := PartOf("c", 2); err == nil {
		t.Error("there is no third data centre")
	}
	for _, bad := range []Part{{IDC: B}, {IDC: 2, Of: 2}, {Of: 3}} {
		if bad.Check() == nil {
			t.Errorf("%+v is a part", bad)
		}
	}
	if (Part{}).Shared() || !(Part{}).Owns(1) || !(Part{B, 2}).Owns(1) || (Part{A, 2}).Owns(1) {
		t.Error("users are not decided where they are at home")
	}
	if from, to := (Part{}).Range(7); from != 0 || to != 7 {
		t.Errorf("all of 7 shares is %d … %d", from, to)
	}
}
