package sameness

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// known is a value beside the published one, to the digits that were published.
type known struct{ got, want, within float64 }

func near(t *testing.T, what string, k known) {
	t.Helper()
	if !(math.Abs(k.got-k.want) <= k.within) {
		t.Errorf("%s: %.6g, want %.6g", what, k.got, k.want)
	}
}

// Published: Newcombe 1998, "Two-sided confidence intervals for the single proportion", Table I, method 3.
func TestWilsonIsAsPublished(t *testing.T) {
	for _, c := range []struct {
		Count
		low, high float64
	}{{Count{81, 263}, 0.2553, 0.3662}, {Count{15, 148}, 0.0624, 0.1605}, {Count{0, 20}, 0, 0.1611}, {Count{1, 29}, 0.0061, 0.1718}} {
		low, high := Wilson(c.Count, quantile(0.975))
		near(t, "low", known{low, c.low, 5e-5})
		near(t, "high", known{high, c.high, 5e-5})
	}
}

// Published: Newcombe 1998, "Interval estimation for the difference between independent proportions", Table II, method 10.
func TestDifferenceIsAsPublished(t *testing.T) {
	for _, c := range []struct {
		Difference
		low, high float64
	}{
		{Difference{Count{56, 70}, Count{48, 80}}, 0.0524, 0.3339},
		{Difference{Count{9, 10}, Count{3, 10}}, 0.1705, 0.8090},
		{Difference{Count{6, 7}, Count{2, 7}}, 0.0582, 0.8062},
		{Difference{Count{5, 56}, Count{0, 29}}, -0.0381, 0.1926},
		{Difference{Count{0, 10}, Count{0, 20}}, -0.1611, 0.2775},
		{Difference{Count{10, 10}, Count{0, 10}}, 0.6075, 1},
	} {
		low, high := c.Interval(0.025)
		near(t, "low", known{low, c.low, 5e-5})
		near(t, "high", known{high, c.high, 5e-5})
	}
}

// The values are those of R: qnorm, p.adjust(method="holm"), chisq.test, and wilcox.test(x, y, paired=TRUE, conf.int=TRUE) on the
// depression scores of its own example (Hollander and Wolfe 1973), whose estimate is 0.46.
func TestKnownValues(t *testing.T) {
	near(t, "qnorm(0.975)", known{quantile(0.975), 1.959964, 1e-6})
	near(t, "pnorm(1.644854, lower=FALSE)", known{above(1.644854), 0.05, 1e-6})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		near(t, "p.adjust", known{Holm([]float64{0.01, 0.04, 0.03, 0.005})[i], want, 1e-12})
	}
	near(t, "chisq.test(c(60, 40))", known{SampleRatio(60, 40, 0.5), 0.04550026, 1e-7})
	near(t, "chisq.test(c(30, 170), p=c(0.2, 0.8))", known{SampleRatio(30, 170, 0.2), 0.07709987, 1e-7})
	near(t, "pseudomedian", known{HodgesLehmann([]float64{0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01}), 0.46, 1e-9})
}

// A split of 49 to 51 for one of 50 to 50 is certain at a million users, and one as chance would have it is not alarming.
func TestWrongSplitIsCaughtAtAMillionUsers(t *testing.T) {
	if p := SampleRatio(490_000, 510_000, 0.5); p > 1e-80 {
		t.Errorf("49 to 51: p %g", p)
	}
	if p := SampleRatio(500_500, 499_500, 0.5); p < SplitWrong {
		t.Errorf("one standard error off: p %g", p)
	}
	if SampleRatio(0, 0, 0.5) != 1 || SampleRatio(3, 5, 0) != 1 || SampleRatio(3, 5, 1) != 1 {
		t.Error("where there is nothing to compare nothing is wrong")
	}
}

func TestHodgesLehmannIsTheMedianOfAllMeans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 1, 40).Draw(t, "x")
		var means []float64
		for i := range x {
			for j := i; j < len(x); j++ {
				means = append(means, (x[i]+x[j])/2)
			}
		}
		slices.Sort(means)
		want := (means[(len(means)-1)/2] + means[len(means)/2]) / 2
		if got := HodgesLehmann(x); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%g, want %g of %v", got, want, x)
		}
		shifted := slices.Clone(x)
		for i := range shifted {
			shifted[i] += 7
		}
		if got := HodgesLehmann(shifted); math.Abs(got-want-7) > 1e-9 {
			t.Fatalf("moved by 7 it is %g, want %g", got, want+7)
		}
	})
}

func TestIntervalsAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := func(name string) Count {
			all := rapid.Uint64Range(1, 100_000).Draw(t, name)
			return Count{rapid.Uint64Range(0, all).Draw(t, name+" of"), all}
		}
		d := Difference{count("gray"), count("base")}
		low, high := d.Interval(0.05)
		wl, wh := d.Interval(0.01)
		if low > d.Estimate()+1e-12 || high < d.Estimate()-1e-12 || wl > low || wh < high || low < -1-1e-12 || high > 1+1e-12 {
			t.Fatalf("%+v: %g (%g to %g; %g to %g)", d, d.Estimate(), low, high, wl, wh)
		}
		other := Difference{d.Base, d.Gray}
		ol, oh := other.Interval(0.05)
		if math.Abs(ol+high) > 1e-9 || math.Abs(oh+low) > 1e-9 {
			t.Fatalf("the other way round it is %g to %g, not %g to %g", ol, oh, -high, -low)
		}
		if margin := rapid.Float64Range(0.0001, 0.5).Draw(t, "margin"); (d.Beyond(margin) < 0.05) != (low > margin) && math.Abs(low-margin) > 1e-9 {
			t.Fatalf("p %g of more than %g, but the lower bound is %g", d.Beyond(margin), margin, low)
		}
		if p := SampleRatio(d.Gray.Of, d.Base.Of, 0.3); !(p >= 0 && p <= 1) {
			t.Fatalf("p %g", p)
		}
	})
}

func TestHolmIsBetweenNothingAndBonferroni(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 12).Draw(t, "p")
		adjusted := Holm(raw)
		for i, p := range raw {
			if adjusted[i] < p || adjusted[i] > min(1, p*float64(len(raw)))+1e-12 && adjusted[i] > slices.Max(raw)*float64(len(raw)) {
				t.Fatalf("%g became %g of %v", p, adjusted[i], raw)
			}
			for k, q := range raw {
				if p < q && adjusted[i] > adjusted[k] {
					t.Fatalf("%g < %g, but %g > %g", p, q, adjusted[i], adjusted[k])
				}
			}
		}
		if smallest := slices.Min(raw); math.Abs(slices.Min(adjusted)-min(1, smallest*float64(len(raw)))) > 1e-12 {
			t.Fatalf("the smallest, %g, became %g", smallest, slices.Min(adjusted))
		}
	})
}
