package volley

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
)

func TestFireInItsOwnProcess(t *testing.T) {
	null, err := StartNullServer("")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Stop()
	j := job(t, null.Addr, loadprofiles.Hold(6000, 700*time.Millisecond))
	j.Cores = "0"
	var told []Progress
	y, err := Fire(context.Background(), j, func(p Progress) { told = append(told, p) })
	if err != nil {
		t.Fatal(err)
	}
	if y.Clicks.Launched != 700 || y.Clicks.Owed != 700 || y.Owed != y.Launched || y.CPU <= 0 || y.Cores != "0" || y.Shards != 1 || y.Conns != 5 {
		t.Errorf("yield %+v", y)
	}
	if !slices.ContainsFunc(told, func(p Progress) bool { return p.Clicks.Launched > 0 && p.P99 > 0 && p.Outcomes[1] > 0 }) {
		t.Errorf("it told %+v", told)
	}
	if n := len(journalIn(t, j.Dir)); uint64(n) == 0 || tallyIn(t, j.Dir).Sum(0, forever, nil, nil) != y.Launched {
		t.Errorf("%d claims in the journal", n)
	}
}

func TestFireStopsWithItsContextAndYieldsWhatThereIs(t *testing.T) {
	t.Parallel()
	front := (&scripted{answer: ok}).serve(t)
	j := job(t, front, loadprofiles.Hold(3000, time.Hour))
	ctx, cancel := context.WithCancel(context.Background())
	var stopped time.Time
	y, err := Fire(ctx, j, func(Progress) {
		if stopped.IsZero() {
			stopped = time.Now()
			cancel()
		}
	})
	if err != nil || !y.Stopped {
		t.Fatalf("%+v, %v", y, err)
	}
	if took := time.Since(stopped); took > 1500*time.Millisecond {
		t.Errorf("it took %s to stop", took)
	}
	if y.Clicks.Launched < 100 || y.Clicks.Launched*10 < y.Clicks.Owed*9 || len(journalIn(t, j.Dir)) == 0 {
		t.Errorf("yield %+v", y)
	}
}

func TestFireSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	j := job(t, "127.0.0.1:1", loadprofiles.Hold(600, time.Second))
	j.Cores = "1000"
	if _, err := Fire(context.Background(), j, nil); err == nil || !strings.Contains(err.Error(), "1000") {
		t.Errorf("a core that is not there: %v", err)
	}
	j.Cores, j.Dir = "", "/does/not/exist"
	if _, err := Fire(context.Background(), j, nil); err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func TestMergeAddsUp(t *testing.T) {
	t.Parallel()
	front := (&scripted{answer: ok}).serve(t)
	one := job(t, front, loadprofiles.Hold(6000, 100*time.Millisecond))
	two := job(t, front, loadprofiles.Hold(3000, 150*time.Millisecond))
	two.Seed = 2
	y1, t1, j1 := fireHere(t, one)
	y2, t2, j2 := fireHere(t, two)
	into := t.TempDir()
	y, err := Merge(into, one.Dir, two.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if y.Owed != y1.Owed+y2.Owed || y.Clicks.Launched != 175 || y.Conns != y1.Conns+y2.Conns || y.LateMax != max(y1.LateMax, y2.LateMax) {
		t.Errorf("%+v and %+v make %+v", y1, y2, y)
	}
	if y.Stream == y1.Stream || y.Stream == y2.Stream || y.LateP99 > y.LateMax+y.LateMax/50 || y.LateP99 == 0 {
		t.Errorf("%+v", y)
	}
	if got := journalIn(t, into); !slices.Equal(got, append(j1, j2...)) {
		t.Errorf("%d and %d attempts make %d", len(j1), len(j2), len(got))
	}
	sum := t1.Sum(0, forever, nil, nil) + t2.Sum(0, forever, nil, nil)
	if got := tallyIn(t, into).Sum(0, forever, nil, nil); got != sum {
		t.Errorf("the tallies' %d requests make %d", sum, got)
	}
}

func TestSelfTestFindsALimit(t *testing.T) {
	t.Parallel()
	j := job(t, "", loadprofiles.Hold(1, time.Second))
	for _, style := range []Style{Journeys, Requests} {
		limit, err := selfTest(context.Background(), j.as(style), 30*time.Millisecond)
		if err != nil || limit.CPUPerRequest <= 0 || limit.RequestsPerSecond > 240_000 {
			t.Errorf("style %q: %+v, %v", style, limit, err)
		}
	}
}

// A generator that is honest in two steps and late in the third carries the second.
func TestHonestStopsAtTheFirstStepThatIsNot(t *testing.T) {
	p := loadprofiles.Night200k(time.Second)
	p.Curve = staircase(6000, stepTime)
	all := tally.New(time.Second)
	clicks := p.Clicks()
	for n := uint64(1); n <= clicks.Arrivals(); n++ {
		at, _ := clicks.When(n)
		late := time.Millisecond
		if at > 2*stepTime {
			late = 2 * p.LateBy
		}
		all.Late(at-1, late)
	}
	if got := honest(Job{Profile: p, Scale: 1}, all); got != 7500 {
		t.Errorf("limit is %f, want 7500", got)
	}
	if got := honest(Job{Profile: p, Scale: 1}, tally.New(time.Second)); got != 0 {
		t.Errorf("a generator that sent nothing carries %f", got)
	}
}
