package catalog

import (
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/system/mutant"
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

// The gray group has 8 minutes; what is asked about the traffic model may use half of them.
func TestTheTrafficModelsDrillsFitFourMinutes(t *testing.T) {
	const each = 20 * time.Second // cluster up, drain, books, cluster down
	sum := time.Duration(0)
	for _, id := range []string{"gr-1", "gr-2", "gr-4"} {
		found, err := Find(id, 0)
		if err != nil || found[0].Group != "gray" || found[0].Scale <= 0 {
			t.Fatal(id, found, err)
		}
		sum += found[0].Profile().Curve.Length() + each
	}
	if sum > 4*time.Minute {
		t.Errorf("they take %s", sum)
	}
}

// In GR-1 users behave as the sheet says. Both are written down, each by itself, so whoever changes one must look at the other.
func TestTheGrayTruthIsWhatTheSheetSays(t *testing.T) {
	s, f := festivalSheet(), truth()
	for name, pair := range map[string][2]float64{
		"clicks": {f.Click, s.Click.Mid}, "statics": {float64(f.Statics), s.Statics.Mid}, "selects": {f.Select, s.Steps.Select.Mid},
		"claims": {f.Claim, s.Steps.Claim.Mid}, "receipts": {f.Receipt, s.Steps.Receipt.Mid}, "exposures": {exposures, s.Compute().Exposures.Mid},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the truth is %g, the sheet says %g", name, pair[0], pair[1])
		}
	}
}

// TestAReleaseEndsBehindTheStageThatCanTell: for each bug of a new version there is a sound drill, whose last window before the release
// is taken back is that of the bug's last stage, with the gate behind it; make selftest-versions plays them within its 8 minutes.
func TestAReleaseEndsBehindTheStageThatCanTell(t *testing.T) {
	var sum time.Duration
	for _, v := range mutant.Versions() {
		d := VersionGrayTo(v.By)
		if err := d.Check(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		windows, steps := d.Windows(), d.Steps
		gate, ok := steps[len(steps)-2].Step.(drills.Release)
		if last := windows[len(windows)-3]; !ok || last.Name != judge.StageWindow(v.By) || gate.Percent <= v.By || !slices.Contains(gate.Windows(), last.Name) {
			t.Errorf("%s: it ends with %q and %s behind it; want those of %d %%", v.Name, last.Name, gate, v.By)
		}
		sum += d.Profile().Curve.Length()
	}
	const cluster = 25 * time.Second // to stand up, to drain, to read the books, to judge and to take down
	if all := sum + time.Duration(len(mutant.Versions()))*cluster; all > 8*time.Minute {
		t.Errorf("the releases last %s, with their clusters %s", sum, all)
	}
	t.Logf("the releases last %s", sum)
}

func TestFindNamesWhatThereIs(t *testing.T) {
	if d, err := Find("pr-4", 0); err != nil || len(d) != 1 || d[0].ID != "pr-4" {
		t.Errorf("pr-4: %v, %v", d, err)
	}
	if _, err := Find("pr-99", 0); err == nil || !strings.Contains(err.Error(), "pr-4") || !strings.Contains(err.Error(), "smoke") {
		t.Errorf("the error does not say which drills there are: %v", err)
	}
}
