package l5

import (
	"math/rand/v2"
	"time"
)

// circuit is what a caller thinks of one instance: arithmetic only. The caller's calls come to it in slices, each as so
// many that were answered and so many that failed, and slices in the order of time.
type circuit struct {
	rules *Rules
	draw  *rand.Rand
	state State

	run    int       // closed: failures in a row
	streak int       // closed, half-open: successes in a row
	armed  bool      // closed: a failure was seen, and its window has not been judged
	ends   time.Time // of the window; of the sleep; of a half-open cycle
	calls  int       // closed and armed: in the window so far
	failed int

	suffers bool // closed: it would be ejected, if that left anything better; until it has served some calls in a row
	cycles  int  // half-open cycles begun
	reopens int
}

// note takes in the calls that ended since the last note; true: the instance should be ejected.
//
// Within a slice the order of ends is not known: deadlines are looked at in rounds, replies come in batches. So an order is
// drawn: all are equally likely when failures are independent, and then the number of calls until so many fail in a row
// is distributed as if each had been seen by itself. Taking a round's failures as a row would eject a busy instance that
// fails one call in ten.
func (c *circuit) note(now time.Time, ok, failed int) (trip bool) {
	switch {
	case c.state == Open: // counting is suspended
		return false
	case c.state == HalfOpen:
		c.probed(now, ok, failed)
		return false
	}
	for ; failed > 0; failed-- {
		for ok > 0 && c.draw.IntN(ok+failed) < ok {
			c.succeed(1)
			ok--
		}
		trip = c.fail(now) || trip
	}
	c.succeed(ok)
	return trip
}

func (c *circuit) succeed(n int) {
	if n == 0 {
		return
	}
	c.run = 0
	c.streak += n
	if c.armed {
		c.calls += n
	}
	if c.streak >= c.rules.Successes {
		c.suffers = false
	}
}

func (c *circuit) fail(now time.Time) (trip bool) {
	if !c.armed {
		c.armed, c.ends, c.calls, c.failed = true, now.Add(c.rules.Window), 0, 0
	}
	c.calls++
	c.failed++
	c.run++
	c.streak = 0
	return c.run >= c.rules.Consecutive
}

// probed takes in the ends of calls while half-open. Those of before the ejection have ended during the sleep.
func (c *circuit) probed(now time.Time, ok, failed int) {
	if failed > 0 {
		c.open(now)
		c.reopens++
		return
	}
	if c.streak += ok; c.streak >= c.rules.Successes {
		*c = circuit{rules: c.rules, draw: c.draw, cycles: c.cycles, reopens: c.reopens}
	}
}

// look is taken every Rules.Check: what has ended? true: the instance should be ejected.
func (c *circuit) look(now time.Time) (trip bool) {
	switch {
	case c.state == Closed && !c.armed || now.Before(c.ends):
		return false
	case c.state == Closed:
		c.armed = false
		return c.calls >= c.rules.Least && float64(c.failed) >= c.rules.Ratio*float64(c.calls)
	}
	// The sleep is over; or the probes of the last cycle came to nothing that was seen: their users have gone away.
	c.state, c.streak, c.ends = HalfOpen, 0, now.Add(c.rules.Sleep)
	c.cycles++
	return false
}

func (c *circuit) open(now time.Time) {
	*c = circuit{rules: c.rules, draw: c.draw, state: Open, ends: now.Add(c.rules.Sleep), cycles: c.cycles, reopens: c.reopens}
}

// healthy says that it is worth keeping others away from worse instances.
func (c *circuit) healthy() bool { return c.state == Closed && !c.suffers }
