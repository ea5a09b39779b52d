package ams

import (
	"context"
	"errors"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/grantlog"
	"redpacket/system/mutant"
	"redpacket/system/pair"
	"redpacket/system/pause"
)

// job is one batch on its way.
type job struct {
	stand
	turn     cmem.Turn
	activity *activity.Activity
	asks     []cmem.Ask
	shares   []cmem.Share
}

// logged is the batch as the log keeps it: every grant, repeats included.
func (j *job) logged() grantlog.Batch {
	b := grantlog.Batch{Epoch: j.turn.Epoch, Writer: j.turn.Writer, Number: j.turn.Batch}
	for i, s := range j.shares {
		if mutant.Is(mutant.GrantOneFen) && i == 0 {
			s.Fen++
		}
		if s.Code == api.OK {
			gift := j.asks[i].Gift
			if mutant.Is(mutant.TagDroppedAtLog) {
				gift = gift.Untagged()
			}
			b.Grants = append(b.Grants, api.Grant{Order: j.activity.OrderOf(gift, s.Index),
				User: j.asks[i].User, Fen: s.Fen, Server: s.Server})
		}
	}
	return b
}

// How an unsettled batch is asked about: each attempt is bounded, and the pause between two grows.
const (
	askWithin = 500 * time.Millisecond
	pauseMin  = 20 * time.Millisecond
	pauseMax  = 500 * time.Millisecond
)

// unsettle shows the batch's claims as unsettled while find finds out.
func (d *desk) unsettle(j *job, find func()) {
	d.unsettled.Add(int64(len(j.asks)))
	defer d.unsettled.Add(-int64(len(j.asks)))
	find()
}

// settle finds out what became of a batch that Redis did not answer for, and if it happened makes its grants durable: the
// users know nothing, and hear of their share when they ask again.
func (d *desk) settle(ctx context.Context, j *job) {
	d.unsettle(j, func() {
		happened := false
		d.until(ctx, j, func() bool {
			limited, cancel := context.WithTimeout(ctx, askWithin)
			defer cancel()
			shares, err := j.store.Settle(limited, j.turn)
			j.shares, happened = shares, err == nil && shares != nil
			return err == nil || errors.Is(err, cmem.ErrEpoch)
		})
		if happened {
			d.publish(ctx, j, j.logged())
		}
	})
}

// publish puts a batch that Redis has decided into the log, until it is there or never will be. The log alone is enough
// here: nobody was told of a grant. While it lasts no other batch is begun, for the log may be in trouble. Where there are
// two logs, the shard may be announced anew without a new epoch: then the batch goes on behind the new announcement, for
// the store still has it.
func (d *desk) publish(ctx context.Context, j *job, b grantlog.Batch) {
	if len(b.Grants) == 0 {
		d.finish(j.turn.Batch)
		return
	}
	d.doubts.Add(1)
	defer d.doubts.Add(-1)
	for next := pauseMin; ctx.Err() == nil; next = min(2*next, pauseMax) {
		now := d.where().Shard
		if now.Epoch > j.turn.Epoch && j.Mode != pair.Single {
			d.log.Forget(b)
			return // the store was filled anew from the logs, whichever of them have the batch
		}
		if now.Epoch == j.turn.Epoch && j.Mode != pair.Single {
			j.Shard = now
		}
		err := d.log.Again(ctx, j.Shard, b)
		switch {
		case err == nil:
			d.finish(j.turn.Batch)
			d.count(j)
			return
		case errors.Is(err, grantlog.ErrFenced) && j.Mode == pair.Single:
			return // the epoch has moved: Redis is filled anew from the log, where the batch is not
		}
		pause.For(ctx, next)
	}
}

// returnOnce is true when the shares are back, or are no longer this epoch's to give.
func (d *desk) returnOnce(ctx context.Context, j *job) bool {
	limited, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	back, err := j.store.Return(limited, j.turn, j.asks, j.shares)
	d.returned.Add(int64(back))
	return err == nil || errors.Is(err, cmem.ErrEpoch)
}

// until tries until done says so, or the shard's epoch has moved: then Redis is filled anew, and its part is over.
func (d *desk) until(ctx context.Context, j *job, done func() bool) {
	for next := pauseMin; ctx.Err() == nil; next = min(2*next, pauseMax) {
		if done() || d.where().Epoch > j.turn.Epoch {
			return
		}
		pause.For(ctx, next)
	}
}

// leaver lists what a previous life of this writer left open.
type leaver interface {
	Leftovers(ctx context.Context, t cmem.Turn) ([]cmem.Leftover, error)
}

// inherit settles the batches that a previous life of this process decided and did not finish: some of them may not be
// durable, and their users heard nothing.
func (h *heavy) inherit(ctx context.Context) {
	for next := pauseMin; ctx.Err() == nil; next = min(2*next, pauseMax) {
		v := h.shard.now()
		if v.Open && v.store != nil && h.desk.inherit(ctx, stand{v.Shard, v.store}, v.store) {
			return
		}
		pause.For(ctx, next)
	}
}

// inherit is false when the leftovers could not be read, and must be asked for again.
func (d *desk) inherit(ctx context.Context, s stand, from leaver) bool {
	limited, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	left, err := from.Leftovers(limited, cmem.Turn{Epoch: s.Epoch, Writer: d.writer, Batch: d.first})
	if err != nil {
		return false
	}
	for _, l := range left {
		j := &job{stand: s, activity: d.activity, asks: l.Asks, shares: l.Shares,
			turn: cmem.Turn{Epoch: s.Epoch, Writer: d.writer, Batch: l.Batch}}
		d.unsettle(j, func() { d.publish(ctx, j, j.logged()) })
	}
	return true
}
