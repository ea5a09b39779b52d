package overload

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"redpacket/system/api"
)

// Floor is the least share that is ever admitted: without it nobody would find out that things are better again.
const Floor = 0.02

// The pools of an Admission, by their places.
const (
	Reads  = iota // list, select, receipt
	Claims        // claim
)

// How far a read is shed before the one that matters more is: selects when lists are down to this share, receipts when
// they are down to that.
const (
	selectsFrom  = 0.1
	receiptsFrom = 0.05
)

// Admission decides whose requests pass when the services behind the gateway cannot carry all. A user's priority is a
// hash of the user and the hour: the same users pass for the whole hour, so that a journey passes or does not, and a
// user who comes again at once is not luckier.
//
// Each pool has a share, the part of the users that it can serve. It follows two measurements of the pool, taken every
// step of about 100 ms: what it completes (its capacity, while calls queue in it) and how long calls wait in its queue.
// See pool.wish. What a share means to a request depends on its business: claim over receipt over select over list.
// Reads that are too many are shed as lists, where journeys begin; those on their way go on, and no claim is shed for
// them. Claims that are too many are shed with the lists and selects that would lead to them.
type Admission struct {
	below  [api.Ops]atomic.Uint32 // by op: users whose priority is below pass, 0 … 1<<16
	shares []float64
	pools  []pool
}

// NewAdmission admits everybody, until the queue wait of one of the pools stands above target. With one pool there are
// only reads.
func NewAdmission(target time.Duration, pools int) *Admission {
	a := &Admission{shares: slices.Repeat([]float64{1}, pools), pools: make([]pool, pools)}
	for i := range a.pools {
		a.pools[i].target = target.Seconds()
	}
	a.publish()
	return a
}

// Admits says whether a user's request for op passes; hour is the number of the hour. It is safe for any number of
// goroutines.
func (a *Admission) Admits(user api.User, hour uint32, op api.Op) bool {
	below := a.below[op].Load()
	return below == 1<<16 || uint32(scramble(uint64(user)^uint64(hour)<<40)>>48) < below
}

// Share is the share of the users whose requests for op pass, Floor … 1; that of lists is the share of those who may begin.
// It is safe for any number of goroutines.
func (a *Admission) Share(op api.Op) float64 { return float64(a.below[op].Load()) / (1 << 16) }

// Step takes in what was seen of each pool since the last step, length ago, and sets the shares. One goroutine calls it.
func (a *Admission) Step(length time.Duration, seen []Sample) {
	reach := slices.Min(a.shares) // of the users get as far as any pool, but for those who began before
	for i := range a.pools {
		a.shares[i] = max(Floor, a.pools[i].wish(a.shares[i], reach, length.Seconds(), seen[i]))
	}
	a.publish()
}

func (a *Admission) publish() {
	reads, claims := a.shares[Reads], 1.0
	if len(a.shares) > Claims {
		claims = a.shares[Claims]
	}
	for op, share := range [api.Ops]float64{
		api.Static:  1,
		api.List:    min(reads, claims),
		api.Select:  min(reads/selectsFrom, claims),
		api.Claim:   claims,
		api.Receipt: min(reads/receiptsFrom, 1),
	} {
		a.below[op].Store(uint32(math.Round(min(1, share) * (1 << 16))))
	}
}

// Sample is what the gateway saw of one pool in one step.
type Sample struct {
	Sent    int           // calls sent to it
	Replied int           // replies of any code
	Served  int           // of those, the ones that it did not shed
	Wait    time.Duration // mean wait in its queue as the replies say, or in the gateway's own link if that is longer
}

// With is what was seen of two pools that serve the same users, as if they were one. The wait is the mean of all replies.
func (s Sample) With(o Sample) Sample {
	if o == (Sample{}) {
		return s
	}
	wait := max(s.Wait, o.Wait) // of links that nothing comes from
	if n := s.Replied + o.Replied; n > 0 {
		wait = (s.Wait*time.Duration(s.Replied) + o.Wait*time.Duration(o.Replied)) / time.Duration(n)
	}
	return Sample{Sent: s.Sent + o.Sent, Replied: s.Replied + o.Replied, Served: s.Served + o.Served, Wait: wait}
}
