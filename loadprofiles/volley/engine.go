package volley

import (
	"sync"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
	"redpacket/system/gray"
	"redpacket/system/login"
)

// maxJourneys bounds the journeys that wait to try again (100 bytes each); users beyond it do not come back.
const maxJourneys = 1 << 20

// engine carries the journeys of one shard. Vegeta's workers start them, the connections' readers take them on, and the
// clock gives them up or lets them try again; all of them under one lock, held for a batch at a time.
type engine struct {
	profile loadprofiles.Profile // scaled
	crowd   *loadprofiles.Crowd
	valve   *valve // of the promotion; nil: there is none
	signer  *login.Signer
	texts   *requests
	expires uint32 // of the tokens, in seconds since 1970
	zero    time.Time
	paper   *paper // the journal

	mu     sync.Mutex
	places []*place // every front door that users were ever sent to
	routes []*place // where each group of users goes now; one: where all go
	deal   *deal    // of the requests, when a hit is a request
	tally  *tally.Tally
	// cohorts is nil where users are not told apart.
	cohorts *cohorts
	wheel   wheel
	free    *journey
	lines   []byte // attempts on their way to the journal
	told    told   // of which users were told what
	closed  bool   // no retries any more
	counts  counts
	sent    beats
}

// counts is what an engine counts; shards' counts add up. Hits are clicks, or exposures of which some became clicks; those
// withheld are no hits.
type counts struct {
	hits, withheld                          uint64
	clicks, owed, launched, unsent, retries uint64
	tooLate, garbled, dropped               uint64
	lateOver, stream                        uint64
	lateMax, last                           time.Duration // last: when the last answer came
	outcomes, critical                      [api.Outcomes]uint64
}

// journey is one click on its way. It is reused.
type journey struct {
	next    *journey // in the list of free ones, or in the wheel
	click   loadprofiles.Click
	op      api.Op // the step it is at
	retries uint8  // of this step
	lane    uint32 // which connection of a class it uses
	token   [login.TokenLen]byte
}

// now is the time since the volley began.
func (e *engine) now() time.Duration { return time.Since(e.zero) }

// passed is how many hits of the shard's plan came due: those that left, and those that never were.
func (e *engine) passed() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts.passed()
}

func (c *counts) passed() uint64 { return c.hits + c.withheld }

// expose has user number n come at a time, who clicks or does not; unless he was never shown the event.
func (e *engine) expose(n uint64, owed time.Duration) {
	if e.valve.keepsAway(e.crowd, n, owed) {
		e.withhold(owed)
		return
	}
	if e.crowd.Clicks(n) {
		e.launch(n, owed)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.left(owed)
}

// withhold counts a hit that never was. To the rhythm it counts as left: it came due, and Vegeta gave it away in time.
func (e *engine) withhold(owed time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sent.add(e.now())
	e.tally.Note(owed, tally.Withheld)
	e.counts.withheld++
}

// launch starts click number n, owed at a time: its static parts and its first step, as often as it is pressed, leave together.
func (e *engine) launch(n uint64, owed time.Duration) {
	click := e.crowd.Click(n)
	var token [login.TokenLen]byte
	e.signer.Mint(token[:0], click.User, e.expires)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.left(owed)
	e.clicked(owed, click.Hash(n))
	j := e.take()
	j.click, j.op, j.lane, j.token = click, click.First, uint32(n>>laneBits), token
	if e.cohorts != nil {
		j.lane = uint32(gray.Bucket(click.User))
	}
	to := e.placeOf(click.User)
	for i := range e.crowd.Statics(click, owed) {
		if c := e.ask(to, j.lane, pending{owed: owed, op: api.Static, beside: click.Gift.Place() > 0}); c != nil {
			c.out = e.texts.static(c.out, i)
		}
	}
	for range e.profile.Funnel.Asked() - 1 {
		again := e.take()
		again.click, again.op, again.lane, again.token = click, click.First, j.lane, token
		again.click.Last = click.First
		e.step(again, owed)
	}
	e.step(j, owed)
}

// launchNext starts the next request of a shard's plan.
func (e *engine) launchNext(p plan) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, r, asked := e.next(p)
	c := e.ask(e.placeOf(r.click.User), uint32(r.n>>laneBits), asked)
	switch {
	case c == nil:
	case r.op == api.Static:
		c.out = e.texts.static(c.out, r.part)
	default:
		var token [login.TokenLen]byte
		e.signer.Mint(token[:0], r.click.User, e.expires)
		c.out = e.texts.dynamic(c.out, r.op, r.click, &token)
	}
}

// next is the next request of a shard's plan, which leaves now, and its place in the curve. Hits are numbered in the
// order in which they leave, which is the order in which they are owed, whatever order Vegeta's workers come in.
func (e *engine) next(p plan) (hit uint64, r request, asked pending) {
	hit, asked.owed = p.number(e.counts.hits), p.owed(e.counts.hits)
	r = e.deal.to(hit)
	e.left(asked.owed)
	e.clicked(asked.owed, r.hash(hit))
	asked.beside = r.click.Gift.Place() > 0
	if asked.op = r.op; r.op == api.Claim {
		asked.journey = e.take()
		asked.journey.click, asked.journey.op = r.click, api.Claim
		asked.journey.click.Last = api.Claim // the receipt is a hit of its own
	}
	return hit, r, asked
}

// left counts a hit that leaves now.
func (e *engine) left(owed time.Duration) {
	now := e.now()
	late := max(0, now-owed)
	e.sent.add(now)
	e.tally.Late(owed, late)
	e.counts.hits++
	e.counts.lateMax = max(e.counts.lateMax, late)
	if late > lateBound {
		e.counts.lateOver++
	}
}

// clicked counts a hit that asks for something, and its part of the stream.
func (e *engine) clicked(owed time.Duration, hash uint64) {
	e.counts.clicks++
	e.counts.stream += hash
	if e.profile.Funnel.Click > 0 {
		e.tally.Note(owed, tally.Clicked)
	}
}

// laneBits: so many clicks that follow each other share a connection, to leave in one write, before the next one is
// used.
const laneBits = 7

// lateBound is the lateness that Yield.LateOver counts.
const lateBound = 100 * time.Millisecond

func (e *engine) take() *journey {
	j := e.free
	if j == nil {
		return &journey{}
	}
	e.free = j.next
	*j = journey{}
	return j
}

func (e *engine) done(j *journey) { j.next, e.free = e.free, j }

// step asks for what a journey is at.
func (e *engine) step(j *journey, owed time.Duration) {
	if c := e.ask(e.placeOf(j.click.User), j.lane, pending{journey: j, owed: owed, op: j.op, beside: j.click.Gift.Place() > 0}); c != nil {
		c.out = e.texts.dynamic(c.out, j.op, j.click, &j.token)
	}
}

// ask puts a request in line on a connection of its class, to which the caller adds its bytes. When there is none its
// outcome is unknown at once, as a client learns at once that nobody picks up, and ask returns nil.
func (e *engine) ask(to *place, lane uint32, p pending) *conn {
	e.counts.owed++
	e.counts.launched++
	c := to.pick(p, lane)
	if c == nil {
		e.counts.unsent++
		e.end(p, e.now(), verdict{})
		return nil
	}
	c.sent.push(p)
	c.nudge()
	return c
}
