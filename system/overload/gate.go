package overload

import (
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/api"
)

const (
	bucketSize = 8 // users that share one bucket
	stripes    = 1024
)

// Gate lets each user claim once in a time. It knows users exactly, in a table of fixed size: a user has one bucket of
// 8 places, and when all are taken by claims that are not over, the oldest is forgotten. So a full gate fails open, and
// counts it; the money is safe even so, because a repeated claim gets the same share again.
//
// Memory: 16 B a place, places for at least twice the users it is made for, rounded up to a power of two; with all of
// those users inside, less than 1 % are forgotten because their bucket happens to be full. It is safe for
// any number of goroutines.
type Gate struct {
	every     int64
	since     time.Time // what the places count from: a wall clock that jumps moves nobody
	buckets   [][bucketSize]place
	locks     [stripes]sync.Mutex
	forgotten atomic.Uint64
}

// place remembers when a user has last passed; no user: it is free.
type place struct {
	user api.User
	at   int64 // ns since the gate was made
}

// NewGate makes a gate that a user passes once in every, made for as many different users in that time.
func NewGate(every time.Duration, users int) *Gate {
	n := 1
	for n*bucketSize < 2*users {
		n *= 2
	}
	return &Gate{every: int64(every), since: time.Now(), buckets: make([][bucketSize]place, n)}
}

// Pass says whether a user may claim now; if so, not again until the gate's time is over.
func (g *Gate) Pass(user api.User, now time.Time) bool {
	bucket, lock := g.find(user)
	at := int64(now.Sub(g.since))
	lock.Lock()
	defer lock.Unlock()
	oldest := &bucket[0]
	for i := range bucket {
		p := &bucket[i]
		if p.user == user {
			if at-p.at < g.every {
				return false
			}
			p.at = at
			return true
		}
		if oldest.user != 0 && (p.user == 0 || p.at < oldest.at) {
			oldest = p
		}
	}
	if oldest.user != 0 && at-oldest.at < g.every {
		g.forgotten.Add(1)
	}
	*oldest = place{user, at}
	return true
}

// Release lets a user pass again at once: the claim was shed behind the gate, and nothing has come of it.
func (g *Gate) Release(user api.User) {
	bucket, lock := g.find(user)
	lock.Lock()
	defer lock.Unlock()
	for i := range bucket {
		if bucket[i].user == user {
			bucket[i] = place{}
		}
	}
}

// Forgotten is how many users passed only because the gate was too full to remember an older one's claim.
func (g *Gate) Forgotten() uint64 { return g.forgotten.Load() }

func (g *Gate) find(user api.User) (*[bucketSize]place, *sync.Mutex) {
	n := scramble(uint64(user)^0x9e3779b97f4a7c15) & uint64(len(g.buckets)-1)
	return &g.buckets[n], &g.locks[n%stripes]
}
