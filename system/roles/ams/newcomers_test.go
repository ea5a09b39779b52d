package ams

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/optional"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
	"redpacket/system/wire/wiretest"
)

// part is an optional part behind a real listener; it answers as it is told to.
type part struct {
	addr   string
	asked  atomic.Int64
	answer atomic.Pointer[func(wire.Call) (wire.Reply, bool)]
	stop   context.CancelFunc
}

func startPart(t testing.TB, answer func(wire.Call) (wire.Reply, bool)) *part {
	t.Helper()
	l := wiretest.Listen(t)
	ctx, stop := context.WithCancel(t.Context())
	p := &part{addr: l.Addr().String(), stop: stop}
	p.answer.Store(&answer)
	go func() {
		_ = wire.ServeCalls(ctx, l, func(batch []wire.Call, from *wire.Caller) {
			var replies []wire.Reply
			for _, c := range batch {
				p.asked.Add(1)
				if r, ok := (*p.answer.Load())(c); ok {
					r.ID = c.ID
					replies = append(replies, r)
				}
			}
			from.Reply(replies)
		})
	}()
	t.Cleanup(stop)
	return p
}

// truthful is a registry.
func truthful(a activity.Activity) func(wire.Call) (wire.Reply, bool) {
	return func(c wire.Call) (wire.Reply, bool) {
		if a.Registered(c.User, a.Gifts[c.Gift].Game) {
			return wire.Reply{Code: api.NotEligible}, true
		}
		return wire.Reply{Code: api.OK}, true
	}
}

// asking10 is a heavy that is linked to a registry, if there is one, and claims of the gift 10 by users from one on.
func asking10(t *testing.T, registry *part, within time.Duration) *heavy {
	t.Helper()
	h := newHeavy(config.Config{Node: "ams-heavy-1", Activity: activity.Festival(1, 0.001), Rules: config.Default()}, since(time.Now()))
	if registry == nil {
		return h
	}
	h.newcomers.dial(t.Context(), []string{registry.addr}, within)
	// A first question that is taken shows that the link is up; its user is nobody's in the tests.
	pausetest.Until(t, "a link to the registry", func() bool { return h.newcomers.asker.Ask(nil) })
	return h
}

// unhurried is a deadline for tests that do not ask about it: a test machine stands still at times.
const unhurried = 5 * time.Second

const gift10, stranger = 10, knownUsers + 1

func claims10(h *heavy, e *ear, from api.User, n int) (list []waiting) {
	for i := range n {
		c := wire.Call{ID: uint64(i), Op: api.Claim, User: from + api.User(i), Gift: gift10}
		list = append(list, waiting{call: c, from: e, at: h.pump.now()})
	}
	return list
}

// Those who are new join the line, the others are refused, as the truth has it. What the lookup took is no queue.
func TestOnlyNewcomersJoinTheLine(t *testing.T) {
	truth := activity.Festival(1, 0.001)
	h, e := asking10(t, startPart(t, truthful(truth)), unhurried), &ear{}
	const n = 400
	for from := api.User(stranger); from < stranger+n; from += 40 {
		if refused := h.newcomers.prove(claims10(h, e, from, 40), nil); len(refused) != 0 {
			t.Fatalf("refused without a question: %v", refused)
		}
	}
	inLine, _ := h.pump.line.state()
	pausetest.Until(t, "everyone's answer or place", func() bool {
		inLine, _ = h.pump.line.state()
		return inLine+len(e.codes()) == n
	})
	for _, w := range h.pump.line.pop(nil, n) {
		if truth.Registered(w.call.User, 0) {
			t.Errorf("user %d is registered and stands in line", w.call.User)
		}
		if age := h.pump.now() - w.at; w.call.Waited == 0 || age < 0 {
			t.Errorf("the lookup is not in the call: waited %d µs", w.call.Waited)
		}
	}
	for _, r := range e.heard {
		if r.Code != api.NotEligible || len(r.Body) != 0 {
			t.Errorf("a registered user heard %s %s", r.Code, r.Body)
		}
	}
	if inLine < n/5 || inLine > n*2/5 {
		t.Errorf("%d of %d are new; want some 30 of 100", inLine, n)
	}
}

// However the lookup fails, nobody counts as new, and everybody hears which part is missing.
func TestAFailedLookupIsTheCheapSide(t *testing.T) {
	for name, answer := range map[string]func(wire.Call) (wire.Reply, bool){
		"silent":                func(wire.Call) (wire.Reply, bool) { return wire.Reply{}, false },
		"it does not know":      func(wire.Call) (wire.Reply, bool) { return wire.Reply{Code: api.Unknown}, true },
		"it is busy":            func(wire.Call) (wire.Reply, bool) { return wire.Reply{Code: api.Busy}, true },
		"it did not understand": func(wire.Call) (wire.Reply, bool) { return wire.Reply{Code: api.Malformed}, true },
	} {
		t.Run(name, func(t *testing.T) {
			h, e := asking10(t, startPart(t, answer), optional.Deadline), &ear{}
			began := time.Now()
			refused := h.newcomers.prove(claims10(h, e, stranger, 50), nil)
			pausetest.Until(t, "fifty answers", func() bool { return len(refused)+len(e.codes()) == 50 })
			if took := time.Since(began); name == "silent" && took < optional.Deadline {
				t.Errorf("given up after %s", took)
			}
			wantDoubtful(t, h, append(refused, e.heard...))
		})
	}
}

func wantDoubtful(t *testing.T, h *heavy, replies []wire.Reply) {
	t.Helper()
	for _, r := range replies {
		if r.Code != api.NotEligible || !strings.HasPrefix(string(r.Body), `{"code":"not_eligible","degraded":["registry"]`) {
			t.Fatalf("heard %s %s", r.Code, r.Body)
		}
	}
	if n, _ := h.pump.line.state(); n != 0 {
		t.Errorf("%d claims are in line, and nobody was proven to be new", n)
	}
	if got := h.newcomers.doubted.Load(); got != int64(len(replies)) {
		t.Errorf("%d of %d are counted as degraded", got, len(replies))
	}
}

// A registry that is gone costs nothing to ask, and 100,000 claims of the dear gift come to no grant.
func TestADeadRegistryGrantsNobody(t *testing.T) {
	registry := startPart(t, truthful(activity.Festival(1, 0.001)))
	h, e := asking10(t, registry, optional.Deadline), &ear{}
	registry.stop()
	pausetest.Until(t, "the end of the link", func() bool { return !h.newcomers.asker.Ask(nil) })
	var refused []wire.Reply
	for i := range 100 {
		refused = h.newcomers.prove(claims10(h, e, api.User(stranger+1000*i), 1000), refused)
	}
	if len(refused) != 100_000 || len(e.codes()) != 0 {
		t.Errorf("%d of 100,000 were refused at once", len(refused))
	}
	wantDoubtful(t, h, refused)
}

// The list in memory refuses those it knows, whether there is a registry or not, and never asks about them.
func TestTheListIsAskedFirst(t *testing.T) {
	registry := startPart(t, truthful(activity.Festival(1, 0.001)))
	for name, h := range map[string]*heavy{"with a registry": asking10(t, registry, unhurried), "without one": asking10(t, nil, 0)} {
		e, known := &ear{}, 0
		var list []waiting
		for _, w := range claims10(h, e, 1, knownUsers) {
			if h.cfg.Activity.Registered(w.call.User, 0) {
				list, known = append(list, w), known+1
			}
		}
		refused := h.newcomers.prove(list, nil)
		if len(refused) != known || h.newcomers.listed.Load() != int64(known) || registry.asked.Load() != 0 {
			t.Errorf("%s: %d of %d refused at once, %d questions", name, len(refused), known, registry.asked.Load())
		}
		for _, r := range refused {
			if r.Code != api.NotEligible || r.Body != nil {
				t.Fatalf("%s: heard %s %s", name, r.Code, r.Body)
			}
		}
	}
	// Whom the list does not know, a system without a registry refuses too; nothing is missing there.
	h, e := asking10(t, nil, 0), &ear{}
	if refused := h.newcomers.prove(claims10(h, e, stranger, 3), nil); len(refused) != 3 || refused[0].Body != nil {
		t.Errorf("without a registry: %+v", refused)
	}
}

// One caller may have half of a line, whatever it sends; another is served beside it.
func TestACallerHasItsShareOnly(t *testing.T) {
	h, greedy, other := asking10(t, nil, 0), &ear{}, &ear{}
	const share = claimLine / callerShare
	for name, c := range map[string]struct{ owed, came, served int }{
		"a small batch":             {10, 10, 10},
		"up to the share":           {share, 10, 10},
		"beyond it by four":         {share + 4, 10, 6},
		"beyond it long since":      {share + 500, 10, 0},
		"one batch above the share": {share + 100, share + 100, share},
	} {
		e := &ear{owed: c.owed}
		if served, over := bounded(calls(c.came, 0), e, share); len(served) != c.served || len(over) != c.came-c.served {
			t.Errorf("%s: %d served, %d not; want %d", name, len(served), len(over), c.served)
		}
	}
	greedy.owed, other.owed = share+300, 5
	h.take(calls(300, 0), greedy)
	h.take(calls(5, 0), other)
	busy := 0
	for _, code := range greedy.codes() {
		if code == api.Busy {
			busy++
		}
	}
	// There is no log here, so who is let in hears closed.
	if codes := other.codes(); busy != 300 || len(codes) != 5 || codes[0] != api.Closed {
		t.Errorf("the greedy one heard busy %d times of 300, the other %v", busy, codes)
	}
}

// The two classes of a queue: a request that is too old is dropped before it is decided; a grant that grew old on its way
// to the log, however old, is kept and told.
func TestAGrantIsNotDroppedByItsAge(t *testing.T) {
	b := newBench()
	b.redis.claim.list = []decided{{threeShares(), nil}}
	looks := 0
	b.desk.now = func() time.Duration {
		if looks++; looks > 1 { // all that comes after the claims were sifted takes an hour
			return time.Hour
		}
		return time.Second
	}
	b.serve(t)
	if got := b.ear.codes(); got[0] != api.OK || got[1] != api.OK || len(b.log.logged) != 1 {
		t.Errorf("answered %v, logged %d times; want the grants kept", got, len(b.log.logged))
	}
}
