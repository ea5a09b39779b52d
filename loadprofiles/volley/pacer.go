package volley

import (
	"context"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"redpacket/loadprofiles"
	"redpacket/system/pause"
)

const (
	// quantum is how long a pacer waits at least when nothing is due: everything that came due meanwhile leaves
	// together. A click is at most this late by it, and a timer costs more than a click.
	quantum = 4 * time.Millisecond
	// overtime is how long after the curve's end clicks that are owed may still leave, and be counted as late as they
	// are; then they are missing.
	overtime = time.Second
)

// plan is one shard's part of a curve of clicks: of every `of` clicks, the one at place index. It is arithmetic.
type plan struct {
	curve     loadprofiles.Curve
	index, of uint64 // index < of
}

// number is the place (1 …) in the whole curve of the shard's click seq (0 …).
func (p plan) number(seq uint64) uint64 { return seq*p.of + p.index + 1 }

// owed is when the shard's click seq is owed.
func (p plan) owed(seq uint64) time.Duration {
	at, _ := p.curve.When(p.number(seq))
	return at
}

// share is how many of the curve's first n clicks are the shard's.
func (p plan) share(n uint64) uint64 { return (n + p.of - 1 - p.index) / p.of }

// due is how many of the shard's clicks are owed at a time.
func (p plan) due(at time.Duration) uint64 {
	return p.share(min(uint64(p.curve.Due(at)), p.curve.Arrivals()))
}

// total is how many clicks are the shard's.
func (p plan) total() uint64 { return p.share(p.curve.Arrivals()) }

// pacer tells Vegeta when the next click leaves. It is never early.
type pacer struct {
	plan  plan
	ctx   context.Context
	total uint64
	known uint64 // clicks that were due when we last looked
}

var _ vegeta.Pacer = (*pacer)(nil)

func newPacer(ctx context.Context, p plan) *pacer { return &pacer{plan: p, ctx: ctx, total: p.total()} }

// Rate is the shard's clicks per second.
func (p *pacer) Rate(at time.Duration) float64 { return p.plan.curve.Rate(at) / float64(p.plan.of) }

// Pace waits by itself when the wait is long, because Vegeta's own wait cannot be stopped.
func (p *pacer) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	wait, stop := p.next(elapsed, hits)
	if wait <= 2*quantum {
		return wait, stop || (wait > 0 && p.ctx.Err() != nil)
	}
	return 0, !pause.For(p.ctx, wait)
}

// next is the arithmetic of Pace.
func (p *pacer) next(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	switch {
	case hits >= p.total, elapsed > p.plan.curve.Length()+overtime:
		return 0, true
	case hits < p.known:
		return 0, false
	}
	if p.known = p.plan.due(elapsed); hits < p.known {
		return 0, false
	}
	return max(p.plan.owed(hits)-elapsed, quantum), false
}
