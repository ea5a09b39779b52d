package activity

import (
	"cmp"
	"slices"

	"redpacket/system/api"
)

// RegisteredPercent is how many of a hundred users are registered with a game.
const RegisteredPercent = 70

// Registered is the truth about who is registered with a game: a function of the seed, the user and the game, so that a
// judge can work it out again without asking anybody. The role registry tells it; nobody on the path of a claim may
// decide by it directly, for in the event only the game's own system knows.
func (a Activity) Registered(user api.User, game uint8) bool {
	return scramble(a.Seed^scramble(uint64(user)<<8|uint64(game)))%100 < RegisteredPercent
}

// Tastes is how many kinds of users there are, as far as the order of the gift list goes; they are numbered from 0. A
// list is rendered once for each, so that an order costs nothing when it is asked for.
const Tastes = 32

// TasteOf is a user's taste, 0 … Tastes-1.
func (a Activity) TasteOf(user api.User) int {
	return int(scramble(scramble(a.Seed)+uint64(user)) % Tastes)
}

// tasteLevels is how finely a taste tells games apart: coarsely, so that prices have a say.
const tasteLevels = 3

// Ordered is the gifts as users of a taste like them: by how they like the game, then by the mean share, then by the
// stock, the largest first; what is still equal stays in the order of the ids.
func (a Activity) Ordered(taste int) []Gift {
	gifts := slices.Clone(a.Gifts)
	slices.SortStableFunc(gifts, func(x, y Gift) int {
		return cmp.Or(
			cmp.Compare(a.liking(taste, y.Game), a.liking(taste, x.Game)),
			cmp.Compare(int64(y.Total)/int64(y.Shares), int64(x.Total)/int64(x.Shares)),
			cmp.Compare(y.Shares, x.Shares))
	})
	return gifts
}

// liking is how users of a taste like a game, 0 … tasteLevels-1.
func (a Activity) liking(taste int, game uint8) uint64 {
	return scramble(scramble(a.Seed+1)+uint64(taste)<<8+uint64(game)) % tasteLevels
}

// scramble spreads the bits of x (the finaliser of SplitMix64, behind its odd step so that 0 moves too).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
