package l5

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestSets(t *testing.T) {
	p, d := Polaris(), Drill()
	if p.Consecutive != 10 || p.Ratio != 0.5 || p.Least != 10 || p.Window != time.Minute || p.Check != 10*time.Second ||
		p.Sleep != 30*time.Second || p.Successes != 3 || p.Refresh != 2*time.Second || p.FileAge != time.Minute {
		t.Errorf("these are not Polaris' defaults: %+v", p)
	}
	if d.Window != 6*time.Second || d.Sleep != 3*time.Second || d.Consecutive != 10 || d.MaxEjected != 0.5 {
		t.Errorf("the drills' set is not a tenth: %+v", d)
	}
	for _, r := range []Rules{p, d} {
		if got, err := Named(r.Name); err != nil || got != r {
			t.Errorf("set %s: %+v, %v", r.Name, got, err)
		}
	}
	if _, err := Named("fast"); err == nil || !strings.Contains(err.Error(), `"fast"`) {
		t.Errorf("an unknown set: %v", err)
	}
	for name, change := range map[string]func(*Rules){
		"no failures":    func(r *Rules) { r.Consecutive = 0 },
		"never closes":   func(r *Rules) { r.Successes = r.Probes + 1 },
		"no ratio":       func(r *Rules) { r.Ratio = math.NaN() },
		"more than all":  func(r *Rules) { r.MaxEjected = 1.1 },
		"no sleep":       func(r *Rules) { r.Sleep = 0 },
		"no probes":      func(r *Rules) { r.Probes, r.Successes = 0, 0 },
		"an empty value": func(r *Rules) { *r = Rules{} },
	} {
		r := Drill()
		change(&r)
		if _, err := New(r, []string{"a"}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestHardDeath: ten calls and one tick.
func TestHardDeath(t *testing.T) {
	for _, rules := range []Rules{Polaris(), Drill()} {
		c := newCaller(t, rules, 0, 0)
		c.run(1000, 5*time.Second, never)
		c.fail[1] = 1
		for range 9 {
			c.call(1)
		}
		c.Step(zero.Add(c.at))
		c.wants(1, Closed)
		c.call(1)
		c.Step(zero.Add(c.at))
		c.wants(1, Open)
		if c.Takes(1) || !c.Takes(0) || c.AllTried() {
			t.Errorf("%s: the dead one takes %t, the other %t", rules.Name, c.Takes(1), c.Takes(0))
		}
		if s := c.Seen(1); s.Ejections != 1 || s.Failures != 10 {
			t.Errorf("%s: seen %+v", rules.Name, s)
		}
	}
}

// TestSixtyPercent: the way out depends on the rate. Of 120 calls in a window ten in a row seldom fail, but their
// ratio is judged when the window, armed by the first failure, has ended; of a thousand a second ten in a row fail soon.
func TestSixtyPercent(t *testing.T) {
	for _, x := range []struct {
		p, rate        float64
		from, to       time.Duration
		least, callers int // of so many callers, so many eject it in that time
	}{
		{p: 0.6, rate: 2, from: 60 * time.Second, to: 71 * time.Second, least: 60, callers: 100},
		{p: 0.6, rate: 2, from: 0, to: 2 * time.Minute, least: 98, callers: 100},
		{p: 0.6, rate: 1000, from: 0, to: 2 * time.Second, least: 95, callers: 100},
		{p: 0.3, rate: 1000, from: 2 * time.Second, to: 20 * time.Minute, least: 3, callers: 3}, // never by its ratio
	} {
		in := 0
		for seed := range uint64(x.callers) {
			c := newCaller(t, Polaris(), x.p, 0)
			c.draw = rand.New(rand.NewPCG(seed, 3))
			if took := c.run(x.rate, x.to, c.is(0, Open)); took >= x.from && c.Seen(0).State == Open {
				in++
			}
		}
		t.Logf("%.0f %% at %g calls/s: %d of %d callers eject it within %s to %s", 100*x.p, x.rate, in, x.callers, x.from, x.to)
		if in < x.least {
			t.Errorf("%.0f %% at %g calls/s: %d of %d callers eject it within %s to %s, want %d", 100*x.p, x.rate, in, x.callers, x.from, x.to, x.least)
		}
	}
}

// TestCallsUntilARow: (1-p^10)/(p^10(1-p)) calls on average, in whatever slices they are counted.
func TestCallsUntilARow(t *testing.T) {
	for _, x := range []struct {
		p      float64
		slice  int
		trials int
	}{{0.6, 1, 4000}, {0.6, 100, 4000}, {0.5, 1, 2000}, {0.5, 500, 2000}} {
		draw, rules, sum := rand.New(rand.NewPCG(7, uint64(x.slice))), Polaris(), 0.0
		rules.Window = time.Hour // so that no ratio is judged
		for range x.trials {
			c := &circuit{rules: &rules, draw: draw}
			for trip := false; !trip; sum += float64(x.slice) {
				failed := 0
				for range x.slice {
					if draw.Float64() < x.p {
						failed++
					}
				}
				trip = c.note(zero, x.slice-failed, failed)
			}
		}
		p10 := math.Pow(x.p, 10)
		want := (1-p10)/(p10*(1-x.p)) + float64(x.slice-1)/2 // the slice is taken to its end
		mean := sum / float64(x.trials)
		// The number of calls is nearly exponential, so the deviation of its mean is want/√trials.
		if bound := 4 * want / math.Sqrt(float64(x.trials)); math.Abs(mean-want) > bound {
			t.Errorf("p = %g in slices of %d: %.0f calls on average, want %.0f ± %.0f", x.p, x.slice, mean, want, bound)
		}
	}
}

// TestWindowIsArmedByAFailure: successes before the first failure do not count, and the ratio is looked at only at the end.
func TestWindowIsArmedByAFailure(t *testing.T) {
	rules := Drill() // a window of 6 s, looked at every second
	rules.Consecutive = 1000
	c := newCaller(t, rules, 0, 0)
	step := func(after time.Duration, ok, failed int) {
		c.at += after
		c.Answered(0, ok)
		c.Failed(0, failed)
		c.Step(zero.Add(c.at))
	}
	step(tick, 1000, 0)
	step(tick, 0, 6) // arms
	step(tick, 5, 0)
	step(5*time.Second, 0, 0)
	c.wants(0, Closed) // 6 of 11, and the window has not ended
	step(2*time.Second, 0, 0)
	c.wants(0, Open)
	for name, x := range map[string]struct{ ok, failed int }{"too few": {0, 9}, "below the ratio": {12, 10}} {
		c = newCaller(t, rules, 0, 0)
		step(tick, 0, x.failed)
		step(tick, x.ok, 0)
		step(7*time.Second, 0, 0)
		if c.Seen(0).State != Closed {
			t.Errorf("%s: ejected", name)
		}
		step(tick, 0, 10) // the next window begins with nothing
		step(7*time.Second, 0, 0)
		c.wants(0, Open)
	}
}

func TestComesBackThroughHalfOpen(t *testing.T) {
	rules := Polaris()
	c := newCaller(t, rules, 1, 0)
	c.run(1000, time.Second, c.is(0, Open))
	dead := c.sent[0]
	slept := c.run(1000, time.Minute, c.is(0, HalfOpen))
	if slept < rules.Sleep || slept > rules.Sleep+rules.Check || c.sent[0] != dead {
		t.Errorf("half-open after %s and %d calls meanwhile, want 30 s to 40 s and none", slept, c.sent[0]-dead)
	}
	// Three probes, and one failure is enough.
	c.run(1000, tick, never)
	c.wants(0, Open)
	if s := c.Seen(0); c.sent[0] != dead+rules.Probes || s.Probes != 3 || s.Reopens != 1 || s.Ejections != 1 {
		t.Errorf("%d probes were sent; seen %+v", c.sent[0]-dead, s)
	}
	c.run(1000, time.Minute, c.is(0, HalfOpen))
	c.fail[0] = 0
	c.run(1000, tick, never)
	c.wants(0, Closed)
	if c.sent[0] != dead+2*rules.Probes {
		t.Errorf("%d probes in two cycles", c.sent[0]-dead)
	}
	c.run(1000, time.Second, never)
	if c.sent[0] < dead+900 {
		t.Errorf("closed, and %d calls in a second of 1000", c.sent[0]-dead)
	}
}

// TestProbesThatComeToNothing: when nobody hears what became of the probes, a new cycle begins after the sleep.
func TestProbesThatComeToNothing(t *testing.T) {
	rules := Drill()
	c := newCaller(t, rules, 1, 0)
	c.run(1000, time.Second, c.is(0, Open))
	c.run(10, 10*time.Second, c.is(0, HalfOpen))
	for cycle := range 3 {
		taken := 0
		for range 100 {
			if c.Takes(0) {
				taken++
			}
		}
		if taken != rules.Probes {
			t.Errorf("cycle %d let %d through", cycle, taken)
		}
		for range 40 { // longer than the sleep and the check
			c.at += tick
			c.Step(zero.Add(c.at))
		}
		c.wants(0, HalfOpen)
	}
}

func TestAllDeadAllTried(t *testing.T) {
	for _, rules := range []Rules{Polaris(), Drill()} {
		c := newCaller(t, rules, 1, 1, 1)
		c.run(1000, 5*time.Second, c.AllTried)
		before := append([]int{}, c.sent...)
		c.run(1000, 2*rules.Sleep, never)
		for i, n := range c.sent {
			if got, want := n-before[i], int(1000*2*rules.Sleep.Seconds()); got < want*99/100 {
				t.Errorf("%s: instance %d got %d of %d calls", rules.Name, i, got, want)
			}
		}
		c.fail[1] = 0 // one comes back: it is found, and the others are left
		c.run(1000, time.Minute, func() bool { return !c.AllTried() })
		c.run(1000, time.Second, never)
		if !c.Takes(1) || c.AllTried() {
			t.Errorf("%s: the one that works is not used", rules.Name)
		}
	}
}

// TestAFaultOfAllIsNobodys: what hits every instance at once ejects none, so nothing is missing when it is over.
func TestAFaultOfAllIsNobodys(t *testing.T) {
	c := newCaller(t, Drill(), 1, 1)
	c.run(1000, 2*time.Second, never)
	c.fail[0], c.fail[1] = 0, 0
	c.run(1000, tick, never)
	for i := range c.fail {
		if s := c.Seen(i); s.State != Closed || s.Ejections != 0 || c.AllTried() {
			t.Errorf("instance %d: %+v", i, s)
		}
	}
}

func TestShareOfEjected(t *testing.T) {
	for _, x := range []struct {
		share float64
		dead  int
		want  int
	}{{0.5, 3, 2}, {0.25, 3, 1}, {0, 3, 0}, {1, 3, 3}, {0.5, 1, 1}} {
		rules := Drill()
		rules.MaxEjected = x.share
		c := newCaller(t, rules, 0, 0, 0, 0)
		for i := range x.dead {
			c.fail[i] = 1
		}
		c.run(1000, 2*time.Second, never)
		ejected := 0
		for i := range c.fail {
			if c.Seen(i).State == Open {
				ejected++
			}
		}
		if ejected != x.want {
			t.Errorf("share %g, %d of 4 dead: %d ejected, want %d", x.share, x.dead, ejected, x.want)
		}
	}
}

func TestForget(t *testing.T) {
	c := newCaller(t, Drill(), 0, 0)
	c.Failed(0, 1000)
	c.Forget()
	c.Step(zero)
	c.wants(0, Closed)
}

func TestListed(t *testing.T) {
	c := newCaller(t, Drill(), 0, 1, 0)
	takes := func(want ...bool) {
		t.Helper()
		c.Step(zero.Add(c.at))
		for i, w := range want {
			if c.Takes(i) != w {
				t.Errorf("instance %d takes calls: %t", i, !w)
			}
		}
	}
	takes(true, true, true)
	c.List([]string{"ams-1", "ams-2", "ams-9"})
	takes(true, true, false)
	c.List(nil) // not believed
	takes(true, true, false)
	c.run(1000, time.Second, c.is(1, Open))
	takes(true, false, false)
	c.List([]string{"ams-2"}) // all that there are are dead
	takes(false, true, false)
	c.List([]string{"ams-3", "ams-2", "ams-1"})
	takes(true, false, true)
}
