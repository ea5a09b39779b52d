package l5

import (
	"math/rand/v2"
	"testing"
	"time"
)

var zero = time.Unix(1_700_000_000, 0)

const tick = 100 * time.Millisecond

// caller is a process that calls instances, on a clock of its own.
type caller struct {
	*Peers
	t    testing.TB
	at   time.Duration
	draw *rand.Rand
	fail []float64 // how likely each instance is to fail a call
	sent []int     // in all
	own  float64   // calls still owed, a fraction
}

func newCaller(t testing.TB, rules Rules, fail ...float64) *caller {
	t.Helper()
	names := []string{"ams-1", "ams-2", "ams-3", "ams-4", "ams-5", "ams-6", "ams-7", "ams-8"}[:len(fail)]
	p, err := New(rules, names)
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{Peers: p, t: t, draw: rand.New(rand.NewPCG(1, 2)), fail: fail, sent: make([]int, len(fail))}
	c.Step(zero)
	return c
}

// run lets time pass with so many calls/s to each instance that takes them, until done says so; it returns how long it took.
func (c *caller) run(rate float64, most time.Duration, done func() bool) time.Duration {
	from := c.at
	for ; c.at-from < most && !done(); c.at += tick {
		c.own += rate * tick.Seconds()
		for ; c.own >= 1; c.own-- {
			for i := range c.fail {
				c.call(i)
			}
		}
		c.Step(zero.Add(c.at + tick))
	}
	return c.at - from
}

func (c *caller) call(i int) {
	if !c.Takes(i) {
		return
	}
	c.sent[i]++
	if c.draw.Float64() < c.fail[i] {
		c.Failed(i, 1)
	} else {
		c.Answered(i, 1)
	}
}

func (c *caller) is(i int, s State) func() bool {
	return func() bool { return c.Seen(i).State == s }
}

// wants fails the test unless instance i is in a state.
func (c *caller) wants(i int, s State) {
	c.t.Helper()
	if got := c.Seen(i).State; got != s {
		c.t.Fatalf("after %s instance %d is %s, want %s: %+v", c.at, i, got, s, c.Seen(i))
	}
}

func never() bool { return false }
