package playbook_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/control/playbook"
)

func TestTheRegisterIsSound(t *testing.T) {
	books := playbook.Register()
	if err := playbook.CheckAll(books); err != nil {
		t.Error(err)
	}
	var ids []string
	for _, p := range books {
		ids = append(ids, p.ID)
	}
	if want := "P1 P2 P3 P4 P5 P6 P7 P8 P9a P9b P10"; strings.Join(ids, " ") != want {
		t.Errorf("there are %v, want %s", ids, want)
	}
}

// The mistake of the night: 200,000/s as the trigger of a system built for 146,000/s.
func TestATriggerAboveTheCapacityIsRefused(t *testing.T) {
	p, _ := playbook.Find(playbook.Register(), "P1")
	p.Trigger.Level = 200_000.0 / 146_000
	err := p.Check()
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "playbook P1: its trigger is 1.36986") ||
		!strings.Contains(err.Error(), "must be below 0.9") {
		t.Errorf("%v", err)
	}
	for level, bad := range map[float64]bool{0.85: false, 0.8999: false, 0.9: true, 1: true} {
		if p.Trigger.Level = level; (p.Check() != nil) != bad {
			t.Errorf("at %g of the capacity: %v", level, p.Check())
		}
	}
}

func TestBadPlaybooksAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*playbook.Playbook){
		"no id":                  func(p *playbook.Playbook) { p.ID = "" },
		"no proof":               func(p *playbook.Playbook) { p.Proof = "" },
		"nobody decides":         func(p *playbook.Playbook) { p.Decides = "" },
		"does nothing":           func(p *playbook.Playbook) { p.Action = control.Settings{} },
		"by hand alone":          func(p *playbook.Playbook) { p.Action, p.Automatic, p.ByHand = control.Settings{}, false, "do it" },
		"no such call":           func(p *playbook.Playbook) { p.Calls = "the fire brigade" },
		"bad switches":           func(p *playbook.Playbook) { p.Action.CourierShare = 2 },
		"no effect":              func(p *playbook.Playbook) { p.Expect = playbook.Effect{} },
		"a fall below nothing":   func(p *playbook.Playbook) { p.Expect.By = 2 },
		"no such metric":         func(p *playbook.Playbook) { p.Trigger.Metric = "weather" },
		"no side":                func(p *playbook.Playbook) { p.Close.Side = "" },
		"no time":                func(p *playbook.Playbook) { p.Trigger.For = 0 },
		"no number":              func(p *playbook.Playbook) { p.Close.Level = math.NaN() },
		"closes as it opens":     func(p *playbook.Playbook) { p.Close = p.Trigger },
		"closes above its start": func(p *playbook.Playbook) { p.Close.Level = 0.88 },
	} {
		p, _ := playbook.Find(playbook.Register(), "P1")
		if spoil(&p); p.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	p, _ := playbook.Find(playbook.Register(), "P6")
	if err := playbook.CheckAll([]playbook.Playbook{p, p}); err == nil || !strings.Contains(err.Error(), "twice") || !strings.Contains(err.Error(), `after "P1"`) {
		t.Errorf("%v", err)
	}
}

func TestFoldIsWhatAllActiveGiveUp(t *testing.T) {
	books := playbook.Register()
	active := func(ids ...string) (all []control.Activation) {
		for _, id := range ids {
			all = append(all, control.Activation{Playbook: id, By: control.ByHand})
		}
		return all
	}
	base := control.Settings{SpreadMS: 20_000}
	got := playbook.Fold(books, base, active("P1", "P7", "P10", "gone"))
	if want := (control.Settings{SampleOneIn: 10, SpreadMS: 20_000, StopIssuing: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if other := playbook.Fold(books, base, active("P10", "P7", "P1")); other != got {
		t.Errorf("another order: %+v", other)
	}
	if playbook.Fold(books, base, nil) != base {
		t.Error("nothing active is not the base")
	}
}

func TestEffects(t *testing.T) {
	falls := playbook.Effect{Metric: playbook.Grants, Falls: true, By: 0.5, Within: time.Second}
	rises := playbook.Effect{Metric: playbook.Grants, By: 0.5, Within: time.Second}
	for _, c := range []struct {
		e             playbook.Effect
		before, after float64
		want          bool
	}{{falls, 100, 50, true}, {falls, 100, 51, false}, {rises, 100, 150, true}, {rises, 100, 149, false}} {
		if got, err := c.e.Seen(c.before, c.after); got != c.want || err != nil {
			t.Errorf("%s: from %g to %g: %v, %v", c.e, c.before, c.after, got, err)
		}
	}
	if _, err := falls.Seen(0, 0); err == nil {
		t.Error("a fall from nothing was seen")
	}
}

// scrape is one reading of a small system at a time, in which everything has gone on for so many seconds.
func scrape(at, busy float64) playbook.Scrape {
	return playbook.Scrape{At: time.Unix(0, 0).Add(time.Duration(at * 1e9)), Instances: []playbook.Instance{
		{Node: "tgw", Role: "tgw", IDC: "a", Values: map[string]float64{
			`redpacket_requests_total{code="ok",op="static"}`: 300 * at, `redpacket_requests_total{code="ok",op="list"}`: 90 * at,
			`redpacket_requests_total{code="busy",op="claim"}`: busy * at, `redpacket_requests_total{code="malformed",op="?"}`: 5 * at,
			`redpacket_requests_total{code="unknown",op="claim"}`: 5 * at}},
		{Node: "ams-light-1", Role: "ams-light", IDC: "a", Values: map[string]float64{
			`redpacket_answers_total{code="ok"}`: 80 * at, `process_network_transmit_bytes_total`: 5000 * at}},
		{Node: "ams-heavy-1", Role: "ams-heavy", IDC: "a", Values: map[string]float64{
			`redpacket_answers_total{code="ok"}`: 40 * at, `redpacket_grants_total`: 30 * at, `process_network_transmit_bytes_total`: 9 * at,
			`redpacket_optional_total{outcome="missed",part="registry"}`: 2 * at, `redpacket_optional_total{outcome="skipped",part="registry"}`: at,
			`redpacket_optional_total{outcome="answered",part="registry"}`: 7 * at, `redpacket_optional_total{outcome="missed",part="recommend"}`: 50 * at,
			`redpacket_reports_sent_total`: 3 * at, `redpacket_reports_failed_total`: at, `redpacket_newcomer_grants_total`: 2 * at}},
		{Node: "recon", Role: "recon", IDC: "a", Values: map[string]float64{
			`redpacket_recon_differences{kind="missing"}`: 2, `redpacket_recon_differences{kind="amount"}`: 1}},
		{Node: "linkd-store", Role: "linkd", IDC: "a", Values: map[string]float64{
			`toxiproxy_proxy_sent_bytes_total{direction="upstream",proxy="ams-heavy-1--cmem-1"}`: 700 * at,
			`toxiproxy_proxy_sent_bytes_total{direction="upstream",proxy="ams-heavy-1--log"}`:    999 * at}},
		{Node: "courier", Role: "courier", IDC: "a", Values: map[string]float64{
			`redpacket_backlog{game="0"}`: 100 + at, `redpacket_backlog{game="1"}`: 50, `redpacket_delivered_total{game="0"}`: 7 * at,
			`redpacket_backlog_age_seconds{game="0"}`: 3600, `redpacket_backlog_age_seconds{game="1"}`: 36 * 3600}},
	}}
}

func TestMeasure(t *testing.T) {
	c := config.Capacity{Requests: 1000, StoreBytes: 1000, Backlog: 1520}
	before, now := scrape(1, 5), scrape(2, 5)
	got := playbook.Measure(before, now, c)
	want := playbook.Values{playbook.Load: 0.405, playbook.StoreBytes: 0.7, playbook.Backlog: 0.1, playbook.BacklogAge: 0.75, playbook.Refused: 0.05,
		playbook.SuccessA: 0.95, playbook.ArrivalsA: 405, playbook.Arrivals: 405, playbook.LightCalls: 80, playbook.LightBytes: 5000, playbook.Grants: 30, playbook.Deliveries: 7,
		playbook.LookupFailures: 0.3, playbook.Reports: 3, playbook.ReportFailures: 0.25, playbook.NewcomerGrants: 2, playbook.Differences: 3}
	if len(got) != len(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for m, v := range want {
		if math.Abs(got[m]-v) > 1e-9 {
			t.Errorf("%s is %g, want %g", m, got[m], v)
		}
	}
	if _, known := playbook.Measure(before, now, config.Capacity{})[playbook.Load]; known {
		t.Error("a share of a capacity that nobody has measured")
	}
	if v := playbook.Measure(now, now, c); len(v) != 0 {
		t.Errorf("two readings of one moment: %v", v)
	}
	// A process that has started anew counts from 0, one that was not there is left out.
	again := scrape(2, 5)
	again.Instances[2].Values = map[string]float64{`redpacket_grants_total`: 4}
	again.Instances[5].Node = "courier-2"
	got = playbook.Measure(before, again, c)
	if _, known := got[playbook.Deliveries]; got[playbook.Grants] != 4 || known {
		t.Errorf("grants %g, deliveries known: %v", got[playbook.Grants], known)
	}
}

// second is one step of a story: what is measured then, and what is to be done.
type second struct {
	load float64 // negative: not known
	want string  // + activate, - close, or nothing
}

// teller tells a watch of P1 (open: above 0.85 for 3 s, close: below 0.6 for 4 s) a story, and does what it decides.
type teller struct {
	t      *testing.T
	watch  *playbook.Watch
	at     int64 // s
	active []control.Activation
}

func newTeller(t *testing.T) *teller {
	t.Helper()
	p, _ := playbook.Find(playbook.Register(), "P1")
	p.Close.For = 4 * time.Second
	return &teller{t: t, watch: playbook.NewWatch([]playbook.Playbook{p})}
}

func (w *teller) tell(story ...second) {
	w.t.Helper()
	for _, s := range story {
		v := playbook.Values{playbook.Load: s.load}
		if s.load < 0 {
			v = nil
		}
		got := ""
		for _, d := range w.watch.Step(time.Unix(w.at, 0), v, w.active) {
			if got = "-"; d.Activate {
				got = "+"
				w.active = append(w.active, control.Activation{Playbook: d.Playbook, By: control.ByTrigger})
			} else {
				w.active = slices.DeleteFunc(w.active, func(a control.Activation) bool { return a.Playbook == d.Playbook })
			}
		}
		if got != s.want {
			w.t.Errorf("second %d, load %g: decided %q, want %q", w.at, s.load, got, s.want)
		}
		w.at++
	}
}

func TestTriggersOpenAndClose(t *testing.T) {
	newTeller(t).tell(second{0.9, ""}, second{0.9, ""}, second{0.8, ""}, // not long enough
		second{0.9, ""}, second{0.9, ""}, second{0.9, ""}, second{0.9, "+"}, second{0.9, ""},
		second{0.7, ""}, second{0.5, ""}, second{0.5, ""}, second{0.65, ""}, // not low enough for long enough
		second{0.5, ""}, second{0.5, ""}, second{0.5, ""}, second{0.5, ""}, second{0.5, "-"}, second{0.5, ""},
		second{0.9, ""}, second{0.9, ""}, second{0.9, ""}, second{0.9, "+"}) // it may come again
}

func TestNotKnowingNeitherBeginsNorEndsAnything(t *testing.T) {
	newTeller(t).tell(second{-1, ""}, second{0.9, ""}, second{-1, ""}, second{-1, ""}, second{0.9, "+"})
	newTeller(t).tell(second{0.9, ""}, second{-1, ""}, second{-1, ""}, second{-1, "+"}) // blind, but only just
	w := newTeller(t)
	w.tell(second{0.9, ""}, second{-1, ""}, second{-1, ""})
	w.at += 20
	w.tell(second{-1, ""}, second{0.9, ""}, second{0.9, ""}, second{0.9, ""}, second{0.9, "+"}) // what was seen is too old
}

func TestHandsAndTriggersDoNotFight(t *testing.T) {
	w := newTeller(t)
	w.active = []control.Activation{{Playbook: "P1", By: control.ByHand}}
	w.tell(slices.Repeat([]second{{0.1, ""}}, 10)...) // by hand stays, however low the load is
	if _, closing := w.watch.Due("P1"); !closing {
		t.Error("nobody is told that it may be closed")
	}
	high := slices.Repeat([]second{{0.95, ""}}, 6)
	w.tell(high...)
	w.active = nil // taken back by hand, under load: it does not come again
	w.tell(high...)
	w.tell(second{0.5, ""}, second{0.95, ""}, second{0.95, ""}, second{0.95, ""}, second{0.95, "+"})
	w.watch.Activated("P1")
	w.active = nil // taken back before it was seen to be active
	w.tell(high...)
}

func TestOneAfterAnother(t *testing.T) {
	books := playbook.Register()
	p, _ := playbook.Find(books, "P6")
	w := playbook.NewWatch([]playbook.Playbook{p})
	var active []control.Activation
	step := func(from, to int) {
		for at := from; at < to; at++ {
			if d := w.Step(time.Unix(int64(at), 0), playbook.Values{playbook.Load: 0.95}, active); d != nil {
				t.Errorf("%v", d)
			}
		}
	}
	step(0, 100)
	if open, _ := w.Due("P6"); open {
		t.Error("P6 is due without P1")
	}
	active = []control.Activation{{Playbook: "P1", By: control.ByTrigger}}
	step(100, 129)
	if open, _ := w.Due("P6"); open {
		t.Error("P6 is due too early")
	}
	step(129, 131)
	if open, _ := w.Due("P6"); !open {
		t.Error("P6 is not due, 30 s after P1")
	}
	if open, closing := w.Due("P99"); open || closing {
		t.Error("a playbook that there is not")
	}
}
