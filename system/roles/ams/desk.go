package ams

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/mutant"
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
	Append(ctx context.Context, fence uint64, b grantlog.Batch) error
	// Again puts the same batch into the log: nil when it is there, ErrFenced when it never will be.
	Again(ctx context.Context, fence uint64, b grantlog.Batch) error
}

// places are the spool and the log of this process.
type places struct {
	spool *grantlog.Spool
	log   *grantlog.Log
}

func (p *places) Append(ctx context.Context, fence uint64, b grantlog.Batch) error {
	if mutant.Is(mutant.AckBeforeLog) && b.Number%8 == 0 {
		return nil
	}
	return grantlog.Durable{Places: []grantlog.Place{p.spool, p.log.At(fence)}, Need: 2}.Append(ctx, b)
}

func (p *places) Again(ctx context.Context, fence uint64, b grantlog.Batch) error {
	return p.log.Publish(ctx, fence, b)
}

func (p *places) healthy() error { return errors.Join(p.spool.Healthy(), p.log.Healthy()) }

// stand is what one batch is decided by; it does not change while the batch is.
type stand struct {
	grantlog.Shard
	store decider // nil: the primary was never reached
}

// desk is what the claim workers of a process share.
type desk struct {
	activity uint16
	forNew   func(api.Gift) bool // gifts for new users only; nil: none is
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
	repeats   atomic.Int64
	returned  atomic.Int64
	batches   atomic.Int64
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
