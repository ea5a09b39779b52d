package ams

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/admin"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/wire"
)

// light is one ams-light: a line of reads; lists are answered from memory, in the order that recommend says if it says so
// in time, receipts wait in a second line for Redis, so that a Redis that hangs does not take the lists with it.
type light struct {
	cfg      config.Config
	shard    *shard
	pump     *pump
	receipts *line
	lists    *lists
	shown    []waiting // of answer: lists of one batch
	switches *control.Current
	servers  [][]byte // by game
	answers  tallies
	tagless  atomic.Int64 // requests whose user and tag contradict each other
	patience time.Duration
	now      clock
}

func newLight(cfg config.Config, now clock) *light {
	l := &light{cfg: cfg, shard: &shard{}, receipts: newLine(readLine), now: now,
		patience: cfg.Rules.ReadWithin.D() * 4 / 5, // so that tgw hears busy before it takes us for dead
		switches: control.NewCurrent(cfg.Node, cfg.Token)}
	for game := range cfg.Activity.Games {
		l.servers = append(l.servers, serversBody(game))
	}
	l.lists = newLists(l)
	l.pump = &pump{line: newLine(readLine), pace: pacerAt(cfg.Rules.LightRate), now: now, patience: l.patience,
		most: readBatch, out: outgoing{counts: &l.answers}}
	l.pump.line.reserve = reserveAt(cfg.Rules.LightRate, cfg.Rules.Reserve)
	return l
}

// take puts reads in line, and answers at once those that are none.
func (l *light) take(batch []wire.Call, from answerer) {
	served, over := bounded(batch, from, readLine/callerShare)
	refused := l.pump.line.push(served, from, l.now(), l.readable)
	for _, c := range over {
		refused = append(refused, refuse(c, api.Busy))
	}
	if len(refused) == 0 {
		return
	}
	for i := range refused {
		l.answers[refused[i].Code].Add(1)
		if refused[i].Code == api.Tagless {
			l.tagless.Add(1)
		}
	}
	from.Reply(refused)
}

func (l *light) readable(c wire.Call) api.Code {
	switch _, known := l.cfg.Activity.Gift(c.Gift); {
	case c.Op != api.List && c.Op != api.Select && c.Op != api.Receipt:
		return api.Malformed
	case api.Poisoned(c.User, c.Gift.Tagged()):
		return api.Tagless
	case c.Op == api.List && c.Gift.Place() > len(l.cfg.Activity.Beside), c.Op != api.List && !known:
		return api.NotFound
	}
	return api.OK
}

// run works until ctx ends.
func (l *light) run(ctx context.Context) {
	var parts sync.WaitGroup
	defer parts.Wait()
	for range receiptWorkers {
		parts.Go(func() { l.lookUp(ctx) })
	}
	var batch, reads []waiting
	for {
		if batch = l.pump.gather(ctx, batch[:0]); len(batch) == 0 {
			return
		}
		reads = l.answer(batch, reads[:0])
		now := l.now()
		for _, w := range l.receipts.move(reads) {
			l.pump.out.refuse(&w, api.Busy, now)
		}
		l.pump.out.send()
	}
}

// answer answers what is in memory, now or when recommend has answered, and appends the rest to reads.
func (l *light) answer(batch, reads []waiting) []waiting {
	now := l.now()
	l.shown = l.shown[:0]
	for i := range batch {
		c := &batch[i].call
		if garbled(c) {
			l.pump.out.refuse(&batch[i], api.Malformed, now)
			continue
		}
		switch c.Op {
		case api.Receipt:
			batch[i].left = now
			reads = append(reads, batch[i])
		case api.Select:
			gift, _ := l.cfg.Activity.Gift(c.Gift) // it was there when the call came in
			l.pump.out.add(batch[i].from, wire.Reply{ID: c.ID, Code: api.OK, Queued: queued(&batch[i], now), Body: l.servers[gift.Game]})
		default:
			c.Waited = queued(&batch[i], now)
			l.shown = append(l.shown, batch[i])
		}
	}
	l.lists.answer(l.shown, &l.pump.out)
	return reads
}

// receiptReader is the part of cmem that tells who holds what.
type receiptReader interface {
	Receipts(ctx context.Context, asks []cmem.Ask) ([]cmem.Share, error)
}

// lookUp answers receipts, a batch at a time: more come while Redis answers the last.
func (l *light) lookUp(ctx context.Context) {
	r := reader{light: l, out: outgoing{counts: &l.answers}}
	for {
		select {
		case <-l.receipts.wake:
		case <-ctx.Done():
			return
		}
		for {
			r.batch = l.receipts.pop(r.batch[:0], claimBatch)
			if len(r.batch) == 0 {
				break
			}
			if v := l.shard.now(); v.Open && v.store != nil {
				r.answer(ctx, v.store)
			} else {
				r.refuse(api.Closed)
			}
		}
	}
}

// reader is one receipt worker's memory.
type reader struct {
	*light
	batch []waiting
	asks  []cmem.Ask
	out   outgoing
}

// answer reads the batch's receipts from the primary; those who waited too long are not worth asking for.
func (r *reader) answer(ctx context.Context, primary receiptReader) {
	now := r.now()
	kept := r.batch[:0]
	r.asks = r.asks[:0]
	for i := range r.batch {
		if now-r.batch[i].at > r.patience {
			r.out.refuse(&r.batch[i], api.Busy, now)
			continue
		}
		kept = append(kept, r.batch[i])
		r.asks = append(r.asks, cmem.Ask{User: r.batch[i].call.User, Gift: r.batch[i].call.Gift})
	}
	r.batch = kept
	r.out.send()
	if len(kept) == 0 {
		return
	}
	limited, cancel := context.WithTimeout(ctx, r.patience)
	shares, err := primary.Receipts(limited, r.asks)
	cancel()
	switch {
	case errors.Is(err, cmem.ErrEpoch):
		r.refuse(api.Closed)
	case err != nil:
		r.refuse(api.Busy)
	default:
		r.tell(shares, now)
	}
}

func (r *reader) tell(shares []cmem.Share, now time.Duration) {
	for i := range r.batch {
		if shares[i].Code == api.OK {
			r.out.grant(&r.batch[i], &r.cfg.Activity, shares[i], now)
		} else {
			r.out.refuse(&r.batch[i], shares[i].Code, now)
		}
	}
	r.out.send()
}

func (r *reader) refuse(code api.Code) {
	now := r.now()
	for i := range r.batch {
		r.out.refuse(&r.batch[i], code, now)
	}
	r.out.send()
}

func (l *light) metrics() admin.Registry {
	m := admin.NewRegistry()
	m.Counter("redpacket_poisoned_total", "requests refused because their user and their tag contradict each other", admin.Labels{"at": "ams-light"},
		func() float64 { return float64(l.tagless.Load()) })
	l.lists.metrics(m)
	common(m, l.pump, &l.answers)
	return m
}
