package catalog

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryDrillIsSound(t *testing.T) {
	for _, hold := range []time.Duration{0, time.Second, time.Minute} {
		seen := map[string]bool{}
		for _, d := range All(hold) {
			if err := d.Check(); err != nil {
				t.Errorf("hold %s: %v", hold, err)
			}
			if seen[d.ID] || slices.Contains(Groups(), d.ID) && d.ID != d.Group {
				t.Errorf("%s is named twice", d.ID)
			}
			seen[d.ID] = true
		}
	}
}

func TestThePressureGroupFitsFiveMinutes(t *testing.T) {
	const each = 14 * time.Second // cluster up, drain, books, cluster down
	sum := 35 * time.Second       // the scale's fit
	found, err := Find("pressure", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		sum += d.Profile().Curve.Length() + each
	}
	if sum > 5*time.Minute {
		t.Errorf("the pressure group takes %s; it is to end within 5 minutes", sum)
	}
	if len(found) < 6 {
		t.Errorf("the pressure group has %d drills", len(found))
	}
}

func TestFindNamesWhatThereIs(t *testing.T) {
	if d, err := Find("pr-4", 0); err != nil || len(d) != 1 || d[0].ID != "pr-4" {
		t.Errorf("pr-4: %v, %v", d, err)
	}
	if _, err := Find("pr-99", 0); err == nil || !strings.Contains(err.Error(), "pr-4") || !strings.Contains(err.Error(), "smoke") {
		t.Errorf("the error does not say which drills there are: %v", err)
	}
}
