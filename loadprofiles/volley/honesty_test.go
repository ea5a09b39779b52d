package volley

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"redpacket/loadprofiles"
)

// leaving makes the beats of a second of hits that leave a while after they are owed.
func leaving(hits loadprofiles.Curve, late func(owed time.Duration) time.Duration) (b beats) {
	for n := uint64(1); n <= hits.Arrivals(); n++ {
		owed, _ := hits.When(n)
		b.add(owed + late(owed))
	}
	return b
}

func TestLumpsAreSeenThoughNothingIsLate(t *testing.T) {
	even := func(time.Duration) time.Duration { return 0 }
	lumps := func(apart time.Duration) func(time.Duration) time.Duration {
		return func(owed time.Duration) time.Duration { return apart - owed%apart }
	}
	for _, c := range []struct {
		name   string
		hits   loadprofiles.Curve
		late   func(time.Duration) time.Duration
		lo, hi float64
	}{
		{"on time", loadprofiles.Hold(2000, time.Second), even, 0, 0},
		{"on time, a few a second", loadprofiles.Hold(30, time.Second), even, 0, 0},
		{"on time, rising", loadprofiles.Ramp(0, 5000, time.Second), even, 0, 0.02},
		{"all that came due in 4 ms together", loadprofiles.Hold(2000, time.Second), lumps(quantum), 0, 0},
		{"lumps every 60 ms", loadprofiles.Hold(2000, time.Second), lumps(60 * time.Millisecond), 0.9, 1},
		{"lumps every 90 ms", loadprofiles.Hold(2000, time.Second), lumps(90 * time.Millisecond), 0.9, 1},
		{"one stall of 100 ms", loadprofiles.Hold(2000, time.Second), func(owed time.Duration) time.Duration {
			return max(0, 400*time.Millisecond-owed) * time.Duration(min(1, max(0, owed/(300*time.Millisecond))))
		}, 0.08, 0.14},
		{"nothing left", loadprofiles.Hold(2000, time.Second), func(time.Duration) time.Duration { return time.Hour }, 1, 1},
	} {
		if got := leaving(c.hits, c.late).bunched(c.hits, time.Second); got < c.lo || got > c.hi {
			t.Errorf("%s: %.2f of the beats are off, want %.2f to %.2f", c.name, got, c.lo, c.hi)
		}
	}
}

func TestShardsBeatsAddUp(t *testing.T) {
	hits := loadprofiles.Hold(1000, time.Second)
	var one, two, sum beats
	for n := uint64(1); n <= 1000; n++ {
		at, _ := hits.When(n)
		if n%3 == 0 {
			one.add(at)
		} else {
			two.add(at)
		}
	}
	sum.merge(one)
	sum.merge(two)
	if got := sum.bunched(hits, time.Second); got != 0 || one.bunched(hits, time.Second) == 0 {
		t.Errorf("the sum of two parts has %.2f of its beats off, one part %.2f", got, one.bunched(hits, time.Second))
	}
}

func TestASlowReaderOfResultsIsCounted(t *testing.T) {
	var g reading
	for i := range 4 * readEvery {
		at := time.Now()
		if i < 2*readEvery {
			at = at.Add(-lateBound - time.Second)
		}
		g.note(&vegeta.Result{Timestamp: at.Add(-time.Hour), Latency: time.Hour})
	}
	if g.results != 4*readEvery || g.looked != 4 || g.late != 2 {
		t.Errorf("%+v", g)
	}
}

// Whoever listens to the progress and does not come back must not hold up the volley, and is counted.
func TestASlowListenerHoldsNothingUp(t *testing.T) {
	hold := make(chan struct{})
	l := newTeller(func(Progress) { <-hold })
	for range 5 {
		l.tell(Progress{})
	}
	close(hold)
	l.close()
	if l.missed < 3 || l.missed > 4 {
		t.Errorf("%d of 5 reports are missed; one is being told and one waits", l.missed)
	}
}

func TestASlowHarnessIsCounted(t *testing.T) {
	t.Parallel()
	j := job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(600, 700*time.Millisecond))
	y, err := Fire(context.Background(), j, func(Progress) { <-time.After(2 * tellTime) })
	if err != nil || y.Untold == 0 {
		t.Errorf("%d reports came too late to be taken, %v", y.Untold, err)
	}
}

func TestASlowDiskIsCounted(t *testing.T) {
	p := &paper{full: make(chan []byte), empty: make(chan []byte, pages), ended: make(chan error, 1)}
	go func() {
		<-time.After(20 * time.Millisecond)
		<-p.full
	}()
	p.turn(make([]byte, loadprofiles.AttemptSize))
	if got := p.waited(); got < 5*time.Millisecond {
		t.Errorf("the load waited %s for the disk by its own account", got)
	}
}

// The kernel's account shows how long it waited on a core that others keep busy.
func TestAStarvedGeneratorKnowsIt(t *testing.T) {
	t.Parallel()
	if got := starved(time.Second, 3*time.Second, 4*time.Second, 2); got != 0.25 {
		t.Errorf("2 s of waiting in 4 s on 2 cores is %f", got)
	}
	if got := starved(unknownWait, unknownWait, time.Second, 1); got != unknownWait {
		t.Errorf("what the kernel does not tell is %f", got)
	}
	if waited() == unknownWait {
		t.Skip("this kernel does not tell how long threads wait")
	}
	b, err := StartBurner("0", 6)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	// Long enough that the wait for the last answers, in which it wants no core, is a small part of it.
	j := job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(6000, 2*time.Second))
	j.Cores = "0"
	if y, err := Fire(context.Background(), j, nil); err != nil || y.Starved < 0.3 {
		t.Errorf("it waited %.3f of the time among six busy processes, %v", y.Starved, err)
	}
}

// Many connections are opened, and all are used.
func TestAThousandConnections(t *testing.T) {
	t.Parallel()
	null, err := StartNullServer("")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Stop()
	j := job(t, null.Addr, loadprofiles.Hold(30_000, 200*time.Millisecond))
	j.Profile.Conns = loadprofiles.Conns{Static: 300, Read: 300, Claim: 400}
	for _, style := range []Style{Journeys, Requests} {
		y, _, _ := fireHere(t, j.as(style))
		if y.Conns != 1000 || y.Dropped > 0 || y.Unsent > 0 || y.Launched != y.Owed {
			t.Errorf("style %q: %+v", style, y)
		}
	}
	if _, err := os.Stat(filepath.Join(j.Dir, YieldFile)); err != nil {
		t.Error(err)
	}
}
