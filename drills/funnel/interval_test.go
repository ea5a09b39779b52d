package funnel

import (
	"math"
	"testing"

	"redpacket/loadprofiles"
)

func TestWilsonByHand(t *testing.T) {
	// Worked by hand from the formula; the second is Wilson's own form at p = 0: z²/(n+z²).
	for _, c := range []struct {
		k, n      uint64
		low, high float64
	}{{20, 100, 0.13337, 0.28883}, {0, 10, 0, 0.27753}, {10, 10, 0.72247, 1}, {1229, 6147, 0.19011, 0.21013}} {
		got := wilson(c.k, c.n)
		if math.Abs(got.Low-c.low) > 1e-4 || math.Abs(got.High-c.high) > 1e-4 || got.Mid != float64(c.k)/float64(c.n) {
			t.Errorf("%d of %d: %+v, want %g to %g", c.k, c.n, got, c.low, c.high)
		}
	}
}

func TestStudentIsAsInTheTables(t *testing.T) {
	for freedom, want := range map[float64]float64{4: 2.776, 5: 2.571, 9: 2.262, 29: 2.045, 1e6: 1.960} {
		if got := student(freedom); math.Abs(got-want) > 0.003*want {
			t.Errorf("t of %g is %g, want %g", freedom, got, want)
		}
	}
}

func draws(seed uint64) func() float64 {
	d := loadprofiles.Draw(seed)
	return func() float64 { return float64(d.Next()>>11) / (1 << 53) }
}

// Intervals of 95 % hold the truth in 95 of 100 cases: within 3 standard deviations of 2,000 trials.
func TestIntervalsHoldTheTruthAsOftenAsTheySay(t *testing.T) {
	const trials = 2000
	uniform := draws(1)
	sd := math.Sqrt(0.95 * 0.05 / trials)
	for _, p := range []float64{0.02, 0.2, 0.42, 0.96} {
		held := 0
		for range trials {
			k := uint64(0)
			for range 1000 {
				if uniform() < p {
					k++
				}
			}
			if got := wilson(k, 1000); got.Low <= p && p <= got.High {
				held++
			}
		}
		if got := float64(held) / trials; math.Abs(got-0.95) > 3*sd+0.01 { // a share of so few values steps by up to a point
			t.Errorf("Wilson at %g: %g", p, got)
		}
	}
	held := 0
	for range trials {
		blocks := make([]block, 20)
		for i := range blocks { // clicks a second, each of which asks for three parts or none
			for range 40 {
				blocks[i].x++
				if uniform() < 0.4 {
					blocks[i].y += 3
				}
			}
		}
		if got := ratio(blocks); got.Low <= 1.2 && 1.2 <= got.High {
			held++
		}
	}
	if got := float64(held) / trials; math.Abs(got-0.95) > 3*sd {
		t.Errorf("by the second: %g", got)
	}
}
