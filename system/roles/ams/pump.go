package ams

import (
	"context"
	"sync/atomic"
	"time"

	"redpacket/system/api"
	"redpacket/system/overload"
)

// pacer is the rate a process was built for: of want calls, so many may start now.
type pacer interface {
	Take(now time.Time, want int) int
}

// burst is how much lost time a process makes up for: a stall of its container, of the disk or of the machine, as long as
// a read may take. What it is built for is a mean; without this each stall would leave a queue for seconds.
const burst = 250 * time.Millisecond

// pacerAt paces to rate calls a second; 0 is no limit.
func pacerAt(rate float64) pacer { return overload.NewPacer(rate, burst) }

// The pump's waits: for the pacer to allow more, between two looks at a line that nothing leaves, and at an empty one,
// which wakes the pump when a call joins.
const (
	paceWait   = time.Millisecond
	expireWait = 10 * time.Millisecond
	restWait   = time.Second
)

// pump takes calls out of a line at the built-for rate, and drops those that waited too long: their callers have given
// them up, and nothing has been done for them yet.
type pump struct {
	line     *line
	pace     pacer
	now      clock
	patience time.Duration // a call that waited longer is answered Busy
	linger   time.Duration // how long the first call of a batch waits for others
	most     int           // calls a batch

	timer   *time.Timer
	dropped []waiting
	out     outgoing

	waited atomic.Int64 // ns that the first call of the last batch waited
	popped atomic.Int64 // when that was
}

// gather waits until there is work and appends a batch of it to dst; it returns dst alone when ctx ends.
func (p *pump) gather(ctx context.Context, dst []waiting) []waiting {
	for ctx.Err() == nil {
		p.drop()
		n, first := p.line.state()
		wait := restWait
		if n > 0 {
			age := p.now() - first
			wait = p.linger - age
			if n >= p.most || wait <= 0 {
				if n = p.pace.Take(time.Now(), min(n, p.most)); n > 0 {
					p.note(age)
					return p.line.pop(dst, n)
				}
				wait = paceWait
			}
		}
		p.pause(ctx, wait, n == 0 || p.linger > 0)
	}
	return dst
}

// pause waits; with wake it ends when something joins the line.
func (p *pump) pause(ctx context.Context, d time.Duration, wake bool) {
	if p.timer == nil {
		p.timer = time.NewTimer(d)
	} else {
		p.timer.Reset(d)
	}
	joined := p.line.wake
	if !wake {
		joined = nil
	}
	select {
	case <-joined:
	case <-p.timer.C:
	case <-ctx.Done():
	}
	p.timer.Stop()
}

// drop answers Busy to those who waited too long.
func (p *pump) drop() {
	now := p.now()
	p.dropped = p.line.expire(p.dropped[:0], now-p.patience)
	for i := range p.dropped {
		p.out.refuse(&p.dropped[i], api.Busy, now)
	}
	p.out.send()
}

func (p *pump) note(age time.Duration) {
	p.waited.Store(int64(age))
	p.popped.Store(int64(p.now()))
}

// wait is how long calls wait in line now.
func (p *pump) wait() time.Duration {
	n, first := p.line.state()
	if n > 0 {
		return max(p.now()-first, time.Duration(p.waited.Load()))
	}
	if p.now()-time.Duration(p.popped.Load()) > time.Second {
		return 0
	}
	return time.Duration(p.waited.Load())
}
