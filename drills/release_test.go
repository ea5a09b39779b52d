package drills_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
)

// short is gr-3 in seconds: a stage of 20 % with its gate, then one of 50 %, then back.
func short(sure bool) drills.Drill {
	d := catalog.VersionGray(0)
	hold := func(name string, length time.Duration) drills.Phase {
		return drills.Phase{Name: name, Curve: loadprofiles.Hold(20_000, length)}
	}
	d.Phases = []drills.Phase{hold("warm", time.Second), hold("20 %", 2*time.Second), hold("to 50 %", 3*time.Second), hold("50 %", 2*time.Second), hold("back", 2*time.Second)}
	gate := judge.SameVersion{Percent: 20, Slower: 1.1, Errors: 0.01, In: "20 %"}
	d.Steps = []drills.Timed{
		{At: 100 * time.Millisecond, Step: drills.Release{Percent: 20}},
		{At: 3100 * time.Millisecond, Step: drills.Release{Percent: 50, If: []judge.Assertion{gate}, Sure: sure}},
		{At: 8100 * time.Millisecond, Step: drills.Release{}},
	}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}, judge.Released{Stages: []int{20, 50}}}
	return d
}

// released plays the drill on a system of memory whose new version is as given, and returns its record, and the share it ended with.
func released(t *testing.T, d drills.Drill, v drillstest.Versions) (*record.Record, int) {
	t.Helper()
	v.Percent = func(at time.Duration) int {
		if at < 200*time.Millisecond {
			return 0
		}
		return 20
	}
	s := &drillstest.System{Activity: d.Stage(d.Scale).Activity, Versions: &v}
	into, err := record.Create(filepath.Join(t.TempDir(), "record"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := drills.Run(t.Context(), d, s, drills.Conditions{Scale: d.Scale, Volley: s, Into: into, Tell: func(drills.Progress) {}})
	if err != nil {
		t.Fatal(err)
	}
	return r, s.Released()
}

// A release goes on past a gate that lets it, is taken back at once by one that fails or by a wrong amount, and stays where it is
// when a gate must be sure and cannot.
func TestAReleaseObeysItsGates(t *testing.T) {
	for name, c := range map[string]struct {
		sure    bool
		version drillstest.Versions
		want    judge.Status
		reaches bool          // 50 %
		back    time.Duration // before which it is taken back
		says    string
	}{
		"the same":         {false, drillstest.Versions{}, judge.Pass, true, 9 * time.Second, "2 stages, 1 gates"},
		"errors":           {false, drillstest.Versions{Errs: 0.03}, judge.Fail, false, 7 * time.Second, "errors"},
		"burning":          {false, drillstest.Versions{Errs: 0.6}, judge.Fail, false, 7 * time.Second, "not answered as meant"},
		"one fen":          {false, drillstest.Versions{Odd: true}, judge.Fail, false, 3 * time.Second, "was told"},
		"a lost tag":       {false, drillstest.Versions{Tagless: true}, judge.Fail, false, 3 * time.Second, "recall: 1 writes lost their tag on the way: cmem refused 1"},
		"not sure of much": {true, drillstest.Versions{}, judge.Inconclusive, false, 9 * time.Second, "never came to 50 %"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := short(c.sure)
			r, share := released(t, d, c.version)
			f := judge.Judge(r, d.Assertions[1:]).Findings[0]
			_, reached := r.Event(judge.StageName(50))
			back, taken := r.Event(judge.TakeBack)
			if f.Status != c.want || !strings.Contains(f.Because, c.says) || reached != c.reaches {
				t.Errorf("%s: %s; came to 50 %%: %v; %+v", f.Status, f.Because, reached, r.Events)
			}
			if share != 0 || !taken || back.From > c.back {
				t.Errorf("it ends at %d %%; taken back: %v, at %s", share, taken, back.From)
			}
		})
	}
}

func TestAReleaseThatCannotBeIsRefused(t *testing.T) {
	for says, change := range map[string]func(*drills.Drill){
		"want one of":              func(d *drills.Drill) { d.Steps[0].Step = drills.Release{Percent: 3} },
		"has no new version":       func(d *drills.Drill) { d.Topology = catalog.Smoke(0).Topology },
		"tells the users apart at": func(d *drills.Drill) { d.Load.Cohorts = []int{5, 100} },
		"no abort rule":            func(d *drills.Drill) { d.Recall = judge.Burns{} },
		"which is no phase": func(d *drills.Drill) {
			d.Steps[1].Step = drills.Release{Percent: 50, If: []judge.Assertion{judge.RoutedAsAsked{Percent: 20, In: "nowhere"}}}
		},
	} {
		d := short(false)
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
		change(&d)
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: %v", says, err)
		}
	}
}
