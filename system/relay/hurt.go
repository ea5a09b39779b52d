package relay

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"sync/atomic"
	"time"
)

// The ways, as a Hurt names them and as they are counted.
const (
	Requests = "requests" // what callers send
	Replies  = "replies"  // what they are sent

	requests, replies = 0, 1
)

// maxDelay bounds what a hurt holds a datagram back for.
const maxDelay = 10 * time.Second

// Hurt is what is done to the datagrams of a link. The n-th datagram of a link and way since the hurt began meets the same
// fate whenever a hurt has the same seed, however long it takes to come; two links that have one hurt are hurt apart.
type Hurt struct {
	Name string `json:"name"` // 1 … 128 letters, digits and dashes; of one link, no two are called the same
	Way  string `json:"way"`  // Requests, Replies, or empty: both
	Seed uint64 `json:"seed"`

	Loss      float64 `json:"loss"`      // share that never arrives, 0 … 1
	Duplicate float64 `json:"duplicate"` // share that arrives twice, 0 … 1
	Late      float64 `json:"late"`      // share that is held back, 0 … 1; the others pass it

	Delay  time.Duration `json:"delay_ns"`  // how long those are held back: 0 … 10 s
	Jitter time.Duration `json:"jitter_ns"` // and up to so much more or less: 0 … Delay
}

// Check says everything that is wrong with the hurt, or nil.
func (h Hurt) Check() error {
	var errs []error
	bad := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("hurt %.70q: "+format, append([]any{h.Name}, args...)...))
		}
	}
	bad(!regexp.MustCompile(`^[A-Za-z0-9-]{1,128}$`).MatchString(h.Name), "its name has 1 … 128 letters, digits and dashes")
	bad(h.Way != "" && h.Way != Requests && h.Way != Replies, "there is no way %.20q", h.Way)
	for _, share := range []float64{h.Loss, h.Duplicate, h.Late} {
		bad(!(share >= 0 && share <= 1), "a share of %g; 0 … 1", share)
	}
	bad(h.Delay < 0 || h.Delay > maxDelay, "a delay of %s; 0 … %s", h.Delay, maxDelay)
	bad(h.Jitter < 0 || h.Jitter > h.Delay, "a jitter of %s; 0 … the delay, %s", h.Jitter, h.Delay)
	bad((h.Late > 0) != (h.Delay > 0), "a share that is late and a delay go together; they are %g and %s", h.Late, h.Delay)
	bad(h.Loss == 0 && h.Duplicate == 0 && h.Late == 0, "it does nothing")
	return errors.Join(errs...)
}

// fate is what becomes of one datagram by one hurt.
type fate struct {
	lost, twice, late bool
	delay             time.Duration
}

// dice decide the fates of a way's datagrams, in the order in which these come. They are used by one goroutine at a time.
type dice struct {
	hurt   Hurt
	random *rand.Rand
	counts *hits
}

// newDice are those of one stream: of a link, and one of its ways.
func newDice(h Hurt, stream uint64, counts *hits) *dice {
	return &dice{h, rand.New(rand.NewPCG(h.Seed, stream)), counts}
}

// next draws four numbers whatever the fate is, so that one datagram's does not move another's.
func (d *dice) next() fate {
	lost, twice, late, spread := d.random.Float64(), d.random.Float64(), d.random.Float64(), d.random.Float64()
	f := fate{lost: lost < d.hurt.Loss, twice: twice < d.hurt.Duplicate, late: late < d.hurt.Late}
	if f.late {
		f.delay = d.hurt.Delay + time.Duration((2*spread-1)*float64(d.hurt.Jitter))
	}
	return f
}

// hits counts what a hurt did, on both ways.
type hits struct{ Met, Lost, Doubled, Late, Overtaken atomic.Int64 }

// Force is a hurt in force and what it did so far.
type Force struct {
	Hurt      Hurt  `json:"hurt"`
	Met       int64 `json:"met"` // datagrams that came while it was in force
	Lost      int64 `json:"lost"`
	Doubled   int64 `json:"doubled"`
	Late      int64 `json:"late"`      // held back
	Overtaken int64 `json:"overtaken"` // of them, those that left after one that came later
}

// inForce is a hurt on its link.
type inForce struct {
	Hurt   Hurt
	dice   [2]*dice // nil: that way is not hurt
	counts hits
}

// newInForce is a hurt on the link of a name.
func newInForce(h Hurt, link string) *inForce {
	f := &inForce{Hurt: h}
	of := fnv.New64a()
	_, _ = of.Write([]byte(link)) // which never fails
	for i, name := range []string{Requests, Replies} {
		if h.Way == "" || h.Way == name {
			f.dice[i] = newDice(h, of.Sum64()+uint64(i), &f.counts)
		}
	}
	return f
}

func (f *inForce) force() Force {
	c := &f.counts
	return Force{f.Hurt, c.Met.Load(), c.Lost.Load(), c.Doubled.Load(), c.Late.Load(), c.Overtaken.Load()}
}
