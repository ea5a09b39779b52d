package activity

import (
	"testing"

	"redpacket/system/api"
)

func TestWatchersAreApartAndAtHome(t *testing.T) {
	seen := map[api.User]bool{}
	for idc := range IDC(IDCs) {
		for _, user := range WatchersOf(idc) {
			if seen[user] || Home(user) != idc || user < firstWatcher || user >= 1<<63 {
				t.Errorf("user %d of %s", user, idc)
			}
			seen[user] = true
		}
	}
	if len(seen) != Watchers*IDCs {
		t.Errorf("%d users", len(seen))
	}
}

func TestNothingButAWatchersOwnGrantIsExcused(t *testing.T) {
	a := Festival(1, 0.01)
	gift, ok := a.WatchedGift()
	if !ok || a.Gifts[gift].For != Anyone || a.Gifts[gift].Shares != 10_000 {
		t.Fatalf("gift %d, %v", gift, ok)
	}
	user := WatchersOf(B)[Watchers-1]
	for _, c := range []struct {
		user api.User
		gift api.Gift
		want bool
	}{{user, gift, true}, {user, gift + 1, false}, {1 << 40, gift, false}, {firstWatcher + 1000, gift, false}, {7, gift, false}} {
		if got := a.Watched(c.user, c.gift); got != c.want {
			t.Errorf("user %d, gift %d: %v", c.user, c.gift, got)
		}
	}
	if _, ok := (Activity{Gifts: []Gift{{For: NewUsers, Shares: 9}}}).WatchedGift(); ok {
		t.Error("a gift for new users is watched")
	}
}
