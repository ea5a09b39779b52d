package loadprofiles

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func curves() *rapid.Generator[Curve] {
	stretch := rapid.Custom(func(t *rapid.T) Stretch {
		rate := rapid.Float64Range(0, 50_000)
		return Stretch{rate.Draw(t, "from"), rate.Draw(t, "to"), time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond}
	})
	return rapid.Custom(func(t *rapid.T) Curve { return rapid.SliceOfN(stretch, 1, 6).Draw(t, "curve") })
}

func TestWhenIsTheInverseOfDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := curves().Draw(t, "c")
		if c.Arrivals() == 0 {
			return
		}
		n := rapid.Uint64Range(1, c.Arrivals()).Draw(t, "n")
		at, ok := c.When(n)
		if !ok || at < 0 || at > c.Length() {
			t.Fatalf("When(%d) = %s, %t of %d arrivals in %s", n, at, ok, c.Arrivals(), c.Length())
		}
		// When is cut to whole nanoseconds, in which the peak rate owes a little.
		if due := c.Due(at); math.Abs(due-float64(n)) > 1e-3+c.Peak()*3e-9 {
			t.Fatalf("Due(When(%d)) = %f", n, due)
		}
	})
}

func TestWhenEndsWithTheArrivals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := curves().Draw(t, "c")
		if _, ok := c.When(c.Arrivals() + 1); ok {
			t.Fatalf("arrival %d is owed, of %d", c.Arrivals()+1, c.Arrivals())
		}
	})
}

func TestDueAndWhenNeverFall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := curves().Draw(t, "c")
		early := time.Duration(rapid.Int64Range(0, int64(c.Length())).Draw(t, "early"))
		late := time.Duration(rapid.Int64Range(int64(early), 2*int64(c.Length())).Draw(t, "late"))
		if c.Due(early) > c.Due(late)+1e-6 {
			t.Fatalf("Due(%s) = %f > Due(%s) = %f", early, c.Due(early), late, c.Due(late))
		}
		if c.Arrivals() < 2 {
			return
		}
		n := rapid.Uint64Range(1, c.Arrivals()-1).Draw(t, "n")
		one, _ := c.When(n)
		two, _ := c.When(n + 1)
		if one > two+time.Nanosecond {
			t.Fatalf("When(%d) = %s > When(%d) = %s", n, one, n+1, two)
		}
	})
}

func TestThenAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := curves().Draw(t, "a"), curves().Draw(t, "b")
		both := Then(a, b)
		if both.Length() != a.Length()+b.Length() || both.Peak() != max(a.Peak(), b.Peak()) {
			t.Fatal("lengths add, peaks do not")
		}
		want := a.Due(a.Length()) + b.Due(b.Length())
		if got := both.Due(both.Length()); math.Abs(got-want) > 1e-9*want+1e-9 {
			t.Fatalf("Due of both = %f, want %f", got, want)
		}
		if got := both.Times(3).Due(a.Length()); math.Abs(got-3*a.Due(a.Length())) > 1e-6*(1+want) {
			t.Fatalf("three times the curve owes %f", got)
		}
	})
}

func TestCurveByHand(t *testing.T) {
	c := Then(Ramp(0, 100, 2*time.Second), Hold(100, time.Second), Hold(0, time.Second))
	for at, want := range map[time.Duration]float64{0: 0, time.Second: 25, 2 * time.Second: 100, 3 * time.Second: 200, time.Hour: 200, -1: 0} {
		if got := c.Due(at); math.Abs(got-want) > 1e-9 {
			t.Errorf("Due(%s) = %f, want %f", at, got, want)
		}
	}
	for n, want := range map[uint64]time.Duration{25: time.Second, 100: 2 * time.Second, 101: 2010 * time.Millisecond, 200: 3 * time.Second} {
		if got, ok := c.When(n); !ok || got != want {
			t.Errorf("When(%d) = %s, %t, want %s", n, got, ok, want)
		}
	}
	for at, want := range map[time.Duration]float64{time.Second: 50, 2500 * time.Millisecond: 100, 3500 * time.Millisecond: 0, time.Minute: 0, -1: 0} {
		if got := c.Rate(at); got != want {
			t.Errorf("Rate(%s) = %f, want %f", at, got, want)
		}
	}
}
