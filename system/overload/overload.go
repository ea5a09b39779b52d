// Package overload protects the path of a claim from more than it can carry: one claim a user in a time, admission of
// as much as the services behind the gateway complete, and the rate that an instance is built for.
package overload

import (
	"time"

	"redpacket/system/api"
)

// RetryAfter is how long a client should wait before it comes back after a code; 0: there is nothing to come back for.
// The client adds a random part of Rules.Spread, so that those who were refused together do not return together.
func RetryAfter(c api.Code) time.Duration {
	switch c {
	case api.Busy, api.Closed:
		return time.Second
	case api.TooSoon, api.Unknown: // an unknown claim has spent the user's one claim per 5 s
		return 5 * time.Second
	}
	return 0
}

// scramble spreads the bits of x, so that neighbours have nothing in common (the finaliser of SplitMix64).
func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Place is a user's place among n instances, 0 … n-1: always the same while n is.
func Place(user api.User, n int) int { return int(scramble(uint64(user)) % uint64(n)) }
