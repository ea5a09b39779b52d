package ams

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/admin"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/wire"
)

// heavy is one ams-heavy: a line of claims, and the workers that decide them.
type heavy struct {
	cfg   config.Config
	shard *shard
	pump  *pump
	desk  *desk
	free  chan *worker
	log   atomic.Pointer[places] // nil until the log was reached
}

func newHeavy(cfg config.Config, now clock) *heavy {
	h := &heavy{cfg: cfg, shard: &shard{}, free: make(chan *worker, claimWorkers)}
	h.desk = &desk{activity: cfg.Activity.ID, part: cfg.Part, writer: cfg.Node, where: h.where, now: now,
		within: cfg.Rules.ClaimWithin.D(), patience: cfg.Rules.ClaimWithin.D() / 2}
	h.desk.number.Store(uint64(time.Now().UnixNano())) // a writer's numbers must grow across its lives
	h.desk.first = h.desk.number.Load()
	h.pump = &pump{line: newLine(claimLine), pace: pacerAt(cfg.Rules.HeavyRate), now: now,
		patience: h.desk.patience, linger: claimLinger, most: claimBatch, out: outgoing{counts: &h.desk.answers}}
	return h
}

// where is what a batch is decided by: the shard's state and its primary.
func (h *heavy) where() stand {
	v := h.shard.now()
	s := stand{Shard: v.Shard}
	if v.store != nil {
		s.store = v.store
	}
	return s
}

// healthy is nil when claims can be granted.
func (h *heavy) healthy() error {
	log := h.log.Load()
	if log == nil {
		return errors.New("the log was not reached yet")
	}
	return errors.Join(h.shard.open(), log.healthy(h.shard.now().Shard))
}

// ready tells whether a claim may be tried at all. It may not while the log is unreachable or owes an answer: a share
// would be decided that nothing makes durable.
func (h *heavy) ready() bool {
	log := h.log.Load()
	return log != nil && h.desk.doubts.Load() == 0 && h.shard.open() == nil && log.healthy(h.shard.now().Shard) == nil
}

// take puts claims in line, and answers at once those that can be refused without asking anybody.
func (h *heavy) take(batch []wire.Call, from answerer) {
	ready, now := h.ready(), h.pump.now()
	refused := h.pump.line.push(batch, from, now, func(c wire.Call) api.Code { return claimable(&h.cfg.Activity, c, ready) })
	if len(refused) == 0 {
		return
	}
	for i := range refused {
		h.desk.answers[refused[i].Code].Add(1)
	}
	from.Reply(refused)
}

// claimable is OK for a claim that may be decided. Nobody can prove a newcomer yet: the cheap side.
func claimable(a *activity.Activity, c wire.Call, ready bool) api.Code {
	if c.Op != api.Claim || c.User == 0 {
		return api.Malformed
	}
	if code := a.MayClaim(c.Gift, false); code != api.OK {
		return code
	}
	if !ready {
		return api.Closed
	}
	return api.OK
}

// begin works until ctx ends.
func (h *heavy) begin(ctx context.Context, log *places) {
	h.desk.log = log
	h.log.Store(log)
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { h.shard.follow(ctx, h.cfg.IDC, log.logs) })
	parts.Go(func() { h.inherit(ctx) })
	for range claimWorkers {
		w := newWorker(h.desk)
		parts.Go(func() { w.run(ctx, h.free) })
		h.free <- w
	}
	h.hand(ctx)
}

// hand gives batches to workers. The worker comes first: until one is free the calls stay in line, where they grow into
// larger batches and can still be dropped.
func (h *heavy) hand(ctx context.Context) {
	tick := time.NewTicker(expireWait)
	defer tick.Stop()
	for {
		select {
		case w := <-h.free:
			if w.batch = h.pump.gather(ctx, w.batch[:0]); len(w.batch) == 0 {
				return
			}
			w.start <- struct{}{}
		case <-tick.C:
			h.pump.drop()
		case <-ctx.Done():
			return
		}
	}
}

func (h *heavy) metrics() admin.Registry {
	m, d := admin.NewRegistry(), h.desk
	m.Gauge("redpacket_claims_unsettled", "claims whose outcome is not certain yet", nil, func() float64 { return float64(d.unsettled.Load()) })
	m.Counter("redpacket_grants_total", "shares made durable for the first time", nil, func() float64 { return float64(d.grants.Load()) })
	m.Counter("redpacket_repeats_total", "claims that got the share the user had, made durable again", nil, func() float64 { return float64(d.repeats.Load()) })
	m.Counter("redpacket_returned_total", "shares that went back to their stock", nil, func() float64 { return float64(d.returned.Load()) })
	m.Counter("redpacket_batches_total", "batches decided", nil, func() float64 { return float64(d.batches.Load()) })
	common(m, h.pump, &d.answers)
	return m
}

// common are the metrics of both pools.
func common(m admin.Registry, p *pump, answers *tallies) {
	m.Gauge("redpacket_queue_wait_seconds", "how long calls wait in line", nil, func() float64 { return p.wait().Seconds() })
	m.Gauge("redpacket_queue_length", "calls in line", nil, func() float64 { n, _ := p.line.state(); return float64(n) })
	for code := range api.Codes {
		m.Counter("redpacket_answers_total", "calls answered", admin.Labels{"code": code.String()},
			func() float64 { return float64(answers[code].Load()) })
	}
}
