package tgw

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/l5"
	"redpacket/system/overload"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
)

// quick is a set of l5's rules for tests: an instance is back after half a second.
func quick() l5.Rules {
	r := l5.Drill()
	r.Sleep, r.Check = 500*time.Millisecond, 100*time.Millisecond
	return r
}

func soon(r *config.Rules) {
	r.ReadWithin, r.ClaimWithin = config.Duration(300*time.Millisecond), config.Duration(300*time.Millisecond)
}

// patient is for tests in which no deadline may be met by accident, however busy the machine is.
func patient(r *config.Rules) {
	r.ReadWithin, r.ClaimWithin = config.Duration(pausetest.Within), config.Duration(pausetest.Within)
}

// of lists users whose own instance is the one at place i of n.
func of(i, n, count int) []api.User {
	var users []api.User
	for u := api.User(1); len(users) < count; u++ {
		if overload.Place(u, n) == i {
			users = append(users, u)
		}
	}
	return users
}

// lists asks for the gift list of each user, all at once, and returns how many did not get it.
func (c *client) lists(users []api.User) (failed int) {
	for _, u := range users {
		c.as(u, "GET /gifts")
	}
	for range users {
		if c.status() != 200 {
			failed++
		}
	}
	return failed
}

// some answers a share of the calls with OK; what becomes of the others is up to rest.
func some(share float64, rest func([]wire.Call, *wire.Caller)) func([]wire.Call, *wire.Caller) {
	draw, ok := rand.New(rand.NewPCG(1, 2)), with(api.OK)
	var mu sync.Mutex
	return func(batch []wire.Call, from *wire.Caller) {
		mu.Lock()
		defer mu.Unlock()
		for i := range batch {
			if draw.Float64() < share {
				ok(batch[i:i+1], from)
			} else {
				rest(batch[i:i+1], from)
			}
		}
	}
}

// TestFaultyInstanceIsLeft: an instance that hangs, one that fails six calls in ten, one that answers what the API does not
// promise. Its users go to the other one, and come back when it works; the other one's users notice nothing.
func TestFaultyInstanceIsLeft(t *testing.T) {
	for name, serve := range map[string]func([]wire.Call, *wire.Caller){
		"hangs":             silent,
		"loses six of ten":  some(0.4, silent),
		"fails six of ten":  some(0.4, with(api.Malformed)),
		"answers only rot":  with(api.TooLarge),
		"answers, too late": late(400 * time.Millisecond),
		"loses nine in ten": some(0.1, silent),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startBy(t, quick(), soon, "ams-light-1", "ams-light-2", "ams-heavy-1")
			bad, c, other := r.ams["ams-light-1"], r.connect(), r.connect()
			users, others := of(0, 2, 400), of(1, 2, 50)
			pausetest.Until(t, "all to be served by their own", func() bool { return c.lists(users) == 0 && bad.calls.Load() >= int64(len(users)) })
			bad.answer(serve)
			asked, refused := 0, 0
			pausetest.Until(t, "it to be ejected", func() bool { // of those that lose six of ten, 411 calls are needed on average
				c.lists(users)
				asked, refused = asked+len(others), refused+other.lists(others)
				return r.metric("redpacket_l5_ejections_total", "ams-light-1") > 0
			})
			if refused > asked/10 { // a machine that stands still may be late with some
				t.Errorf("%d of %d users of the other instance were refused", refused, asked)
			}
			if state, up := r.metric("redpacket_l5_state", "ams-light-1"), r.metric("redpacket_links_up", "ams-light"); state == 0 || up != 2 {
				t.Errorf("state %g, %g links up", state, up)
			}
			bad.answer(with(api.OK))
			pausetest.Until(t, "it to be closed", func() bool {
				c.lists(users)
				return r.metric("redpacket_l5_state", "ams-light-1") == 0
			})
			// One cycle has three; when this process stands still, what became of them is not believed, and another begins.
			if probes := r.metric("redpacket_l5_probes_total", "ams-light-1"); probes < 3 || probes > 30 {
				t.Errorf("%g probes until it was closed", probes)
			}
			seen := bad.calls.Load()
			if c.lists(users); bad.calls.Load() != seen+int64(len(users)) {
				t.Errorf("%d of %d users are back", bad.calls.Load()-seen, len(users))
			}
		})
	}
}

// late answers after a while, in order.
func late(by time.Duration) func([]wire.Call, *wire.Caller) {
	return func(batch []wire.Call, from *wire.Caller) {
		calls := append([]wire.Call{}, batch...)
		time.AfterFunc(by, func() { with(api.OK)(calls, from) })
	}
}

// TestRefusalsAreNoFaults: what an instance answers about load, the shard, the user, or what lies behind all instances.
func TestRefusalsAreNoFaults(t *testing.T) {
	for _, code := range []api.Code{api.Busy, api.Closed, api.Unknown, api.SoldOut, api.NotEligible, api.NotFound} {
		r := startBy(t, quick(), patient, "ams-light-1", "ams-light-2", "ams-heavy-1")
		r.ams["ams-light-1"].answer(with(code))
		c, users := r.connect(), of(0, 2, 200)
		if failed := c.lists(users); failed != len(users) {
			t.Errorf("%s: %d of %d users were refused", code, failed, len(users))
		}
		pausetest.Until(t, "the calls to be counted", func() bool { return r.metric("redpacket_l5_answered_total", "ams-light-1") == 200 })
		if r.metric("redpacket_l5_failures_total", "ams-light-1") != 0 || r.metric("redpacket_l5_state", "ams-light-1") != 0 {
			t.Errorf("%s is taken for a fault: %+v", code, r.pools[light].peers.Seen(0))
		}
	}
}

// TestDeadLinkIsAFault: an instance whose link is down is ejected by the calls that should have gone there, so that it comes
// back by probes; meanwhile no user waits.
func TestDeadLinkIsAFault(t *testing.T) {
	r := startBy(t, quick(), soon, "ams-light-1", "ams-light-2", "ams-heavy-1")
	bad, c, users := r.ams["ams-light-1"], r.connect(), of(0, 2, 50)
	bad.kill()
	pausetest.Until(t, "the link to be down", func() bool { return r.metric("redpacket_links_up", "ams-light") == 1 })
	asked, refused := 0, 0
	pausetest.Until(t, "it to be ejected", func() bool {
		asked, refused = asked+len(users), refused+c.lists(users)
		return r.metric("redpacket_l5_ejections_total", "ams-light-1") > 0
	})
	if refused > asked/10 {
		t.Errorf("%d of %d users were refused though the other instance works", refused, asked)
	}
	r.ams["ams-light-1"] = startAMS(t, bad.addr)
	pausetest.Until(t, "it to be closed", func() bool {
		c.lists(users)
		return r.metric("redpacket_l5_state", "ams-light-1") == 0
	})
}

// TestAllDeadAllTried: when no instance answers, calls go on to each of them, and the first that works again serves.
func TestAllDeadAllTried(t *testing.T) {
	r := startBy(t, quick(), soon, "ams-light-1", "ams-light-2", "ams-heavy-1")
	c, users := r.connect(), append(of(0, 2, 25), of(1, 2, 25)...)
	for _, a := range r.ams {
		a.answer(silent)
	}
	pausetest.Until(t, "all to be tried", func() bool {
		c.lists(users)
		return r.metric("redpacket_l5_all_tried", "ams-light") == 1
	})
	for _, name := range []string{"ams-light-1", "ams-light-2"} {
		seen := r.ams[name].calls.Load()
		if c.lists(users); r.ams[name].calls.Load() == seen {
			t.Errorf("%s is not tried", name)
		}
	}
	r.ams["ams-light-2"].answer(with(api.OK))
	pausetest.Until(t, "the one that works to serve all", func() bool { return c.lists(users) == 0 })
}

// TestUsersOfAnEjectedInstanceSpread: each of the others gets its part, and a user always the same one.
func TestUsersOfAnEjectedInstanceSpread(t *testing.T) {
	const n = 4
	peers, err := l5.New(l5.Drill(), []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, nil, "ams-light-1", "ams-light-2", "ams-light-3", "ams-light-4", "ams-heavy-1")
	p := pool{links: r.pools[light].links, peers: peers}
	peers.Failed(1, 10)
	peers.Step(time.Now())
	got := map[int]int{}
	for _, u := range of(1, n, 3000) {
		k := p.pick(u)
		if k != p.pick(u) {
			t.Fatalf("user %d has two instances", u)
		}
		got[k]++
	}
	if got[1] != 0 || min(got[0], got[2], got[3]) < 900 {
		t.Errorf("3000 users went to %v", got)
	}
	for _, u := range of(2, n, 100) {
		if p.pick(u) != 2 {
			t.Errorf("user %d left an instance that works", u)
		}
	}
}
