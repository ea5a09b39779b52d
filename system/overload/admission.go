package overload

import (
	"math"
	"sync/atomic"
	"time"

	"redpacket/system/api"
)

// Floor is the least share that is ever admitted: without it nobody would find out that things are better again.
const Floor = 0.02

// Admission decides whose requests pass when the services behind the gateway cannot carry all. A user's priority is a
// hash of the user and the hour: the same users pass for the whole hour, so that a journey passes or does not, and a
// user who comes again at once is not luckier. There is one share for all pools, that of the most loaded one.
//
// The share follows two measurements of each pool, taken every step of about 100 ms: what it completes (its capacity,
// while calls queue in it) and how long calls wait in its queue. See pool.wish.
type Admission struct {
	below atomic.Uint32 // users whose priority is below pass: 0 … 1<<16
	share float64
	pools []pool
}

// NewAdmission admits everybody, until the queue wait of one of the pools stands above target.
func NewAdmission(target time.Duration, pools int) *Admission {
	a := &Admission{share: 1, pools: make([]pool, pools)}
	for i := range a.pools {
		a.pools[i].target = target.Seconds()
	}
	a.below.Store(1 << 16)
	return a
}

// Admits says whether a user's requests pass; hour is the number of the hour. It is safe for any number of goroutines.
func (a *Admission) Admits(user api.User, hour uint32) bool {
	below := a.below.Load()
	return below == 1<<16 || uint32(scramble(uint64(user)^uint64(hour)<<40)>>48) < below
}

// Share is the share of the users that pass, Floor … 1. It is safe for any number of goroutines.
func (a *Admission) Share() float64 { return float64(a.below.Load()) / (1 << 16) }

// Step takes in what was seen of each pool since the last step, length ago, and sets the share. One goroutine calls it.
func (a *Admission) Step(length time.Duration, seen []Sample) {
	share := 1.0
	for i := range a.pools {
		share = min(share, a.pools[i].wish(a.share, length.Seconds(), seen[i]))
	}
	a.share = max(Floor, share)
	a.below.Store(uint32(math.Round(a.share * (1 << 16))))
}

// Sample is what the gateway saw of one pool in one step.
type Sample struct {
	Sent    int           // calls sent to it
	Replied int           // replies of any code
	Served  int           // of those, the ones that it did not shed
	Wait    time.Duration // mean wait in its queue as the replies say, or in the gateway's own link if that is longer
}
