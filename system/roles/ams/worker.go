package ams

import (
	"context"
	"errors"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/grantlog"
	"redpacket/system/mutant"
	"redpacket/system/wire"
)

// worker takes one batch of claims at a time from decided over durable to answered.
type worker struct {
	*desk
	start chan struct{}
	batch []waiting  // as it came; then those that are decided
	asks  []cmem.Ask // batch[i] asks asks[i]
	out   outgoing
}

func newWorker(d *desk) *worker {
	return &worker{desk: d, start: make(chan struct{}, 1), out: outgoing{counts: &d.answers}}
}

// run works on the batch whenever start says so, and is free again after it.
func (w *worker) run(ctx context.Context, free chan<- *worker) {
	for {
		select {
		case <-w.start:
			w.serve(ctx)
			free <- w // as many places as workers: never blocks
		case <-ctx.Done():
			return
		}
	}
}

// serve decides the batch, makes it durable, and only then answers.
func (w *worker) serve(ctx context.Context) {
	s, started := w.where(), w.now()
	w.sift(s, started)
	if len(w.batch) == 0 {
		return
	}
	if !s.Open || s.store == nil || w.switches.Now().StopIssuing {
		w.refuse(api.Closed, started)
		return
	}
	if w.batches.Add(1) > 20 && mutant.Is(mutant.PanicSwallowed) {
		mutant.Swallow()
	}
	j := job{stand: s, turn: w.turn(s.Epoch), activity: w.activity, asks: w.asks}
	var err error
	j.shares, err = w.decide(ctx, &j)
	oddly(j.asks, j.shares)
	switch {
	case err == nil:
		w.keep(ctx, &j, started)
	case errors.Is(err, cmem.ErrTagless):
		w.taglessStore.Add(int64(len(w.batch)))
		w.finish(j.turn.Finished...)
		w.refuse(api.Tagless, started)
	case errors.Is(err, cmem.ErrEpoch), errors.Is(err, cmem.ErrVoid):
		w.finish(j.turn.Finished...)
		w.refuse(api.Closed, started)
	default:
		w.finish(j.turn.Finished...)
		w.refuse(api.Unknown, started)
		w.settle(ctx, &j)
	}
}

// sift answers Busy to those who waited too long, here and before, and Closed to those who are another data centre's to
// serve; what is left are the asks. Whose a user is goes by the announcement that the batch is decided under.
func (w *worker) sift(s stand, now time.Duration) {
	kept := w.batch[:0]
	w.asks = w.asks[:0]
	for i := range w.batch {
		c := &w.batch[i].call
		if now-w.batch[i].at+time.Duration(c.Waited)*time.Microsecond > w.patience {
			w.out.refuse(&w.batch[i], api.Busy, now)
			continue
		}
		if s.Owns == "" && !w.part.Owns(c.User) {
			w.out.refuse(&w.batch[i], api.Closed, now)
			continue
		}
		w.asks = append(w.asks, ask(c))
		kept = append(kept, w.batch[i])
	}
	w.batch = kept
	w.out.send()
}

// ask is a call as Redis is asked.
func ask(c *wire.Call) cmem.Ask {
	gift := c.Gift
	if mutant.Is(mutant.TagDroppedAtAMS) || mutant.Is(mutant.TagLeaksAtAMS) || mutant.Is(mutant.GrayTag) {
		gift = gift.Untagged()
	}
	return cmem.Ask{User: c.User, Gift: gift, Server: c.Server}
}

func (w *worker) decide(ctx context.Context, j *job) ([]cmem.Share, error) {
	ctx, cancel := context.WithTimeout(ctx, w.patience)
	defer cancel()
	return j.store.Claim(ctx, j.turn, j.asks)
}

// keep makes the batch durable and answers it.
func (w *worker) keep(ctx context.Context, j *job, started time.Duration) {
	b := j.logged()
	if mutant.Is(mutant.UnknownHalf) && b.Number%8 == 0 {
		w.tell(j, api.Unknown, started)
		return
	}
	if len(b.Grants) == 0 {
		w.finish(j.turn.Batch)
		w.tell(j, api.OK, started)
		return
	}
	limited, cancel := context.WithTimeout(ctx, w.within)
	err := w.log.Append(limited, j.Shard, b)
	cancel()
	switch {
	case err == nil:
		w.finish(j.turn.Batch)
		w.count(j)
		w.tell(j, api.OK, started)
	case errors.Is(err, grantlog.ErrNowhere):
		if errors.Is(err, grantlog.ErrTagless) {
			w.taglessLog.Add(int64(len(b.Grants)))
		}
		w.giveBack(ctx, j, started)
	default:
		w.tell(j, api.Unknown, started)
		w.unsettle(j, func() { w.publish(ctx, j, b) })
	}
}

// giveBack returns the shares of a batch that is certainly not durable. Users hear of it when the shares are back, or at
// once that nobody knows.
func (w *worker) giveBack(ctx context.Context, j *job, started time.Duration) {
	if w.returnOnce(ctx, j) {
		w.tell(j, api.Closed, started)
		return
	}
	w.tell(j, api.Unknown, started)
	w.unsettle(j, func() { w.until(ctx, j, func() bool { return w.returnOnce(ctx, j) }) })
}

// tell answers every call of the batch; instead of OK, the shares' own code, it says code.
func (w *worker) tell(j *job, code api.Code, started time.Duration) {
	for i := range w.batch {
		switch s := j.shares[i]; {
		case s.Code != api.OK:
			w.out.refuse(&w.batch[i], s.Code, started)
		case code != api.OK:
			w.out.refuse(&w.batch[i], code, started)
		case mutant.Is(mutant.RefusalKeeps) && s.Index%8 == 0:
			w.out.refuse(&w.batch[i], api.SoldOut, started)
		default:
			w.out.grant(&w.batch[i], w.activity, s, started)
		}
	}
	w.out.send()
}

// refuse answers the whole batch with one code.
func (w *worker) refuse(code api.Code, started time.Duration) {
	for i := range w.batch {
		w.out.refuse(&w.batch[i], code, started)
	}
	w.out.send()
}

func (d *desk) count(j *job) {
	var fresh, again, newcomers int64
	for i, s := range j.shares {
		switch {
		case s.Code != api.OK:
		case s.Repeat:
			again++
		default:
			fresh++
			if d.forNew != nil && d.forNew(j.asks[i].Gift) {
				newcomers++
			}
		}
	}
	d.grants.Add(fresh)
	d.newcomers.Add(newcomers)
	d.repeats.Add(again)
}
