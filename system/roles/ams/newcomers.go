package ams

import (
	"context"
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/admin"
	"redpacket/system/api"
	"redpacket/system/mutant"
	"redpacket/system/optional"
	"redpacket/system/userlist"
	"redpacket/system/wire"
)

// askLinger is how long the first question to an optional part waits for others: batches of one cost a hundred times as
// much a question. It is part of the part's deadline.
const askLinger = 5 * time.Millisecond

// knownUsers is how many users' registrations are in memory: the lowest numbers, who come most often. The list stands for
// what the games hand over the night before. It names who is registered, so when it is out of date it errs on the cheap
// side, and it goes on telling when the registry is gone.
const knownUsers = 4096

// newcomers finds out who is new to a game, for gifts that are for new users only. Only these claims wait for it: others
// pass by. Whoever cannot be proven to be new counts as registered, and hears that this is why.
type newcomers struct {
	activity *activity.Activity
	line     *line
	now      clock
	known    []userlist.List          // by game
	asker    *optional.Asker[waiting] // nil: this system has no registry, so nobody is proven to be new
	out      outgoing                 // of settle
	passed   []waiting                // of settle
	listed   atomic.Int64
	doubted  atomic.Int64
}

// doubtful is what a user hears when the lookup failed.
const doubtful = `{"code":"not_eligible","degraded":["registry"],` +
	`"say":"We cannot tell right now whether you are new to this game. The other red packets are open to you."}`

func newNewcomers(h *heavy) *newcomers {
	n := &newcomers{activity: &h.cfg.Activity, line: h.pump.line, now: h.pump.now, out: outgoing{counts: &h.desk.answers}}
	games := map[uint8]bool{}
	for _, g := range n.activity.Each() {
		games[g.Game] = games[g.Game] || g.For == activity.NewUsers
	}
	n.known = make([]userlist.List, n.activity.Games)
	for game, asked := range games {
		if asked {
			n.known[game] = registered(n.activity, game)
		}
	}
	return n
}

// registered is the list of one game.
func registered(a *activity.Activity, game uint8) userlist.List {
	return userlist.Of(func(yield func(api.User) bool) {
		for user := api.User(1); user <= knownUsers; user++ {
			if a.Registered(user, game) && !yield(user) {
				return
			}
		}
	})
}

// dial links to the registry until ctx ends; it is called before the first claim comes, if at all. within is how long a
// lookup may take.
func (n *newcomers) dial(ctx context.Context, addrs []string, within time.Duration) {
	if len(addrs) == 0 {
		return
	}
	n.asker = optional.New(optional.Rules{Within: within, Linger: askLinger, Most: claimBatch, Open: claimLine / 2},
		func(w waiting) wire.Call { return wire.Call{Op: api.Claim, User: w.call.User, Gift: w.call.Gift} }, n.settle, n.now)
	n.asker.Dial(ctx, addrs)
}

// newcomer is what a lookup says. told is false when it failed: then the user counts as registered.
func newcomer(answered bool, code api.Code) (is, told bool) {
	if answered && (code == api.OK || code == api.NotEligible) {
		return code == api.OK, true
	}
	return mutant.Is(mutant.RegistryFailsDear), false
}

// prove sends claims that only a newcomer may make to be looked up, and appends the answers of those that are refused at
// once to refused. The others join the line when the lookup allows them, and are answered otherwise.
func (n *newcomers) prove(claims []waiting, refused []wire.Reply) []wire.Reply {
	kept := claims[:0]
	for _, w := range claims {
		if g, _ := n.activity.Gift(w.call.Gift); n.known[g.Game].Has(w.call.User) {
			n.listed.Add(1)
			refused = append(refused, refuse(w.call, api.NotEligible))
			continue
		}
		kept = append(kept, w)
	}
	if len(kept) == 0 || n.asker != nil && n.asker.Ask(kept) {
		return refused
	}
	if is, _ := newcomer(false, api.Unknown); is {
		kept = n.line.move(kept)
	}
	for _, w := range kept {
		refused = append(refused, n.refusal(w.call, n.asker == nil))
	}
	return refused
}

// refusal is the answer to a user who is not proven to be new. told says that nothing is missing that could have told more.
func (n *newcomers) refusal(c wire.Call, told bool) wire.Reply {
	r := refuse(c, n.activity.MayClaim(c.Gift, false))
	if !told {
		n.doubted.Add(1)
		r.Body = []byte(doubtful)
	}
	return r
}

// settle takes the lookups that came to an end. A claim that goes on is as old as its lookup was long; that is no wait in
// line, by which the gateway would shed.
func (n *newcomers) settle(batch []optional.Asked[waiting]) {
	now := n.now()
	n.passed = n.passed[:0]
	for i := range batch {
		w := &batch[i].Of
		is, told := newcomer(batch[i].Answered, batch[i].Code)
		if !is {
			n.out.add(w.from, n.refusal(w.call, told))
			continue
		}
		w.call.Waited += uint32(max(now-w.at, 0) / time.Microsecond)
		w.at = now
		n.passed = append(n.passed, *w)
	}
	for _, w := range n.line.move(n.passed) {
		n.out.refuse(&w, api.Busy, now)
	}
	n.out.send()
}

func (n *newcomers) metrics(m admin.Registry) {
	m.Counter("redpacket_listed_total", "lookups that the list in memory answered", nil, func() float64 { return float64(n.listed.Load()) })
	asking(m, "registry", n.asker, &n.doubted)
}

// asking are the metrics of asking an optional part; asker is nil where there is none.
func asking(m admin.Registry, part string, asker *optional.Asker[waiting], degraded *atomic.Int64) {
	m.Counter("redpacket_degraded_total", "answers that name a part as missing", admin.Labels{"part": part},
		func() float64 { return float64(degraded.Load()) })
	if asker == nil {
		return
	}
	for outcome, count := range map[string]func(optional.Counts) int64{
		"answered": func(c optional.Counts) int64 { return c.Answered },
		"missed":   func(c optional.Counts) int64 { return c.Missed },
		"skipped":  func(c optional.Counts) int64 { return c.Skipped },
	} {
		m.Counter("redpacket_optional_total", "questions to an optional part", admin.Labels{"part": part, "outcome": outcome},
			func() float64 { return float64(count(asker.Counts())) })
	}
	m.Counter("redpacket_optional_batches_total", "batches of questions to an optional part", admin.Labels{"part": part},
		func() float64 { return float64(asker.Counts().Batches) })
}
