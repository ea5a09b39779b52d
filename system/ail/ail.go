// Package ail makes a process behave ill on order: calls that fail, come late or lose their replies, and a clock on the
// wall that is wrong. A rehearsal orders it over the admin port, and it ends by itself when nobody ends it. A process that
// is well pays one atomic load a batch for it.
package ail

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/config"
	"redpacket/system/wall"
)

// Symptoms are how a process behaves ill. The zero value is a process that is well.
type Symptoms struct {
	Fail  float64         `json:"fail,omitempty"`  // share of the calls (0 … 1) that fail at once, with nothing done
	Lose  float64         `json:"lose,omitempty"`  // share of the calls (0 … 1) that are done, and never answered
	Slow  config.Duration `json:"slow,omitempty"`  // answers leave so much later; at most MostSlow
	Part  string          `json:"part,omitempty"`  // whose calls, such as a game's number; empty: all
	Hoard uint64          `json:"hoard,omitempty"` // bytes of memory that it takes and does not use; at most MostHoard
	Skew  config.Duration `json:"skew,omitempty"`  // how far the clock on the wall is ahead, below 0: behind; at most MostSkew
}

// The bounds of symptoms.
const (
	MostSlow  = 30 * time.Second
	MostHoard = 256 << 20
	MostSkew  = 10 * 365 * 24 * time.Hour
	Longest   = time.Hour // how long one may be ordered for
)

// Check says what is wrong with the symptoms.
func (s Symptoms) Check() error {
	share := func(x float64) bool { return x >= 0 && x <= 1 }
	switch {
	case !share(s.Fail) || !share(s.Lose):
		return fmt.Errorf("calls fail by %g and lose replies by %g; want shares, 0 to 1", s.Fail, s.Lose)
	case s.Slow < 0 || s.Slow.D() > MostSlow:
		return fmt.Errorf("answers are %s late; want 0 to %s", s.Slow.D(), MostSlow)
	case s.Skew.D().Abs() > MostSkew:
		return fmt.Errorf("the clock is %s ahead; want at most %s either way", s.Skew.D(), MostSkew)
	case s.Hoard > MostHoard:
		return fmt.Errorf("it hoards %d bytes; want %d at most", s.Hoard, MostHoard)
	case !s.calls() && s.Skew == 0 && s.Hoard == 0:
		return errors.New("no symptom is given")
	}
	return nil
}

// calls says whether the symptoms show on calls.
func (s Symptoms) calls() bool { return s.Fail > 0 || s.Lose > 0 || s.Slow > 0 }

// Ail is one process' health. It may be used from any goroutine.
type Ail struct {
	Clock wall.Clock // what the process reads dates from

	node, token string
	now         atomic.Pointer[course] // of calls; nil: they are served well

	mu    sync.Mutex
	known map[string]*illness
	callers
	failed, lost, slowed atomic.Uint64 // calls, ever
	hoard                []byte        // what it takes and does not use
}

// illness is one order, with what it has done.
type illness struct {
	Symptoms
	until time.Time
	over  *time.Timer
	hits  atomic.Uint64 // calls that it showed on
}

// New is a process that is well. token must come with every order; empty: orders are refused.
func New(node, token string) *Ail {
	return &Ail{node: node, token: token, known: map[string]*illness{}}
}

// Fall makes the process ill for a time, under a name; several may be ill at once. The same name again replaces the
// symptoms and the time.
func (a *Ail) Fall(name string, s Symptoms, length time.Duration) error {
	if err := s.Check(); err != nil {
		return err
	}
	if name == "" || length <= 0 || length > Longest {
		return fmt.Errorf("illness %q for %s; want a name, and a time up to %s", name, length, Longest)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, there := a.known[name]; there {
		old.over.Stop()
	}
	i := &illness{Symptoms: s, until: time.Now().Add(length)}
	i.over = time.AfterFunc(length, func() { a.outlast(name, i) })
	a.known[name] = i
	a.change()
	return nil
}

// Heal ends an illness; one that is not there is no error.
func (a *Ail) Heal(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, there := a.known[name]; there {
		i.over.Stop()
		delete(a.known, name)
		a.change()
	}
}

// outlast ends an illness whose time is over, unless another has taken its name.
func (a *Ail) outlast(name string, i *illness) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known[name] == i {
		delete(a.known, name)
		a.change()
	}
}

// change makes the process behave as what it has says; mu is held.
func (a *Ail) change() {
	var skew time.Duration
	var hoard uint64
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(a.node))
	c := &course{dice: rand.New(rand.NewPCG(seed.Sum64(), uint64(len(a.known))))}
	for _, i := range a.known {
		skew, hoard = skew+i.Skew.D(), hoard+i.Hoard
		if i.calls() {
			c.all = append(c.all, i)
		}
	}
	a.Clock.Set(skew)
	if len(c.all) == 0 {
		c = nil
		a.callers.forget()
	}
	a.now.Store(c)
	a.take(hoard)
}

// take holds so much memory, and has touched all of it: what is not touched costs nothing.
func (a *Ail) take(bytes uint64) {
	const page = 4096
	if uint64(len(a.hoard)) == bytes {
		return
	}
	a.hoard = nil
	debug.FreeOSMemory()
	if bytes == 0 {
		return
	}
	a.hoard = make([]byte, bytes)
	for i := 0; i < len(a.hoard); i += page {
		a.hoard[i] = 1
	}
}

// course is what calls meet in a process that is ill.
type course struct {
	all []*illness

	mu   sync.Mutex
	dice *rand.Rand
}

// fate is what one call meets.
type fate struct {
	fails, lost bool
	late        time.Duration
}

// meet draws the fate of one call of a part.
func (c *course) meet(part string) (f fate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range c.all {
		if i.Part != "" && i.Part != part {
			continue
		}
		fails, lost := c.dice.Float64() < i.Fail, c.dice.Float64() < i.Lose
		f.fails, f.lost, f.late = f.fails || fails, f.lost || lost, f.late+i.Slow.D()
		if fails || lost || i.Slow > 0 {
			i.hits.Add(1)
		}
	}
	f.late = min(f.late, math.MaxInt64/2)
	return f
}

// count counts what calls met.
func (a *Ail) count(f fate) {
	switch {
	case f.fails:
		a.failed.Add(1)
	case f.lost:
		a.lost.Add(1)
	case f.late > 0:
		a.slowed.Add(1)
	}
}
