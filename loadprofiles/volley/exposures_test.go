package volley

import (
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// A hit is an exposure; those that click ask, the others are counted and ask for nothing.
func TestExposuresAndClicksAreCountedApart(t *testing.T) {
	j := job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(6000, 500*time.Millisecond))
	j.Profile.Funnel.Click = 0.25
	y, all, _ := fireHere(t, j)
	exposures := j.Profile.Exposures().Arrivals()
	crowd, clicks := j.Profile.Crowd(j.Seed), uint64(0)
	for n := uint64(1); n <= exposures; n++ {
		if crowd.Clicks(n) {
			clicks++
		}
	}
	if exposures != 2000 || y.Exposures != (loadprofiles.Launches{Owed: 2000, Launched: 2000}) || y.Clicks != (loadprofiles.Launches{Owed: clicks, Launched: clicks}) {
		t.Errorf("of %d exposures %d click; yield %+v", exposures, clicks, y)
	}
	if got := all.Facts(0, forever, tally.Exposed); got != exposures {
		t.Errorf("the tally has %d exposures", got)
	}
	if got := all.Facts(0, forever, tally.Clicked); got != clicks || count(all, api.List, api.Done) != int(clicks) {
		t.Errorf("the tally has %d clicks of %d, and %d lists", got, clicks, count(all, api.List, api.Done))
	}
	if half := all.Facts(0, 300*time.Millisecond, tally.Exposed); half < 1100 || half > 1300 {
		t.Errorf("%d of 2000 exposures are owed in 300 of 500 ms", half)
	}
}

func TestWhoHasTheOfflinePackageAsksForNoStaticPart(t *testing.T) {
	j := job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(6000, 500*time.Millisecond))
	j.Profile.Packages = loadprofiles.Packages{Changes: []loadprofiles.Package{{From: 0, Share: 1}, {From: 250 * time.Millisecond, Share: 0}}}
	y, all, _ := fireHere(t, j)
	early, late := all.Sum(0, 200*time.Millisecond, []api.Op{api.Static}, nil), all.Sum(300*time.Millisecond, forever, []api.Op{api.Static}, nil)
	lists := all.Sum(300*time.Millisecond, forever, []api.Op{api.List}, nil)
	if early != 0 || late != 3*lists || lists == 0 || y.Owed != y.Launched {
		t.Errorf("%d static parts with the package, %d for %d lists without; yield %+v", early, late, lists, y)
	}
}

func TestRetriesAreCountedByTheirStep(t *testing.T) {
	j := job(t, (&scripted{answer: func(head string) []byte {
		if len(head) > 4 && head[:4] == "POST" {
			return shed(0, 1)
		}
		return ok(head)
	}}).serve(t), loadprofiles.Hold(600, 200*time.Millisecond))
	j.Profile.Retry = loadprofiles.Retry{Most: 1, After: time.Millisecond}
	y, all, _ := fireHere(t, j)
	if got := all.Facts(0, forever, tally.Retried(api.Claim)); got == 0 || got != y.Retries || all.Facts(0, forever, tally.Retried(api.List)) != 0 {
		t.Errorf("%d retries of claims of %d in all", got, y.Retries)
	}
}
