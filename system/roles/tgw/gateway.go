package tgw

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/l5"
	"redpacket/system/login"
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
	offer     activity.Activity
	defaults  defaults
	sampled   atomic.Int64 // calls answered by a default because they were sampled out
	seconds   atomic.Int64 // since 1970, at most tickEvery behind
	wait      atomic.Int64 // µs: the longest mean queue wait of a pool in the last tick
	listening atomic.Bool
	forwarded atomic.Int64 // calls sent to the other data centre
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
		admission: overload.NewAdmission(r.QueueTarget.D(), near), beyond: overload.NewAdmission(r.QueueTarget.D(), pools-near),
		gate: overload.NewGate(r.ClaimEvery.D(), gateUsers), pages: pages(replies), replies: replies,
		switches: control.NewCurrent(cfg.Node, cfg.Token), offer: cfg.Activity, defaults: newDefaults(cfg.Activity, replies)}
	g.switches.OnChange(g.apply)
	g.seconds.Store(time.Now().Unix())
	g.front = wire.NewFront(wire.Door{Serve: g.serve, Settled: g.settled, Replies: replies})
	return g, nil
}

// serve handles the requests of one read.
func (g *gateway) serve(b *wire.Batch) {
	seconds := g.seconds.Load()
	t := turn{gateway: g, batch: b, now: uint32(seconds), hour: uint32(seconds / 3600), sample: g.switches.Now().SampleOneIn}
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
		if i >= near && t.sent[i] > 0 {
			g.forwarded.Add(t.sent[i])
		}
	}
	if t.sampled > 0 {
		g.sampled.Add(t.sampled)
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
	sent    [pools]int64
}

// pass sends a dynamic request on, or answers it by a default; any code but OK is why neither.
func (t *turn) pass(i int, r *wire.Request) api.Code {
	user, err := t.signer.Check(r.Token, t.now)
	if err != nil || user == 0 {
		return api.Unsigned
	}
	far := t.owner(user) != t.part.IDC
	if !t.admits(user, r.Op, far) {
		return api.Busy
	}
	if r.Op != api.Claim {
		if t.sample > 1 {
			if d := t.instead(r, user); d != nil {
				t.batch.Answer(i, d)
				t.sampled++
				return api.OK
			}
		}
		return t.send(poolOf(r.Op, far), i, user, wire.Wait{Within: t.rules.ReadWithin.D(), Late: t.replies.Bare(api.Busy)})
	}
	if !t.gate.Pass(user, t.batch.At) {
		return api.TooSoon
	}
	code := t.send(poolOf(api.Claim, far), i, user, wire.Wait{Within: t.rules.ClaimWithin.D(), Late: t.replies.Bare(api.Unknown), Note: uint64(user)})
	if code != api.OK {
		t.gate.Release(user)
	}
	return code
}

func (t *turn) send(to, i int, user api.User, w wire.Wait) api.Code {
	p := &t.pools[to]
	k := p.pick(user)
	if k < 0 {
		return api.Busy
	}
	w.Via = via(to, k)
	r := &t.batch.Requests[i]
	call := wire.Call{ID: t.batch.Later(i, w), Op: r.Op, User: user, Gift: r.Gift, Server: r.Server,
		Waited: uint32(min(time.Since(t.batch.At).Microseconds(), 1<<31))}
	if !p.links[k].Send(call) {
		p.peers.Failed(k, 1)
		return api.Busy
	}
	t.sent[to]++
	return api.OK
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
	g.admission.Step(length, seen[:near])
	if g.part.Shared() {
		g.beyond.Step(length, seen[near:])
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
