package tgw

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/ail"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/gray"
	"redpacket/system/l5"
	"redpacket/system/login"
	"redpacket/system/mutant"
	"redpacket/system/overload"
	"redpacket/system/wire"
)

// gateUsers is how many users may claim within Rules.ClaimEvery before the gate forgets any: 200,000 claims/s for 5 s.
// The gate takes 32 MiB.
const gateUsers = 1 << 20

// gateway decides what becomes of each request, in this order: its form, its token, the user's share of admission, one
// claim per user in a time, a link to send it on.
type gateway struct {
	rules     config.Rules
	front     *wire.Front
	signer    *login.Signer
	part      activity.Part
	taken     [2]atomic.Bool      // by home: the other data centre owns its users
	admission *overload.Admission // of this data centre's pools
	beyond    *overload.Admission // of the other data centre's
	gate      *overload.Gate
	pools     [pools]pool
	l5        l5.Rules
	pages     []*wire.Response
	replies   *wire.Replies
	switches  *control.Current
	health    *ail.Ail
	offer     activity.Activity
	defaults  defaults
	sampled   atomic.Int64 // calls answered by a default because they were sampled out
	seconds   atomic.Int64 // since 1970, at most tickEvery behind
	wait      atomic.Int64 // µs: the longest mean queue wait of a pool in the last tick
	listening atomic.Bool
	tagless   atomic.Int64                // requests whose user and tag contradict each other
	forwarded atomic.Int64                // calls sent to the other data centre
	astray    atomic.Int64                // calls of the new version's users that the old one had to answer
	arrived   [activity.IDCs]atomic.Int64 // lists asked for, by home; of one data centre: none
}

func newGateway(cfg config.Config) (*gateway, error) {
	signer, err := login.NewSigner(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", cfg.Node, err)
	}
	r := cfg.Rules
	if r.ClaimEvery <= 0 || r.ReadWithin <= 0 || r.ClaimWithin <= 0 || r.QueueTarget <= 0 {
		return nil, fmt.Errorf("node %s: claim_every %s, read_within %s, claim_within %s, queue_target %s must all be above 0",
			cfg.Node, r.ClaimEvery.D(), r.ReadWithin.D(), r.ClaimWithin.D(), r.QueueTarget.D())
	}
	judged, err := l5.Named(r.L5)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", cfg.Node, err)
	}
	replies := wire.NewReplies(overload.RetryAfter, r.Spread.D())
	g := &gateway{rules: r, signer: signer, l5: judged, part: cfg.Part,
		admission: overload.NewAdmission(r.QueueTarget.D(), near), beyond: overload.NewAdmission(r.QueueTarget.D(), fresh-near),
		gate: overload.NewGate(r.ClaimEvery.D(), gateUsers), pages: pages(replies), replies: replies,
		switches: control.NewCurrent(cfg.Node, cfg.Token), health: ail.New(cfg.Node, cfg.Token), offer: cfg.Activity, defaults: newDefaults(cfg.Activity, replies)}
	g.switches.OnChange(g.apply)
	g.seconds.Store(g.health.Clock.Now().Unix())
	g.front = wire.NewFront(wire.Door{Serve: g.serve, Settled: g.settled, Replies: replies})
	return g, nil
}

// serve handles the requests of one read.
func (g *gateway) serve(b *wire.Batch) {
	seconds := g.seconds.Load()
	switches := g.switches.Now()
	t := turn{gateway: g, batch: b, now: uint32(seconds), hour: uint32(seconds / 3600), sample: switches.SampleOneIn, percent: int(switches.GrayPercent)}
	for i := range b.Requests {
		switch r := &b.Requests[i]; {
		case r.Code != api.OK: // the front says why
		case r.Op != api.Static:
			if code := t.pass(i, r); code != api.OK {
				b.Answer(i, g.replies.Bare(code))
			}
		case int(r.Part) < len(g.pages):
			b.Answer(i, g.pages[r.Part])
		default:
			b.Answer(i, g.replies.Bare(api.NotFound))
		}
	}
	for i := range t.sent {
		if t.sent[i] > 0 {
			g.pools[i].sent.Add(t.sent[i])
		}
		if i >= near && i < fresh && t.sent[i] > 0 {
			g.forwarded.Add(t.sent[i])
		}
	}
	if t.sampled > 0 {
		g.sampled.Add(t.sampled)
	}
	for home, n := range t.arrived {
		if n > 0 {
			g.arrived[home].Add(n)
		}
	}
}

// turn is one batch on its way through the gateway.
type turn struct {
	*gateway
	batch   *wire.Batch
	now     uint32 // seconds since 1970
	hour    uint32
	sample  uint32 // of the list and select calls, one of so many is sent on; 0 or 1: all
	sampled int64
	percent int // of the users, so many get the new version
	sent    [pools]int64
	arrived [activity.IDCs]int64
}

// pass sends a dynamic request on, or answers it by a default; any code but OK is why neither.
func (t *turn) pass(i int, r *wire.Request) api.Code {
	user, err := t.signer.Check(r.Token, t.now)
	if err != nil || user == 0 {
		return api.Unsigned
	}
	if r.Op == api.List && t.part.Shared() {
		t.arrived[activity.Home(user)]++
	}
	gift, code := t.gift(r, user)
	if code != api.OK {
		return code
	}
	far := t.owner(user) != t.part.IDC
	if to := poolOf(r.Op, far); !t.pools[to].reserves(gift, t.batch.At) && !t.admits(user, r.Op, far) {
		return api.Busy
	}
	if r.Op != api.Claim {
		if t.sample > 1 {
			if d := t.instead(r.Op, gift, user); d != nil {
				t.batch.Answer(i, d)
				t.sampled++
				return api.OK
			}
		}
		return t.send(poolOf(r.Op, far), i, wire.Call{User: user, Gift: gift}, wire.Wait{Within: t.rules.ReadWithin.D(), Late: t.replies.Bare(api.Busy)})
	}
	turn := turnOf(user, gift)
	if !t.gate.Pass(turn, t.batch.At) {
		return api.TooSoon
	}
	if mutant.Is(mutant.TagDroppedAtTGW) {
		gift = gift.Untagged()
	}
	code = t.send(poolOf(api.Claim, far), i, wire.Call{User: user, Gift: gift}, wire.Wait{Within: t.rules.ClaimWithin.D(), Late: t.replies.Bare(api.Unknown), Note: uint64(turn)})
	if code != api.OK {
		t.gate.Release(turn)
	}
	return code
}

// turnOf is a user's turn to claim as the gate knows it. Each activity has its own: else who claims in one could not claim
// in its neighbour. The places stand between the users' ids and the bit of pressure.
func turnOf(user api.User, gift api.Gift) api.User { return user ^ api.User(gift.Place())<<56 }

// gift is what a request asks about, by its number on the platform. A user and a tag that contradict each other are
// refused here, at the source; those behind do not rely on it.
func (t *turn) gift(r *wire.Request, user api.User) (api.Gift, api.Code) {
	if api.Poisoned(user, r.Tagged) {
		t.tagless.Add(1)
		return 0, api.Tagless
	}
	place, there := t.offer.PlaceOf(r.Of)
	if !there || r.Gift >= activity.MaxGifts || r.Tagged && !t.offer.Shadow {
		return 0, api.NotFound
	}
	return r.Gift.In(place, r.Tagged), api.OK
}

func (t *turn) send(to, i int, call wire.Call, w wire.Wait) api.Code {
	to, k := t.choose(to, call.User)
	p := &t.pools[to]
	if k < 0 {
		return api.Busy
	}
	w.Via = via(to, k)
	r := &t.batch.Requests[i]
	call.ID, call.Op, call.Server = t.batch.Later(i, w), r.Op, r.Server
	call.Waited = uint32(min(time.Since(t.batch.At).Microseconds(), 1<<31))
	if !p.links[k].Send(call) {
		p.peers.Failed(k, 1)
		return api.Busy
	}
	t.sent[to]++
	return api.OK
}

// choose is the pool and the instance that a user's call goes to: the new version's if the user gets that. When none of its
// instances can be reached the old one answers, and is counted: a user is served before a release is clean.
func (t *turn) choose(to int, user api.User) (pool, k int) {
	if t.percent > 0 && to < near && gray.Takes(user, t.percent) {
		if k := t.pools[fresh+to].pick(user); k >= 0 {
			return fresh + to, k
		}
		t.astray.Add(1)
	}
	return to, t.pools[to].pick(user)
}

// settled hears how a request came out that was sent on. A claim that was shed behind the gate has changed nothing, so
// its user may come again when told to; one whose outcome is not known has used up its turn.
func (g *gateway) settled(s wire.Settled) {
	if s.Note != 0 && s.Code.Outcome() == api.Shed {
		g.gate.Release(api.User(s.Note))
	}
	if s.Late {
		g.late(s.Via)
	}
}

// step feeds the admission's controller with what the pools did since the last step.
func (g *gateway) step(length time.Duration) {
	var seen [pools]overload.Sample
	worst := time.Duration(0)
	now := time.Now()
	for i := range g.pools {
		g.pools[i].judge(now, length)
		seen[i] = g.pools[i].sample()
		worst = max(worst, seen[i].Wait)
	}
	g.wait.Store(worst.Microseconds())
	for i := range near {
		seen[i] = seen[i].With(seen[fresh+i]) // both versions serve the same users
	}
	g.admission.Step(length, seen[:near])
	if g.part.Shared() {
		g.beyond.Step(length, seen[near:fresh])
	}
}

// healthy asks nothing of the other data centre: users must not be sent away from this one because that one is gone.
func (g *gateway) healthy() error {
	if !g.listening.Load() {
		return errors.New("the front door is shut")
	}
	var errs []error
	for i := range near {
		errs = append(errs, g.pools[i].healthy())
	}
	return errors.Join(errs...)
}
