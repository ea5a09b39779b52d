package overload

import (
	"sync/atomic"
	"time"
)

// Pacer hands out what an instance is built for: so many calls a second, and after a pause at most a burst of what it
// missed. It owns no clock and is not safe for several goroutines.
type Pacer struct {
	rate  float64 // per second; 0: as many as are wanted
	burst float64
	level float64
	last  time.Time
}

// NewPacer makes a pacer of rate calls a second, 0: without a limit, that makes up for at most burst of lost time.
func NewPacer(rate float64, burst time.Duration) *Pacer {
	most := max(1, rate*burst.Seconds())
	return &Pacer{rate: rate, burst: most, level: most}
}

// Take returns how many of want calls may start now.
func (p *Pacer) Take(now time.Time, want int) int {
	if p.rate <= 0 {
		return want
	}
	p.fill(now)
	n := min(want, int(p.level))
	p.level -= float64(n)
	return n
}

// Next is how long it takes until one call may start; 0: now.
func (p *Pacer) Next(now time.Time) time.Duration {
	if p.rate <= 0 {
		return 0
	}
	if p.fill(now); p.level >= 1 {
		return 0
	}
	return time.Duration((1-p.level)/p.rate*float64(time.Second)) + 1
}

func (p *Pacer) fill(now time.Time) {
	if !p.last.IsZero() && now.After(p.last) {
		p.level = min(p.burst, p.level+p.rate*now.Sub(p.last).Seconds())
	}
	if now.After(p.last) {
		p.last = now
	}
}

// Waits sums up how long calls have waited in a queue. It is safe for any number of goroutines.
type Waits struct {
	count, sum, most atomic.Uint64 // sum and most in µs
}

// Add counts n waits that make sum µs together, the longest of them most µs: one batch at a time.
func (w *Waits) Add(n int, sum, most uint64) {
	w.count.Add(uint64(n))
	w.sum.Add(sum)
	for {
		old := w.most.Load()
		if most <= old || w.most.CompareAndSwap(old, most) {
			return
		}
	}
}

// Take returns how many waits there were since the last Take, their mean and the longest. A batch that is added
// meanwhile may be counted partly now and partly next time.
func (w *Waits) Take() (count int, mean, most time.Duration) {
	n, sum := w.count.Swap(0), w.sum.Swap(0)
	most = time.Duration(w.most.Swap(0)) * time.Microsecond
	if n == 0 {
		return 0, 0, most
	}
	return int(n), time.Duration(sum/n) * time.Microsecond, most
}
