package gray

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/overload"
	"redpacket/system/topology"
)

// A user who has the new version keeps it while the share grows, and loses it only when it shrinks.
func TestUsersAreSticky(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		user := api.User(rapid.Uint64().Draw(t, "user"))
		had := false
		for _, percent := range Stages() {
			takes := Takes(user, percent)
			if had && !takes {
				t.Fatalf("user %d lost the new version when the share grew to %d %%", user, percent)
			}
			had = takes
		}
		if Takes(user, 0) || !Takes(user, 100) {
			t.Fatalf("user %d: at 0 %% nobody, at 100 %% everybody", user)
		}
	})
}

// Of a million users each bucket has a hundredth, and half of it in each data centre and instance: z within 5 standard errors.
func TestBucketsAreEvenAndApart(t *testing.T) {
	const users = 1_000_000
	var all, home, place [Buckets]float64
	for user := api.User(1); user <= users; user++ {
		b := Bucket(user)
		all[b]++
		if activity.Home(user) == activity.A {
			home[b]++
		}
		if overload.Place(user, 2) == 0 {
			place[b]++
		}
	}
	const n = users / Buckets
	for b := range all {
		if z := (all[b] - n) / math.Sqrt(n); math.Abs(z) > 5 {
			t.Errorf("bucket %d has %.0f users, want about %d", b, all[b], n)
		}
		for name, half := range map[string]float64{"home": home[b], "instance": place[b]} {
			if z := (half - all[b]/2) / math.Sqrt(n/4.0); math.Abs(z) > 5 {
				t.Errorf("bucket %d: %.0f of %.0f have the first %s", b, half, all[b], name)
			}
		}
	}
}

func TestStagesAreThoseOfARelease(t *testing.T) {
	for percent, want := range map[int]bool{0: true, 1: true, 5: true, 20: true, 50: true, 100: true, 2: false, 101: false, -1: false} {
		if Allowed(percent) != want {
			t.Errorf("%d %%: %v", percent, !want)
		}
	}
}

// The topology imports nothing of ours, so it has the word for itself.
func TestTheTopologyNamesTheNewVersionAlike(t *testing.T) {
	both, err := topology.OneIDC().WithGray()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range both.New() {
		if !strings.HasPrefix(name, Prefix) {
			t.Errorf("%s does not begin with %s", name, Prefix)
		}
	}
	if len(both.New()) == 0 {
		t.Error("there is no new version")
	}
}
