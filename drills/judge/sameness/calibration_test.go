package sameness

import (
	"math"
	"testing"

	"redpacket/loadprofiles"
)

// seconds makes paired seconds: what shakes both versions is the same, what each has by itself hangs on the second before, and now
// and then one of them stalls. effect is gray/base; noise the spread of one second of one version.
func seconds(n int, effect, noise float64, seed uint64) []Pair {
	draw := loadprofiles.Draw(seed)
	normal := func() float64 {
		u, v := float64(draw.Next()>>11+1)/(1<<53), float64(draw.Next()>>11)/(1<<53)
		return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
	}
	const kept = 0.3 // of the last second's
	fresh := noise * math.Sqrt(1-kept*kept)
	pairs := make([]Pair, n)
	gray, base := noise*normal(), noise*normal()
	for i := range pairs {
		both := 0.3 * math.Sin(float64(i)/5)
		gray, base = kept*gray+fresh*normal(), kept*base+fresh*normal()
		pairs[i] = Pair{20 * math.Exp(both+gray) * effect, 20 * math.Exp(both+base)}
		if draw.Next()%50 == 0 {
			pairs[i].Gray *= 3
		}
		if draw.Next()%50 == 0 {
			pairs[i].Base *= 3
		}
	}
	return pairs
}

// trial is one run of three metrics whose true ratios are the effects, the first as given, the others 1.
func trial(n int, effect, margin float64, seed uint64) []Finding {
	var metrics []Metric
	for i, name := range []string{"p99 of reads", "p99 of claims"} {
		e := 1.0
		if i == 0 {
			e = effect
		}
		r, ok := RatioOf(seconds(n, e, spread, seed*31+uint64(i)), seed)
		if ok {
			metrics = append(metrics, Metric{Name: name, Margin: math.Log(margin), Effect: r, Seconds: float64(n)})
		}
	}
	return Judge(metrics, Usual())
}

// runs is how many trials tell a rate; spread is that of the logarithm of one second of one version.
const (
	runs   = 200
	spread = 0.05
)

// rates are how many of the runs failed and passed.
func rates(each func(seed uint64) []Finding) (failed, passed float64) {
	for seed := range uint64(runs) {
		switch Worst(each(seed + 1)) {
		case Worse:
			failed++
		case Same:
			passed++
		}
	}
	return failed / runs, passed / runs
}

// atMost is a rate that is nominal or lower, as far as so many runs can tell: three standard errors are allowed.
func atMost(t *testing.T, what string, rate, nominal float64) {
	t.Helper()
	if rate > nominal+3*math.Sqrt(nominal*(1-nominal)/runs) {
		t.Errorf("%s: %.3f of %d runs, nominally %.3f", what, rate, runs, nominal)
	}
}

// TestTheSameTwiceRaisesNoAlarm is A/A: both versions are the same. 20 s and a spread of 5 % a second are those of a stage.
func TestTheSameTwiceRaisesNoAlarm(t *testing.T) {
	failed, passed := rates(func(seed uint64) []Finding { return trial(20, 1, 1.10, seed) })
	t.Logf("A/A, %d runs of 20 s: %.3f false alarms (nominal %.2f), %.3f passed", runs, failed, Usual().Alpha, passed)
	atMost(t, "false alarms", failed, Usual().Alpha)
	if passed < 0.9 {
		t.Errorf("only %.3f of the runs could tell that both are the same", passed)
	}
}

// TestOnTheMarginNeitherIsSure is the worst case of both errors: the effect is exactly the margin.
func TestOnTheMarginNeitherIsSure(t *testing.T) {
	failed, passed := rates(func(seed uint64) []Finding { return trial(20, 1.10, 1.10, seed) })
	t.Logf("on the margin, %d runs of 20 s: %.3f failed, %.3f passed (nominal %.2f each)", runs, failed, passed, Usual().Alpha)
	atMost(t, "wrong passes", passed, Usual().Alpha)
	atMost(t, "wrong failures", failed, Usual().Alpha)
}

// TestPower: what is slower by 15 % and by 10 % is found, in windows that are stated here.
func TestPower(t *testing.T) {
	for _, c := range []struct {
		n              int
		effect, margin float64
	}{{20, 1.15, 1.05}, {60, 1.10, 1.05}} {
		failed, passed := rates(func(seed uint64) []Finding { return trial(c.n, c.effect, c.margin, seed) })
		t.Logf("+%.0f %%, margin %.0f %%: %.3f of %d runs of %d s fail, %.3f pass", 100*c.effect-100, 100*c.margin-100, failed, runs, c.n, passed)
		if failed < Usual().Power || passed > 0 {
			t.Errorf("+%.0f %% in %d s: %.3f fail, want at least %.2f; %.3f pass, want none", 100*c.effect-100, c.n, failed, Usual().Power, passed)
		}
	}
}

// TestTheSplitIsCalibrated: users who go by chance alone seldom look wrong.
func TestTheSplitIsCalibrated(t *testing.T) {
	draw, wrong, small := loadprofiles.Draw(1), 0.0, 0.0
	for range runs {
		const users = 20_000
		gray := chance(&draw, users, 0.2)
		p := SampleRatio(gray, users-gray, 0.2)
		if p < SplitWrong {
			wrong++
		}
		if p < 0.05 {
			small++
		}
	}
	t.Logf("%.3f of %d right splits look wrong (nominal %g), %.3f have p below 0.05", wrong/runs, runs, SplitWrong, small/runs)
	atMost(t, "right splits that look wrong", wrong/runs, SplitWrong)
	atMost(t, "p below 0.05", small/runs, 0.05)
}

// chance draws how many of all are among a share.
func chance(draw *loadprofiles.Draw, all uint64, share float64) (n uint64) {
	for range all {
		if float64(draw.Next()>>11)/(1<<53) < share {
			n++
		}
	}
	return n
}

// TestErrorsAreFoundFromTheirNumberOn: a version that fails 0.2 points more, beside two metrics that are the same. With the requests
// that 1 % of the users make in a stage nobody can tell, and nobody says they could; from what could be told on, it is found.
func TestErrorsAreFoundFromTheirNumberOn(t *testing.T) {
	const defect = 0.002
	draw := loadprofiles.Draw(1)
	for _, c := range []struct {
		all uint64
		can bool
	}{{700, false}, {4800, false}, {28_000, true}, {150_000, true}} {
		var sum float64
		failed, passed := rates(func(uint64) []Finding {
			found := Judge([]Metric{errors(chance(&draw, c.all, defect), 0, c.all), errors(0, 0, 1e6), errors(0, 0, 1e6)}, Usual())
			sum += found[0].Detectable
			return found
		})
		t.Logf("+0.2 points of %d requests: %.3f of %d runs fail, %.3f pass; %.3f points could be told", c.all, failed, runs, passed, 100*sum/runs)
		atMost(t, "passes", passed, Usual().Alpha)
		if could := sum/runs <= defect; could != c.can || could && failed < Usual().Power {
			t.Errorf("of %d requests %.3f points could be told, and %.3f of the runs fail", c.all, 100*sum/runs, failed)
		}
	}
}

// TestASplitIsFoundFromItsNumberOn: of as many users as are needed for it, 49 for 50 % looks wrong as often as was asked.
func TestASplitIsFoundFromItsNumberOn(t *testing.T) {
	draw, users := loadprofiles.Draw(2), uint64(1)
	for SplitDetectable(users, 0.5, Usual().Power) > 0.01 {
		users += 100
	}
	found := 0.0
	for range runs {
		if gray := chance(&draw, users, 0.49); SampleRatio(gray, users-gray, 0.5) < SplitWrong {
			found++
		}
	}
	t.Logf("49 for 50 %% of %d users: %.3f of %d runs look wrong", users, found/runs, runs)
	atMost(t, "splits that were missed", 1-found/runs, 1-Usual().Power)
}
