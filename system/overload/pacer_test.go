package overload

import (
	"testing"
	"time"

	"redpacket/system/api"
)

func TestPacerKeepsItsRate(t *testing.T) {
	for _, rate := range []float64{50, 999, 40_000} {
		p, now, taken := NewPacer(rate, 5*time.Millisecond), time.Unix(1_700_000_000, 0), 0
		most, burst := 0, int(max(1, rate*0.005))
		for range 10_000 { // 10 s, every ms
			n := p.Take(now, 1<<20)
			taken, most = taken+n, max(most, n)
			now = now.Add(time.Millisecond)
		}
		if want := rate * 10; float64(taken) < 0.999*want-1 || float64(taken) > want+float64(burst) {
			t.Errorf("rate %g: %d taken in 10 s", rate, taken)
		}
		if most > burst {
			t.Errorf("rate %g: %d at once, want ≤ %d", rate, most, burst)
		}
	}
}

func TestPacerAfterAPause(t *testing.T) {
	p, now := NewPacer(1000, 5*time.Millisecond), time.Unix(1_700_000_000, 0)
	p.Take(now, 5)
	if got := p.Take(now.Add(time.Minute), 100); got != 5 {
		t.Errorf("after a minute %d at once, want the burst of 5", got)
	}
	if got := p.Next(now.Add(time.Minute)); got < 900*time.Microsecond || got > 1100*time.Microsecond {
		t.Errorf("next in %s, want 1 ms", got)
	}
	if got := p.Take(now, 1); got != 0 { // a clock that goes back gives nothing
		t.Errorf("%d for a time that is over", got)
	}
	if got := p.Take(now.Add(time.Minute+2*time.Millisecond), 1); got != 1 {
		t.Errorf("%d two ms later, want what was wanted: 1", got)
	}
}

func TestPacerWithoutALimit(t *testing.T) {
	p := NewPacer(0, 5*time.Millisecond)
	if p.Take(time.Time{}, 12345) != 12345 || p.Next(time.Time{}) != 0 {
		t.Error("rate 0 limits")
	}
}

func TestWaits(t *testing.T) {
	var w Waits
	w.Add(2, 300, 200)
	w.Add(1, 30, 30)
	if n, mean, most := w.Take(); n != 3 || mean != 110*time.Microsecond || most != 200*time.Microsecond {
		t.Errorf("%d waits, mean %s, longest %s", n, mean, most)
	}
	if n, mean, most := w.Take(); n != 0 || mean != 0 || most != 0 {
		t.Errorf("taken twice: %d, %s, %s", n, mean, most)
	}
}

func TestRetryAfter(t *testing.T) {
	for c := range api.Codes {
		comesBack := c.Outcome() == api.Shed || c.Outcome() == api.Doubt || c == api.TooSoon
		if (RetryAfter(c) > 0) != comesBack {
			t.Errorf("%s: retry after %s", c, RetryAfter(c))
		}
	}
}

func TestPlaceIsEven(t *testing.T) {
	var count [3]int
	for u := range api.User(30_000) {
		count[Place(u, 3)]++
	}
	for i, n := range count {
		if n < 9_500 || n > 10_500 {
			t.Errorf("place %d has %d of 30,000 users", i, n)
		}
	}
}
