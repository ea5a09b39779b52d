package volley

import (
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
	"redpacket/system/money"
)

// The wait of a polite client after an unknown outcome, which names none.
const (
	doubtWait   = time.Second
	doubtSpread = time.Second
)

// verdict is what an answer means to its client. The zero value is an unknown outcome.
type verdict struct {
	outcome api.Outcome
	code    api.Code
	order   api.Order
	fen     money.Fen
	wait    time.Duration // before a polite client tries again
	spread  time.Duration // and a random part of this
	gray    bool          // the new version said so
}

// read says what an answer to an op means.
func (e *engine) read(a answer, op api.Op) verdict {
	code, err := a.code(op)
	if err != nil {
		e.counts.garbled++
		return verdict{outcome: api.Failed, gray: a.gray}
	}
	v := verdict{outcome: code.Outcome(), code: code, gray: a.gray}
	switch {
	case v.outcome == api.Done && op == api.Claim:
		var ok bool
		if v.order, v.fen, ok = a.share(); !ok {
			e.counts.garbled++
			return verdict{outcome: api.Failed, code: code, gray: a.gray}
		}
	case v.outcome == api.Shed:
		v.wait, v.spread = a.wait, a.spread()
	}
	return v
}

// end is the end of one request: it is counted, written down if it was a claim, and its journey goes on or ends.
func (e *engine) end(p pending, now time.Duration, v verdict) {
	took := max(0, now-p.owed)
	if took > e.profile.Patience && v.outcome != api.Doubt {
		e.counts.tooLate++
		v = verdict{gray: v.gray}
	}
	op := p.op
	if p.beside {
		op = op.Beside()
	}
	e.tally.Record(p.owed, took, op, v.outcome)
	if e.cohorts != nil && p.journey != nil {
		e.cohorts.record(p, took, v)
	}
	e.counts.outcomes[v.outcome]++
	if critical(p.op) {
		e.counts.critical[v.outcome]++
	}
	e.counts.last = max(e.counts.last, now)
	if p.journey == nil {
		return
	}
	if p.op == api.Claim {
		e.write(p, took, v)
	}
	e.proceed(p.journey, now, v)
}

func (e *engine) write(p pending, took time.Duration, v verdict) {
	a := loadprofiles.Attempt{User: p.journey.click.User, Gift: p.journey.click.Gift, Order: v.order, Fen: v.fen,
		Outcome: v.outcome, Code: v.code, Owed: p.owed, Took: took, Gray: v.gray}
	if v.outcome == api.Done {
		e.told.hear(a)
	}
	e.lines = a.Append(e.lines)
	if len(e.lines) > pageSize-loadprofiles.AttemptSize {
		e.lines = e.paper.turn(e.lines)
	}
}

// proceed takes a journey to its next step, to another try, or to its end.
func (e *engine) proceed(j *journey, now time.Duration, v verdict) {
	switch v.outcome {
	case api.Done:
		if j.op >= j.click.Last {
			e.done(j)
			return
		}
		j.op++
		j.retries = 0
		e.step(j, now)
	case api.Shed, api.Doubt:
		e.retry(j, now, v)
	default:
		e.done(j)
	}
}

func (e *engine) retry(j *journey, now time.Duration, v verdict) {
	rule := e.profile.Retry
	if e.closed || int(j.retries) >= rule.Most || e.wheel.count >= maxJourneys {
		e.done(j)
		return
	}
	j.retries++
	e.wheel.add(j, now+v.rest(rule, &j.click.Draw))
}

// rest is how long a client waits after a verdict before it tries again: a naive one for as long as ever, a polite one for as
// long as it was asked to.
func (v verdict) rest(rule loadprofiles.Retry, draw *loadprofiles.Draw) time.Duration {
	wait, spread := v.wait, v.spread
	switch {
	case rule.After > 0:
		return rule.After
	case v.outcome == api.Doubt:
		wait, spread = doubtWait, doubtSpread
	}
	if spread > 0 {
		wait += time.Duration(draw.Next() % uint64(spread))
	}
	return wait
}

// turn is the clock's work, every tick: let journeys try again, give up what took too long, and look after the
// connections.
func (e *engine) turn(now time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wheel.turn(now, func(j *journey) {
		if e.closed {
			e.done(j)
			return
		}
		e.counts.retries++
		e.tally.Note(e.now(), tally.Retried(j.op))
		e.step(j, e.now())
	})
	for c := range e.conns() {
		e.giveUp(c, now, e.profile.Patience)
		c.check(now)
	}
}

// giveUp ends every request of a connection whose client has waited for longer than patience.
func (e *engine) giveUp(c *conn, now, patience time.Duration) {
	for {
		p, old := c.sent.giveUp(now - patience)
		if !old {
			return
		}
		e.end(p, now, verdict{})
	}
}

// idle says whether nothing is on its way and nobody waits to try again.
func (e *engine) idle() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	waiting := uint64(e.wheel.count)
	for c := range e.conns() {
		waiting += c.sent.waiting()
	}
	return waiting == 0
}

// close ends what is still on its way, as unknown, and hands over the journal's last lines.
func (e *engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	now := e.now()
	for c := range e.conns() {
		e.giveUp(c, now, -1<<62)
	}
	e.lines = e.paper.turn(e.lines)
}
