// Package wall is the clock on the wall: the one that decisions about dates are made by, such as whether a token has
// lapsed. It may be wrong, and a rehearsal may make it wrong; what only measures how long something takes uses no such clock.
package wall

import (
	"sync/atomic"
	"time"
)

// Clock is one process' clock on the wall. The zero value shows the machine's time. It may be used from any goroutine.
type Clock struct{ skew atomic.Int64 }

// Now is what the clock shows. It carries no monotonic reading, so that nobody measures with it by mistake.
func (c *Clock) Now() time.Time { return c.Of(time.Now()) }

// Of is what the clock shows at a moment that the machine's clock was read at already.
func (c *Clock) Of(t time.Time) time.Time { return t.Round(0).Add(time.Duration(c.skew.Load())) }

// Skew is how far the clock is ahead of the machine's; below 0: behind it.
func (c *Clock) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// Set puts the clock so far ahead of the machine's; 0 puts it right.
func (c *Clock) Set(skew time.Duration) { c.skew.Store(int64(skew)) }
