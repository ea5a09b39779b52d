package activity

import (
	"math"
	"slices"
	"testing"

	"redpacket/system/api"
)

// Every game knows its share of the users, each game others, and another seed others again; twice asked is once answered.
func TestRegisteredIsAFixedShareOfEachGame(t *testing.T) {
	const users = 20_000
	a, b := Festival(1, 0.001), Festival(2, 0.001)
	for game := range a.Games {
		known, both, moved := 0, 0, 0
		for user := api.User(1); user <= users; user++ {
			here := a.Registered(user, game)
			if here != a.Registered(user, game) {
				t.Fatalf("user %d is and is not registered with game %d", user, game)
			}
			if here {
				known++
				if a.Registered(user, (game+1)%a.Games) {
					both++
				}
			}
			if here != b.Registered(user, game) {
				moved++
			}
		}
		share := float64(RegisteredPercent) / 100
		for what, got := range map[string][2]float64{
			"are registered":                 {float64(known) / users, share},
			"of them with the next game too": {float64(both) / float64(known), share},
			"are others under another seed":  {float64(moved) / users, 2 * share * (1 - share)},
		} {
			if math.Abs(got[0]-got[1]) > 0.02 {
				t.Errorf("game %d: %.3f %s; want %.3f", game, got[0], what, got[1])
			}
		}
	}
}

func TestTastesAreSpreadAndOrderEveryGift(t *testing.T) {
	a := Festival(1, 0.001)
	var users [Tastes]int
	for user := api.User(1); user <= 32_000; user++ {
		users[a.TasteOf(user)]++
	}
	orders := map[string]bool{}
	for taste := range Tastes {
		if users[taste] < 800 || users[taste] > 1200 {
			t.Errorf("%d of 32000 users have taste %d; want about 1000", users[taste], taste)
		}
		order := a.Ordered(taste)
		var ids []byte
		for i, g := range order {
			ids = append(ids, byte(g.ID))
			if i == 0 {
				continue
			}
			before := order[i-1]
			if la, lb := a.liking(taste, before.Game), a.liking(taste, g.Game); la < lb ||
				la == lb && int64(before.Total)/int64(before.Shares) < int64(g.Total)/int64(g.Shares) {
				t.Errorf("taste %d: %q stands before %q", taste, before.Name, g.Name)
			}
		}
		orders[string(ids)] = true
		if slices.Sort(ids); len(ids) != len(a.Gifts) || len(slices.Compact(ids)) != len(a.Gifts) {
			t.Errorf("taste %d: an order of %d gifts", taste, len(ids))
		}
	}
	if len(orders) < Tastes/2 {
		t.Errorf("only %d orders for %d tastes", len(orders), Tastes)
	}
}

func BenchmarkRegistered(b *testing.B) {
	a := Festival(1, 0.001)
	n := 0
	for b.Loop() {
		if n++; a.Registered(api.User(n), 3) {
			n++
		}
	}
}
