package recon

import (
	"context"
	"time"

	"redpacket/system/pause"
)

// stride is how many entries are read between two looks at the clock.
const stride = 256

// pace holds a reader to so many entries a second: it never makes up for lost time, so a pass is no burst.
type pace struct {
	rate  float64
	now   func() time.Time
	next  time.Time // when the next stride is due
	since int       // entries since the last look
}

// one counts an entry; n is how many there were since the last time that it was not 0. The error is ctx's.
func (p *pace) one(ctx context.Context) (n int, err error) {
	if p.since++; p.since < stride {
		return 0, nil
	}
	n, p.since = p.since, 0
	now := p.now()
	if p.next = p.next.Add(time.Duration(float64(n) / p.rate * float64(time.Second))); p.next.Before(now) {
		p.next = now
	}
	if wait := p.next.Sub(now); wait > 0 && !pause.For(ctx, wait) || ctx.Err() != nil {
		return n, ctx.Err()
	}
	return n, nil
}
