// Package gray says which users get the new version of a part while it is released to a share of them.
package gray

import (
	"slices"

	"redpacket/system/api"
	"redpacket/system/mutant"
)

// Buckets is how many parts of equal size the users are cut into: a share is so many whole percent.
const Buckets = 100

// Header is the name of the answer's header that says which version gave it, and Version its value for the new one. The old
// version's answers, and those that the gateway gives by itself, have no such header.
const (
	Header  = "X-Version"
	Version = "gray"
)

// Prefix begins the names of the nodes of the new version: gray-ams-heavy-1 beside ams-heavy-1.
const Prefix = "gray-"

// Stages are the shares, in percent, by which a version may be released: 0 is nobody, 100 everybody.
func Stages() []int { return []int{0, 1, 5, 20, 50, 100} }

// Allowed says whether a share is one of the stages.
func Allowed(percent int) bool { return slices.Contains(Stages(), percent) }

// Bucket is the user's part, 0 … 99, the same for ever. It has nothing in common with the hashes that choose a user's data centre,
// instance or turn, so each version's users are spread over those as all users are. (It is the finaliser of xxHash64.)
func Bucket(user api.User) int {
	x := uint64(user)
	x ^= x >> 33
	x *= 0xc2b2ae3d27d4eb4f
	x ^= x >> 29
	x *= 0x165667b19e3779f9
	x ^= x >> 32
	return int(x % Buckets)
}

// Takes says whether a user gets the new version at a share. A user who gets it keeps it while the share grows.
func Takes(user api.User, percent int) bool {
	if percent == 50 && mutant.Is(mutant.GrayUneven) {
		percent = 49
	}
	return Bucket(user) < percent
}
