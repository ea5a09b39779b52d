package sameness

import (
	"math"
	"strings"
	"testing"
)

// errors is the metric of a share that must not rise by more than 0.05 points.
func errors(gray, base uint64, all uint64) Metric {
	return Metric{Name: "errors", Margin: 0.0005, Effect: Difference{Count{gray, all}, Count{base, all}}, Seconds: 10}
}

func TestAMetricIsSameWorseOrUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		metric Metric
		want   Status
		says   string
	}{
		"no errors in 40,000":    {errors(0, 0, 40_000), Same, "margin"},
		"0.2 points more":        {errors(80, 0, 40_000), Worse, "p "},
		"too few":                {errors(1, 0, 1000), Unknown, "s more are needed to tell"},
		"exactly on the margin":  {Metric{Margin: 0.5, Effect: Difference{Count{5, 10}, Count{0, 10}}, Seconds: 1}, Unknown, "more than an hour"},
		"nothing to be measured": {Metric{Name: "p99", Missing: "3 requests of the new version in 10 s"}, Unknown, "not measured: 3 requests"},
	} {
		f := Judge([]Metric{c.metric}, Usual())[0]
		if f.Status != c.want || !strings.Contains(f.Because, c.says) {
			t.Errorf("%s: %s, %q; want %s and %q", name, f.Status, f.Because, c.want, c.says)
		}
	}
}

// TestAskingMoreQuestionsIsNotFree: a p of 0.02 fails alone, and not beside nine others.
func TestAskingMoreQuestionsIsNotFree(t *testing.T) {
	doubtful := errors(31, 0, 40_000)
	if p := doubtful.Effect.Beyond(doubtful.Margin); !(p > 0.005 && p < 0.05) {
		t.Fatalf("p is %g", p)
	}
	if f := Judge([]Metric{doubtful}, Usual()); f[0].Status != Worse {
		t.Errorf("alone it is %+v", f)
	}
	many := []Metric{doubtful}
	for range 9 {
		many = append(many, errors(0, 0, 40_000))
	}
	if f := Judge(many, Usual()); f[0].Status != Unknown || Worst(f) != Unknown {
		t.Errorf("beside nine others it is %+v", f[0])
	}
}

func TestTheWorstCounts(t *testing.T) {
	same, worse, unknown := Finding{Status: Same}, Finding{Status: Worse}, Finding{}
	for want, all := range map[Status][][]Finding{
		Same: {{same, same}}, Unknown: {{}, {same, unknown}}, Worse: {{same, unknown, worse}},
	} {
		for _, found := range all {
			if got := Worst(found); got != want {
				t.Errorf("%v: %s", found, got)
			}
		}
	}
}

// TestWhatIsStillNeededIsEnough: after the seconds that a doubtful metric asks for, with the same shares, it can tell.
func TestWhatIsStillNeededIsEnough(t *testing.T) {
	few := errors(1, 1, 4000)
	f := Judge([]Metric{few}, Usual())[0]
	if f.Status != Unknown || !(f.More > 0) || math.IsInf(f.More, 0) {
		t.Fatalf("%+v", f)
	}
	times := uint64(math.Ceil((few.Seconds + f.More) / few.Seconds))
	if f := Judge([]Metric{errors(times, times, 4000*times)}, Usual())[0]; f.Status != Same {
		t.Errorf("after %d times as long: %+v", times, f)
	}
	if f.Detectable <= few.Margin {
		t.Errorf("what could have been told, %g, is less than the margin", f.Detectable)
	}
}

func TestARatioNeedsSeconds(t *testing.T) {
	pairs := seconds(LeastPairs, 1.2, 0.05, 1)
	if _, ok := RatioOf(pairs[1:], 1); ok {
		t.Error("seven seconds are enough")
	}
	pairs[0].Base = 0 // a second without a measurement counts as none
	if _, ok := RatioOf(pairs, 1); ok {
		t.Error("a second without a base is a second")
	}
	a, ok := RatioOf(seconds(30, 1.2, 0.05, 1), 9)
	b, _ := RatioOf(seconds(30, 1.2, 0.05, 1), 9)
	if low, high := a.Interval(0.05); !ok || low > math.Log(1.2) || high < math.Log(1.2) || a.Estimate() != b.Estimate() || a.Error() != b.Error() {
		t.Errorf("1.2 is estimated as %.3f, %.3f to %.3f", math.Exp(a.Estimate()), math.Exp(low), math.Exp(high))
	}
	for _, margin := range []float64{0.05, 0.1, 0.15, 0.25} {
		low, _ := a.Interval(0.05)
		if p := a.Beyond(margin); (p <= 0.05) != (low >= margin) && math.Abs(p-0.05) > 0.002 {
			t.Errorf("p %g of more than %g, but the lower bound is %g", p, margin, low)
		}
	}
}
