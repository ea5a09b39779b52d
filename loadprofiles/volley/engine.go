package volley

import (
	"sync"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
	"redpacket/system/login"
)

// maxJourneys bounds the journeys that wait to try again (100 bytes each); users beyond it do not come back.
const maxJourneys = 1 << 20

// engine carries the journeys of one shard. Vegeta's workers start them, the connections' readers take them on, and the
// clock gives them up or lets them try again; all of them under one lock, held for a batch at a time.
type engine struct {
	profile loadprofiles.Profile // scaled
	crowd   *loadprofiles.Crowd
	signer  *login.Signer
	texts   *requests
	expires uint32 // of the tokens, in seconds since 1970
	zero    time.Time
	paper   *paper // the journal
	pools   [classes][]*conn

	mu     sync.Mutex
	tally  *tally.Tally
	wheel  wheel
	free   *journey
	lines  []byte // attempts on their way to the journal
	closed bool   // no retries any more
	counts counts
}

// counts is what an engine counts; shards' counts add up.
type counts struct {
	clicks, owed, launched, unsent, retries uint64
	tooLate, garbled, dropped               uint64
	lateOver, stream                        uint64
	lateMax, last                           time.Duration // last: when the last answer came
	outcomes                                [api.Outcomes]uint64
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

func (e *engine) clicks() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counts.clicks
}

// launch starts click number n, owed at a time: its static parts and its list leave together.
func (e *engine) launch(n uint64, owed time.Duration) {
	click := e.crowd.Click(n)
	var token [login.TokenLen]byte
	e.signer.Mint(token[:0], click.User, e.expires)
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	late := max(0, now-owed)
	e.tally.Late(owed, late)
	e.counts.clicks++
	e.counts.stream += click.Hash(n)
	e.counts.lateMax = max(e.counts.lateMax, late)
	if late > lateBound {
		e.counts.lateOver++
	}
	j := e.take()
	j.click, j.op, j.lane, j.token = click, api.List, uint32(n>>laneBits), token
	for i := range e.profile.Funnel.Statics {
		e.ask(nil, j.lane, pending{owed: owed, op: api.Static}, i)
	}
	e.step(j, owed)
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
	e.ask(j, j.lane, pending{journey: j, owed: owed, op: j.op}, 0)
}

// ask sends a request on a connection of its class; when there is none its outcome is unknown at once, as a client
// learns at once that nobody picks up.
func (e *engine) ask(j *journey, lane uint32, p pending, part int) {
	e.counts.owed++
	e.counts.launched++
	c := e.pick(p.op, lane)
	if c == nil {
		e.counts.unsent++
		e.end(p, e.now(), verdict{})
		return
	}
	if j == nil {
		c.out = e.texts.static(c.out, part)
	} else {
		c.out = e.texts.dynamic(c.out, p.op, j.click, &j.token)
	}
	c.sent.push(p)
	c.nudge()
}

func (e *engine) pick(op api.Op, lane uint32) *conn {
	pool := e.pools[classOf(op)]
	for i := range pool {
		if c := pool[(int(lane)+i)%len(pool)]; c.net != nil && len(c.out) < maxOut {
			return c
		}
	}
	return nil
}
