package activity

import (
	"iter"

	"redpacket/system/api"
)

// Watchers is how many synthetic users each data centre has. They take turns, so that each of them may claim again when
// its turn comes, though all of them together claim every second.
const Watchers = 8

// firstWatcher is beyond every user that a load profile can have.
const firstWatcher = 1 << 62

// firstProber is beyond every watcher.
const firstProber = firstWatcher + 1<<32

// Probers are users at home in a data centre whom no load profile has, without end, the same ones each time.
func Probers(idc IDC) iter.Seq[api.User] {
	return func(yield func(api.User) bool) {
		for user := api.User(firstProber); ; user++ {
			if Home(user) == idc && !yield(user) {
				return
			}
		}
	}
}

// WatchersOf are the ids of a data centre's synthetic users: users whom it owns, too.
func WatchersOf(idc IDC) [Watchers]api.User {
	var users [Watchers]api.User
	for user, n := api.User(firstWatcher), 0; n < Watchers; user++ {
		if Home(user) == idc {
			users[n] = user
			n++
		}
	}
	return users
}

// WatchedGift is the gift that synthetic users claim: of those for anyone the one with the most shares, so that theirs
// are the least part of a stock; false when every gift is for new users.
func (a Activity) WatchedGift() (api.Gift, bool) {
	most, found := Gift{}, false
	for _, g := range a.Gifts {
		if g.For == Anyone && g.Shares > most.Shares {
			most, found = g, true
		}
	}
	return most.ID, found
}

// Watched says whether a grant of a gift to a user is a synthetic user's. There are Watchers × IDCs of them at most, and
// nothing excuses any other grant that no client asked for.
func (a Activity) Watched(user api.User, gift api.Gift) bool {
	if user < firstWatcher {
		return false
	}
	watched, there := a.WatchedGift()
	for idc := range IDC(IDCs) {
		for _, w := range WatchersOf(idc) {
			if there && w == user && gift == watched {
				return true
			}
		}
	}
	return false
}
