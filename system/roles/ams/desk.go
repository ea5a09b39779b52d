package ams

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/mutant"
	"redpacket/system/pair"
)

// decider is the part of cmem that decides claims.
type decider interface {
	Claim(ctx context.Context, t cmem.Turn, asks []cmem.Ask) ([]cmem.Share, error)
	Settle(ctx context.Context, t cmem.Turn) ([]cmem.Share, error)
	Return(ctx context.Context, t cmem.Turn, asks []cmem.Ask, shares []cmem.Share) (back int, err error)
}

// keeping is where grants become durable.
type keeping interface {
	// Append is the rule: nil when the batch is in as many places as it must be, ErrNowhere when it certainly is not
	// and never will be, anything else is doubt.
	Append(ctx context.Context, s grantlog.Shard, b grantlog.Batch) error
	// Again puts the same batch into the log: nil when it is there, ErrFenced when behind this announcement it never
	// will be.
	Again(ctx context.Context, s grantlog.Shard, b grantlog.Batch) error
	// Forget is for a batch that is asked about no more, because its epoch has passed.
	Forget(b grantlog.Batch)
}

// places are the spool and the logs of this process.
type places struct {
	spool *grantlog.Spool
	logs  grantlog.Twin
}

func (p *places) Append(ctx context.Context, s grantlog.Shard, b grantlog.Batch) error {
	if mutant.Is(mutant.AckBeforeLog) && b.Number%8 == 0 {
		return nil
	}
	if p.logs.Mirror == nil {
		if err := p.unlinked(s); err != nil {
			return fmt.Errorf("%w: %w", grantlog.ErrNowhere, err)
		}
		return grantlog.Durable{Places: []grantlog.Place{p.spool, p.logs.Own.At(s.Fence)}, Need: 2}.Append(ctx, b)
	}
	return p.logs.Places(p.spool, s).Append(ctx, b)
}

func (p *places) Again(ctx context.Context, s grantlog.Shard, b grantlog.Batch) error {
	if p.logs.Mirror == nil {
		return p.logs.Own.Publish(ctx, s.Fence, b)
	}
	return p.logs.Places(p.spool, s).Again(ctx, b)
}

func (p *places) Forget(b grantlog.Batch) {
	if p.logs.Mirror != nil {
		p.logs.Places(p.spool, grantlog.Shard{}).Forget(b)
	}
}

// unlinked says that the shard has a mirror which this process cannot reach: to leave it out is not this process' to decide.
func (p *places) unlinked(s grantlog.Shard) error {
	if p.logs.Mirror == nil && s.Mode != pair.Single {
		return fmt.Errorf("the shard of %s is %s, and there is no link to its mirror", s.IDC, s.Mode)
	}
	return nil
}

// healthy is nil when a batch could become durable in the shard's mode.
func (p *places) healthy(s grantlog.Shard) error {
	if err := p.unlinked(s); err != nil {
		return err
	}
	if s.Mode != pair.Mirrored { // there the spool is the third place
		if err := p.spool.Healthy(); err != nil {
			return err
		}
	}
	return p.logs.Healthy(s.Mode)
}

// stand is what one batch is decided by; it does not change while the batch is.
type stand struct {
	grantlog.Shard
	store decider // nil: the primary was never reached
}

// desk is what the claim workers of a process share.
type desk struct {
	activity *activity.Activity
	forNew   func(api.Gift) bool // gifts for new users only; nil: none is
	part     activity.Part
	writer   string
	where    func() stand
	log      keeping
	switches *control.Current
	now      clock
	within   time.Duration // a claim's time as a whole
	patience time.Duration // how long a claim may have waited when it is decided

	number atomic.Uint64 // of the last batch
	first  uint64        // the numbers of this life are above it

	mu       sync.Mutex
	finished []uint64 // batches whose record Redis may drop

	answers   tallies
	unsettled atomic.Int64 // claims
	doubts    atomic.Int64 // batches that the log owes an answer for
	grants    atomic.Int64
	newcomers atomic.Int64 // grants of gifts for new users

	tagless, taglessStore, taglessLog atomic.Int64 // claims whose user and tag contradict each other: at the door, at Redis, at the log
	repeats                           atomic.Int64
	returned                          atomic.Int64
	batches                           atomic.Int64
}

// maxFinished is how many records one claim call drops.
const maxFinished = 256

// turn is the next batch's.
func (d *desk) turn(epoch uint32) cmem.Turn {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(len(d.finished), maxFinished)
	done := append([]uint64(nil), d.finished[:n]...)
	d.finished = append(d.finished[:0], d.finished[n:]...)
	return cmem.Turn{Epoch: epoch, Writer: d.writer, Batch: d.number.Add(1), Finished: done}
}

// finish notes that the outcome of batches is certain, so that nobody needs their records.
func (d *desk) finish(batches ...uint64) {
	d.mu.Lock()
	d.finished = append(d.finished, batches...)
	d.mu.Unlock()
}
