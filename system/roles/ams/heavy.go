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
	"redpacket/system/control"
	"redpacket/system/wire"
)

// heavy is one ams-heavy: a line of claims, and the workers that decide them.
type heavy struct {
	cfg   config.Config
	shard *shard
	pump  *pump
	desk  *desk
	free  chan *worker

	newcomers *newcomers
	log       atomic.Pointer[places] // nil until the log was reached
}

func newHeavy(cfg config.Config, now clock) *heavy {
	h := &heavy{cfg: cfg, shard: &shard{}, free: make(chan *worker, claimWorkers)}
	h.desk = &desk{activity: &h.cfg.Activity, part: cfg.Part, writer: cfg.Node, where: h.where, now: now, switches: control.NewCurrent(cfg.Node, cfg.Token),
		within: cfg.Rules.ClaimWithin.D(), patience: cfg.Rules.ClaimWithin.D() / 2}
	h.desk.forNew = func(id api.Gift) bool {
		g, there := cfg.Activity.Gift(id)
		return there && g.For == activity.NewUsers
	}
	h.desk.number.Store(uint64(time.Now().UnixNano())) // a writer's numbers must grow across its lives
	h.desk.first = h.desk.number.Load()
	h.pump = &pump{line: newLine(claimLine), pace: pacerAt(cfg.Rules.HeavyRate), now: now,
		patience: h.desk.patience, linger: claimLinger, most: claimBatch, out: outgoing{counts: &h.desk.answers}}
	h.pump.line.reserve = reserveAt(cfg.Rules.HeavyRate, cfg.Rules.Reserve)
	h.newcomers = newNewcomers(h)
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

// take puts claims in line, and answers at once those that can be refused without asking anybody. Claims for new users
// only are looked up first.
func (h *heavy) take(batch []wire.Call, from answerer) {
	ready, now := h.ready(), h.pump.now()
	switches := h.desk.switches.Now()
	d := door{ready: !switches.StopIssuing && ready, cheapOnly: switches.CheapOnly}
	served, over := bounded(batch, from, claimLine/callerShare)
	var unproven []waiting
	refused := h.pump.line.push(served, from, now, func(c wire.Call) api.Code {
		code := d.claimable(&h.cfg.Activity, c)
		if code == aside {
			unproven = append(unproven, waiting{call: c, from: from, at: now})
		}
		return code
	})
	if len(unproven) > 0 {
		refused = h.newcomers.prove(unproven, refused)
	}
	for _, c := range over {
		refused = append(refused, refuse(c, api.Busy))
	}
	if len(refused) == 0 {
		return
	}
	for i := range refused {
		h.desk.answers[refused[i].Code].Add(1)
		if refused[i].Code == api.Tagless {
			h.desk.tagless.Add(1)
		}
	}
	from.Reply(refused)
}

// door is what a batch of claims meets at the door.
type door struct {
	ready     bool // claims may be tried
	cheapOnly bool // no gift for new users, whatever could be proven
}

// claimable is OK for a claim that anybody may make, aside for one that only a newcomer may, and else why it is refused.
func (d door) claimable(a *activity.Activity, c wire.Call) api.Code {
	if c.Op != api.Claim || c.User == 0 {
		return api.Malformed
	}
	if api.Poisoned(c.User, c.Gift.Tagged()) {
		return api.Tagless
	}
	switch code := a.MayClaim(c.Gift, false); {
	case code != api.OK && (code != api.NotEligible || d.cheapOnly):
		return code
	case !d.ready:
		return api.Closed
	case code == api.NotEligible:
		return aside
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
	m.Counter("redpacket_newcomer_grants_total", "of them, of gifts for new users", nil, func() float64 { return float64(d.newcomers.Load()) })
	m.Counter("redpacket_repeats_total", "claims that got the share the user had, made durable again", nil, func() float64 { return float64(d.repeats.Load()) })
	m.Counter("redpacket_returned_total", "shares that went back to their stock", nil, func() float64 { return float64(d.returned.Load()) })
	m.Counter("redpacket_batches_total", "batches decided", nil, func() float64 { return float64(d.batches.Load()) })
	for at, n := range map[string]*atomic.Int64{"ams-heavy": &d.tagless, "cmem": &d.taglessStore, "log": &d.taglessLog} {
		m.Counter("redpacket_poisoned_total", "claims refused because their user and their tag contradict each other, by the writer that noticed", admin.Labels{"at": at},
			func() float64 { return float64(n.Load()) })
	}
	h.newcomers.metrics(m)
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
