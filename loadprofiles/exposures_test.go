package loadprofiles

import (
	"math"
	"testing"
	"time"

	"redpacket/system/api"
)

func exposedProfile(click float64) Profile {
	p := Estimate96k(4 * time.Second)
	p.Funnel.Click = click
	return p
}

func TestAShareOfTheExposuresClicks(t *testing.T) {
	const exposures = 100_000
	few, many := exposedProfile(0.2).Crowd(7), exposedProfile(0.42).Crowd(7)
	clicks, more := 0, 0
	for n := uint64(1); n <= exposures; n++ {
		a, b := few.Clicks(n), many.Clicks(n)
		if a && !b {
			t.Fatalf("exposure %d clicks at 0.2 and not at 0.42", n)
		}
		if a {
			clicks++
		}
		if b {
			more++
		}
		if few.Click(n) != many.Click(n) {
			t.Fatalf("who clicks hangs on how many do: %+v, %+v", few.Click(n), many.Click(n))
		}
	}
	// 4 standard deviations of a share of so many.
	for _, c := range []struct {
		n    int
		want float64
	}{{clicks, 0.2}, {more, 0.42}} {
		if got := float64(c.n) / exposures; math.Abs(got-c.want) > 4*math.Sqrt(c.want*(1-c.want)/exposures) {
			t.Errorf("%g of the exposures click, want %g", got, c.want)
		}
	}
	for n := uint64(1); n < 1000; n++ {
		if !exposedProfile(0).Crowd(7).Clicks(n) {
			t.Fatal("without an exposure stage every hit is a click")
		}
	}
}

func TestExposuresBringTheCurvesRequests(t *testing.T) {
	p := exposedProfile(0.2)
	if got, want := p.Exposures().Peak(), Estimate/6/0.2; math.Abs(got-want) > 1e-6 {
		t.Errorf("%f exposures/s at the peak, want %f", got, want)
	}
	if p.Funnel.Click = 0; p.Exposures().Peak() != p.Clicks().Peak() {
		t.Error("without an exposure stage the hits are the clicks")
	}
	for _, bad := range []float64{-1, 1e-9, 1.1, math.NaN()} {
		if p.Funnel.Click = bad; p.Check() == nil {
			t.Errorf("%g clicks an exposure pass the check", bad)
		}
	}
}

func TestPackagesAreHadByAShareOfTheUsers(t *testing.T) {
	p := exposedProfile(0)
	p.Packages = Packages{TTL: 2 * time.Second, Changes: []Package{{0, 1}, {10 * time.Second, 0.7}, {20 * time.Second, 1}}}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	crowd := p.Crowd(1)
	asking := func(at time.Duration) float64 {
		sum := 0
		for user := api.User(1); user <= 20_000; user++ {
			sum += crowd.Statics(Click{User: user}, at)
		}
		return float64(sum) / 3 / 20_000
	}
	for at, want := range map[time.Duration]float64{0: 0, 9 * time.Second: 0, 11 * time.Second: 0.15, 12 * time.Second: 0.3, 19 * time.Second: 0.3,
		21 * time.Second: 0.15, 22 * time.Second: 0} {
		if got := asking(at); math.Abs(got-want) > 0.015 {
			t.Errorf("at %s %g of the users ask for static parts, want %g", at, got, want)
		}
	}
	for _, bad := range []Packages{{TTL: -1}, {Changes: []Package{{0, 2}}}, {Changes: []Package{{0, math.NaN()}}}, {Changes: []Package{{5, 1}, {5, 0}}}, {Changes: []Package{{-1, 1}}}} {
		if p.Packages = bad; p.Check() == nil {
			t.Errorf("%+v pass the check", bad)
		}
	}
}
