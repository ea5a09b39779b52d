package volley

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/promotion"
)

// layer is a promotion layer whose valve a test closes.
type layer struct {
	closed, dead atomic.Bool
	addr         string
}

func promoted(t *testing.T) *layer {
	t.Helper()
	l := &layer{}
	answer := promotion.Handler(func() promotion.Valve { return promotion.Valve{Closed: l.closed.Load()} })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.dead.Load() {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		answer.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	l.addr = strings.TrimPrefix(server.URL, "http://")
	return l
}

// brought is a job of which three of four users come by the promotion.
func (l *layer) brought(j Job, lag time.Duration) Job {
	j.Promo, j.Profile.Promotion = l.addr, loadprofiles.Promotion{Share: 0.75, Lag: lag}
	return j
}

// keptAway is how many of a job's hits a valve keeps away, worked out from what was heard of it, and how many of the others
// are clicks.
func keptAway(j Job, valve loadprofiles.Turns) (away, clicks uint64) {
	p := j.Profile.Scaled(j.Scale)
	crowd, hits := p.Crowd(j.Seed), p.Exposures()
	for n := uint64(1); n <= hits.Arrivals(); n++ {
		switch at, _ := hits.When(n); {
		case crowd.Withheld(n, at, valve):
			away++
		case crowd.Clicks(n):
			clicks++
		}
	}
	return away, clicks
}

func TestAClosedValveKeepsNewUsersAwayAndOwesNobody(t *testing.T) {
	t.Parallel()
	l := promoted(t)
	j := l.brought(job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(6000, 2*time.Second)), 300*time.Millisecond)
	j.Profile.Funnel.Click = 0.5
	time.AfterFunc(500*time.Millisecond, func() { l.closed.Store(true) })
	time.AfterFunc(1300*time.Millisecond, func() { l.closed.Store(false) })
	y, err := run(context.Background(), j, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := tallyIn(t, j.Dir)
	if len(y.Valve) < 2 || y.Valve[0].Closed || !y.Valve[1].Closed {
		t.Fatalf("the valve did %+v, %d questions were not answered", y.Valve, y.Unheard)
	}
	want, clicks := keptAway(j, y.Valve)
	if want == 0 || y.Withheld != want || all.Facts(0, forever, tally.Withheld) != want {
		t.Errorf("%d hits are withheld, %d by the tally; want %d", y.Withheld, all.Facts(0, forever, tally.Withheld), want)
	}
	// On a busy machine load is missing; it is owed all the same, and by nobody who was kept away.
	if hits := j.Profile.Exposures().Arrivals() - want; y.Exposures.Owed != hits || y.Clicks.Owed != clicks {
		t.Errorf("%d exposures and %d clicks are owed; want %d and %d", y.Exposures.Owed, y.Clicks.Owed, hits, clicks)
	}
	if all.Facts(0, forever, tally.Exposed) != y.Exposures.Launched || all.Facts(0, forever, tally.Clicked) != y.Clicks.Launched {
		t.Errorf("the tally has %d exposures and %d clicks: %+v", all.Facts(0, forever, tally.Exposed), all.Facts(0, forever, tally.Clicked), y)
	}
	// The first users who are missing are those who would have been shown the promotion just then.
	if early := all.Facts(0, y.Valve[1].At-tally.Slot, tally.Withheld); early > 0 {
		t.Errorf("%d users are missing who were shown the promotion", early)
	}
}

func TestAnOpenValveChangesNothing(t *testing.T) {
	t.Parallel()
	plain := job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(6000, 300*time.Millisecond))
	with := plain
	with.Dir = t.TempDir()
	with = promoted(t).brought(with, time.Second)
	one, _, _ := fireHere(t, plain)
	two, _, _ := fireHere(t, with)
	if one.Stream != two.Stream || one.Clicks != two.Clicks || two.Withheld > 0 || len(two.Valve) != 1 || len(one.Valve) > 0 {
		t.Errorf("without a promotion %+v, with one that runs %+v", one, two)
	}
}

func TestWhatWasLastHeardOfTheValveHolds(t *testing.T) {
	t.Parallel()
	l := promoted(t)
	l.closed.Store(true)
	j := l.brought(job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(6000, time.Second)), 0)
	y, err := run(context.Background(), j, 1, func(Progress) { l.dead.Store(true); l.closed.Store(false) })
	if err != nil {
		t.Fatal(err)
	}
	away, _ := keptAway(j, y.Valve)
	if len(y.Valve) != 1 || !y.Valve[0].Closed || y.Unheard == 0 || y.Withheld != away || away < 700 {
		t.Errorf("yield %+v", y)
	}
}

func TestAPromotionLayerThatIsSilentIsAnErrorThatSaysSo(t *testing.T) {
	l := promoted(t)
	l.dead.Store(true)
	j := l.brought(job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(600, 100*time.Millisecond)), 0)
	if _, err := run(context.Background(), j, 1, nil); !errors.Is(err, promotion.ErrUnanswered) || !strings.Contains(err.Error(), "shown the promotion") {
		t.Errorf("error is %v", err)
	}
	j.Promo = ""
	if err := j.Check(); err == nil || !strings.Contains(err.Error(), "no promotion layer") {
		t.Errorf("a promotion that nobody runs: %v", err)
	}
	j.Promo, j.Style, j.Profile.Retry = l.addr, Requests, loadprofiles.Retry{}
	if err := j.Check(); err == nil || !strings.Contains(err.Error(), "with a promotion") {
		t.Errorf("requests by a promotion: %v", err)
	}
}

// Whom the valve kept away is no gap in the rhythm, and nobody is waited for.
func TestAHitThatNeverWasIsNeitherOwedNorAGap(t *testing.T) {
	j := job(t, "front", loadprofiles.Hold(6000, time.Second))
	j.Profile.Promotion = loadprofiles.Promotion{Share: 1}
	e := &engine{profile: j.Profile, crowd: j.Profile.Crowd(1), valve: &valve{turns: loadprofiles.Turns{{Closed: true}}}, tally: newTally(j.Profile), zero: time.Now()}
	v := &volley{curve: j.hits(), shards: []*shard{{engine: e}}}
	before := v.progress(time.Second)
	for n := range uint64(300) {
		e.expose(n+1, 0)
	}
	after, left := v.progress(time.Second), uint32(0)
	for _, n := range e.sent {
		left += n
	}
	if e.passed() != 300 || after.Clicks != (loadprofiles.Launches{Owed: before.Clicks.Owed - 300}) || left != 300 {
		t.Errorf("%d hits passed, %d in the rhythm; progress %+v, and %+v after them", e.passed(), left, before.Clicks, after.Clicks)
	}
}

// A generator that came to a stand owes those who would have come, and not those whom the valve kept away.
func TestWhatIsMissingIsOwedByThoseWhoWouldHaveCome(t *testing.T) {
	j := promoted(t).brought(job(t, "front", loadprofiles.Hold(6000, time.Second)), 0)
	p := j.Profile.Scaled(j.Scale)
	e := &engine{profile: p, crowd: p.Crowd(j.Seed), tally: newTally(p),
		valve: &valve{turns: loadprofiles.Turns{{}, {At: 500 * time.Millisecond, Closed: true}}}}
	e.counts.hits = 100
	s := newShard(plan{curve: j.hits(), of: 1}, e)
	hits, clicks := s.missing(j.hits().Length())
	if want, _ := keptAway(j, e.valve.turns); want == 0 || e.counts.withheld != want || hits != clicks || hits != 900-want {
		t.Errorf("%d hits of %d are missing, %d withheld; want %d", hits, 1000, e.counts.withheld, want)
	}
}

// Each turn's time is read while no hit can look, so that a hit's fate is the same whoever asks, and whenever.
func TestAHitsFateHangsOnTheTurnsAlone(t *testing.T) {
	p := loadprofiles.Estimate96k(time.Second)
	p.Promotion = loadprofiles.Promotion{Share: 1}
	crowd, v, began := p.Crowd(1), &valve{turns: loadprofiles.Turns{{}}}, time.Now()
	now := func() time.Duration { return time.Since(began) }
	over := make(chan struct{})
	go func() {
		defer close(over)
		for closed := true; now() < 100*time.Millisecond; closed = !closed {
			v.hear(closed, now)
		}
	}()
	type fate struct {
		n    uint64
		owed time.Duration
		away bool
	}
	var all []fate
	for n := uint64(1); now() < 100*time.Millisecond; n++ {
		owed := now()
		all = append(all, fate{n, owed, v.keepsAway(crowd, n, owed)})
	}
	<-over
	for _, f := range all {
		if v.keepsAway(crowd, f.n, f.owed) != f.away {
			t.Fatalf("hit %d, owed at %s, was kept away: %v; looked at again it is not so", f.n, f.owed, f.away)
		}
	}
}
