package volley

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/login"
)

func clickCurves() *rapid.Generator[loadprofiles.Curve] {
	stretch := rapid.Custom(func(t *rapid.T) loadprofiles.Stretch {
		rate := rapid.Float64Range(0, 3000)
		return loadprofiles.Stretch{From: rate.Draw(t, "from"), To: rate.Draw(t, "to"), For: time.Duration(rapid.IntRange(1, 500).Draw(t, "ms")) * time.Millisecond}
	})
	return rapid.Custom(func(t *rapid.T) loadprofiles.Curve { return rapid.SliceOfN(stretch, 1, 4).Draw(t, "curve") })
}

// A generator that is never held up sends every click, none early, and none later than a quantum and its own step.
func TestPacerIsOnTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		curve := clickCurves().Draw(t, "curve")
		of := uint64(rapid.IntRange(1, 4).Draw(t, "shards"))
		sent := uint64(0)
		for index := range of {
			p := newPacer(context.Background(), plan{curve: curve, index: index, of: of})
			hits, now := uint64(0), time.Duration(0)
			for {
				wait, stop := p.next(now, hits)
				if stop {
					break
				}
				if now += wait; wait > 0 {
					continue // Vegeta would send after the wait; asked again, the pacer must agree
				}
				if late := now - p.plan.owed(hits); late < -time.Nanosecond || late > quantum+time.Microsecond {
					t.Fatalf("click %d of shard %d is %s late", hits, index, late)
				}
				hits++
			}
			if hits != p.total {
				t.Fatalf("shard %d sent %d of %d clicks", index, hits, p.total)
			}
			sent += hits
		}
		if sent != curve.Arrivals() {
			t.Fatalf("the shards sent %d of %d clicks", sent, curve.Arrivals())
		}
	})
}

// A wait that Vegeta obeys blindly must not make the click early either.
func TestPacerWaitsLongEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPacer(context.Background(), plan{curve: clickCurves().Draw(t, "curve"), of: 1})
		now, hits := time.Duration(0), uint64(0)
		for {
			wait, stop := p.next(now, hits)
			if stop {
				return
			}
			now += wait
			if early := p.plan.owed(hits) - now; early > time.Nanosecond {
				t.Fatalf("click %d is %s early", hits, early)
			}
			hits++
		}
	})
}

func TestPausedGeneratorIsLateAndThenStops(t *testing.T) {
	p := newPacer(context.Background(), plan{curve: loadprofiles.Hold(1000, time.Second), of: 1})
	if _, stop := p.next(100*time.Millisecond, 0); stop {
		t.Fatal("stopped at the start")
	}
	// It was paused until 600 ms: everything owed by then leaves at once.
	for hits := uint64(100); hits < 600; hits++ {
		if wait, stop := p.next(600*time.Millisecond, hits); wait != 0 || stop {
			t.Fatalf("hit %d waits %s, %t", hits, wait, stop)
		}
	}
	if wait, _ := p.next(600*time.Millisecond, 600); wait <= 0 {
		t.Error("what is not owed yet must wait")
	}
	// It was paused again until long after the end: what is left is missing.
	if _, stop := p.next(time.Second+overtime+1, 600); !stop {
		t.Error("it goes on after the curve and its overtime")
	}
}

func TestStarvedGeneratorYieldsLate(t *testing.T) {
	job := job(t, "nowhere", loadprofiles.Hold(6000, time.Second))
	signer, err := login.NewSigner(testKey)
	if err != nil {
		t.Fatal(err)
	}
	// The volley began 700 ms ago and only now the clicks of its first 100 ms leave.
	v := &volley{job: job, profile: job.Profile, curve: job.Profile.Clicks()}
	e := &engine{profile: job.Profile, crowd: job.Profile.Crowd(1), signer: signer, texts: newRequests(""),
		zero: time.Now().Add(-700 * time.Millisecond), tally: tally.New(time.Second), paper: &paper{}}
	e.routes = []*place{e.hire("nowhere", job.Profile.Conns, 1)}
	v.shards = []*shard{newShard(plan{curve: v.curve, of: 1}, e)}
	for seq := range uint64(100) {
		e.launch(seq+1, v.shards[0].plan.owed(seq))
	}
	y, _ := v.yield(0)
	if y.Clicks.Owed != 1000 || y.Clicks.Launched != 100 {
		t.Errorf("%+v", y.Clicks)
	}
	if y.LateP99 < 690*time.Millisecond || y.LateMax < y.LateP99*99/100 || y.LateOver != 1 {
		t.Errorf("late p99 %s, max %s, over %g", y.LateP99, y.LateMax, y.LateOver)
	}
	// Each click owes 3 static parts and 1 to 4 more requests; of those launched, none found a connection.
	if y.Launched != 400 || y.Unsent != 400 || y.Owed < 400+900*5 || y.Owed > 400+900*7 {
		t.Errorf("%d owed, %d launched, %d unsent", y.Owed, y.Launched, y.Unsent)
	}
}

func TestLongWaitEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := newPacer(ctx, plan{curve: loadprofiles.Hold(0.01, time.Hour), of: 1})
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, stop := p.Pace(0, 0); !stop {
		t.Error("a pacer whose context ended must stop")
	}
}
