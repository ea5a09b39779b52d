package tgw

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/login"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
)

const claim = "POST /claim?gift=3&server=9"

func TestJourney(t *testing.T) {
	c := start(t, nil, both()...).connect()
	for part, name := range []string{"frame", "rules", "words"} {
		c.as(0, fmt.Sprintf("GET /static/%d", part)).wants(200, "", `{"code":"ok","part":"`+name+`"`)
	}
	c.as(0, "GET /static/3").wants(404, "", `{"code":"not_found"`)
	c.as(7, "GET /gifts").wants(200, "", `{"code":"ok","op":"list","gift":0,"server":0,"user":7}`)
	c.as(7, "GET /servers?gift=3").wants(200, "", `{"code":"ok","op":"select","gift":3,"server":0,"user":7}`)
	c.as(7, claim).wants(200, "", `{"code":"ok","op":"claim","gift":3,"server":9,"user":7}`)
	c.as(7, "GET /receipt?gift=3").wants(200, "", `{"code":"ok","op":"receipt","gift":3,"server":0,"user":7}`)
}

func TestTokens(t *testing.T) {
	r := start(t, nil, both()...)
	c := r.connect()
	c.as(0, "GET /gifts").wants(401, "", `{"code":"unsigned"`)
	c.as(0, claim).wants(401, "", `{"code":"unsigned"`)
	s, err := login.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	good, lapsed := s.Mint(nil, 7, uint32(time.Now().Unix()+60)), s.Mint(nil, 7, uint32(time.Now().Unix()-60))
	nobody := s.Mint(nil, 0, uint32(time.Now().Unix()+60))
	forged := append([]byte{}, good...)
	forged[5] ^= 1
	for _, bad := range [][]byte{lapsed, forged, nobody, good[1:], append(good, 'A')} {
		fmt.Fprintf(c, "GET /gifts HTTP/1.1\r\nAuthorization: Bearer %s\r\n\r\n", bad)
		c.wants(401, "", `{"code":"unsigned"`)
	}
	if n := r.ams["ams-light-1"].calls.Load() + r.ams["ams-heavy-1"].calls.Load(); n != 0 {
		t.Errorf("%d calls came through without a token", n)
	}
}

func TestOneClaimAUser(t *testing.T) {
	c := start(t, nil, both()...).connect()
	c.as(7, claim).as(7, claim).as(8, claim).as(7, "GET /gifts")
	c.wants(200, "", `{"code":"ok","op":"claim"`)
	c.wants(429, "5", `{"code":"too_soon","say":"`)
	c.wants(200, "", `{"code":"ok","op":"claim"`)
	c.wants(200, "", `{"code":"ok","op":"list"`)
}

// TestShedClaimMayComeAgain: a user who hears busy or closed, or finds no ams, is not told too soon when he comes again.
func TestShedClaimMayComeAgain(t *testing.T) {
	r := start(t, nil, both()...)
	c, heavy := r.connect(), r.ams["ams-heavy-1"]
	heavy.answer(func(batch []wire.Call, from *wire.Caller) {
		from.Reply([]wire.Reply{{ID: batch[0].ID, Code: api.Busy}})
	})
	c.as(7, claim).wants(503, "1", `{"code":"busy","say":"So many`)
	c.as(7, claim).wants(503, "1", `{"code":"busy"`)
	heavy.answer(with(api.Closed))
	c.as(7, claim).wants(503, "1", `{"code":"closed","op":"claim"`)
	heavy.answer(with(api.OK))
	c.as(7, claim).wants(200, "", `{"code":"ok"`)
	c.as(7, claim).wants(429, "5", `{"code":"too_soon"`)
	heavy.kill()
	pausetest.Until(t, "the link to be down", func() bool {
		err := r.healthy()
		return err != nil && strings.Contains(err.Error(), "none of 1 links to ams-heavy is up")
	})
	c.as(9, claim).wants(503, "1", `{"code":"busy"`)
	r.ams["ams-heavy-1"] = startAMS(t, heavy.addr)
	pausetest.Until(t, "the link again", func() bool { return r.healthy() == nil })
	c.as(9, claim).wants(200, "", `{"code":"ok"`)
}

func TestDeadlines(t *testing.T) {
	r := start(t, func(r *config.Rules) {
		r.ReadWithin, r.ClaimWithin = config.Duration(40*time.Millisecond), config.Duration(80*time.Millisecond)
	}, both()...)
	r.ams["ams-light-1"].answer(silent)
	r.ams["ams-heavy-1"].answer(silent)
	c, began := r.connect(), time.Now()
	c.as(7, "GET /gifts").as(7, claim).as(0, "GET /static/0").as(7, claim)
	c.wants(503, "1", `{"code":"busy"`)
	c.wants(504, "5", `{"code":"unknown"`)
	if took := time.Since(began); took < 75*time.Millisecond || took > time.Second {
		t.Errorf("the claim was answered after %s, want about 80 ms", took)
	}
	c.wants(200, "", `{"code":"ok","part":"frame"`)
	c.wants(429, "5", `{"code":"too_soon"`)
}

// TestOrderAndLateReplies: replies come from two pools, at random, twice, and some too late; every client sees its own
// answers in the order of its requests.
func TestOrderAndLateReplies(t *testing.T) {
	r := start(t, nil, "ams-light-1", "ams-light-2", "ams-heavy-1", "ams-heavy-2")
	for _, a := range r.ams {
		var held []wire.Call
		var mu sync.Mutex
		a.answer(func(batch []wire.Call, from *wire.Caller) {
			mu.Lock()
			defer mu.Unlock()
			with(api.OK)(held, from) // a second time: must change nothing
			held = append(held[:0], batch...)
			for i := len(batch) - 1; i >= 0; i-- {
				with(api.OK)(batch[i:i+1], from)
			}
			from.Reply([]wire.Reply{{ID: 1<<63 | batch[0].ID, Code: api.OK}, {ID: 12345, Code: api.SoldOut}})
		})
	}
	var all sync.WaitGroup
	for k := range 4 {
		c := r.connect()
		const n = 200
		user := func(i int) api.User { return api.User(1 + k*n + i) }
		all.Go(func() {
			for i := range n {
				c.as(user(i), "GET /gifts").as(0, "GET /static/1").as(user(i), claim)
			}
		})
		all.Go(func() {
			for i := range n {
				c.wants(200, "", fmt.Sprintf(`{"code":"ok","op":"list","gift":0,"server":0,"user":%d}`, user(i)))
				c.wants(200, "", `{"code":"ok","part":"rules"`)
				c.wants(200, "", fmt.Sprintf(`{"code":"ok","op":"claim","gift":3,"server":9,"user":%d}`, user(i)))
			}
		})
	}
	all.Wait()
	for name, a := range r.ams {
		if a.calls.Load() == 0 {
			t.Errorf("%s got no calls", name)
		}
	}
	for _, m := range []struct {
		code, op string
		want     float64
	}{{"ok", "claim", 800}, {"ok", "static", 800}, {"ok", "list", 800}, {"sold_out", "claim", 0}} {
		if got := r.metric("redpacket_requests_total", m.code, m.op); got != m.want {
			t.Errorf("%g requests %s %s, want %g", got, m.op, m.code, m.want)
		}
	}
	if got := r.metric("redpacket_admitted_share"); got != 1 {
		t.Errorf("share %g, want 1", got)
	}
}

// TestAnAMSDies: its users are served by the other one; calls that were on their way are answered by their deadline.
func TestAnAMSDies(t *testing.T) {
	r := start(t, func(r *config.Rules) { r.ClaimWithin = config.Default().ClaimWithin }, "ams-light-1", "ams-heavy-1", "ams-heavy-2")
	c := r.connect()
	c.as(1, claim).wants(200, "", `{"code":"ok"`)
	dying, other := r.ams["ams-heavy-1"], r.ams["ams-heavy-2"]
	if dying.calls.Load() == 0 {
		dying, other = other, dying
	}
	dying.answer(silent)
	seen := dying.calls.Load()
	user := api.User(1)
	for dying.calls.Load() == seen { // find a user of the dying one, and leave its claim on the way
		user++
		c.as(user, claim)
		pausetest.Until(t, "the claim to arrive", func() bool { return dying.calls.Load()+other.calls.Load() >= int64(user) })
		if dying.calls.Load() == seen {
			c.wants(200, "", `{"code":"ok"`)
		}
	}
	dying.kill()
	c.wants(504, "5", `{"code":"unknown"`)
	pausetest.Until(t, "the link to be down", func() bool { return r.metric("redpacket_links_up", "ams-heavy") == 1 })
	for u := range api.User(20) {
		c.as(1000+u, claim).wants(200, "", `{"code":"ok"`)
	}
}

func TestAdmissionShedsUnderQueueing(t *testing.T) {
	r := start(t, func(r *config.Rules) { r.QueueTarget = config.Default().QueueTarget }, both()...)
	// It answers at once, and says that the calls have queued for a second: the admission must believe it.
	r.ams["ams-light-1"].answer(func(batch []wire.Call, from *wire.Caller) {
		for _, c := range batch {
			from.Reply([]wire.Reply{{ID: c.ID, Code: api.OK, Queued: 1_000_000}})
		}
	})
	c, user, shed := r.connect(), api.User(0), 0
	pausetest.Until(t, "users to be shed, and the metrics to say so", func() bool {
		user++
		if c.as(user, "GET /gifts").status() == 503 {
			shed++
		}
		return shed > 10 && r.metric("redpacket_admitted_share") < 1 && r.metric("redpacket_queue_wait_seconds") == 1
	})
	if claims := r.metric("redpacket_admitted_op_share", "claim"); claims != 1 {
		t.Errorf("%g of the claims pass: reads that queue must shed none", claims)
	}
}

func TestBadConfigurations(t *testing.T) {
	for name, cfg := range map[string]config.Config{
		"no key":       {Node: "tgw", Front: "127.0.0.1:0", Rules: config.Default()},
		"no deadlines": {Node: "tgw", Front: "127.0.0.1:0", Key: key},
		"no front":     {Node: "tgw", Front: "nowhere:-1", Key: key, Rules: config.Default()},
	} {
		if err := Run(t.Context(), cfg); err == nil {
			t.Errorf("%s: it ran", name)
		}
	}
}
