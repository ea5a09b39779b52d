package drillstest_test

import (
	"path/filepath"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
)

// The smoke drill, shortened, on a system of memory: it passes with an honest generator and tells nothing without one.
func TestADrillBelievesAnHonestGeneratorOnly(t *testing.T) {
	for name, c := range map[string]struct {
		yield func(*loadprofiles.Yield)
		want  judge.Status
	}{
		"honest":  {nil, judge.Pass},
		"starved": {func(y *loadprofiles.Yield) { y.Starved = 0.8 }, judge.Inconclusive},
		"bunched": {func(y *loadprofiles.Yield) { y.Bunched = 0.5 }, judge.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := catalog.Smoke(time.Second)
			d.Phases = d.Phases[1:]
			s := &drillstest.System{Activity: d.Stage(d.Scale).Activity, Yield: c.yield}
			into, err := record.Create(filepath.Join(t.TempDir(), "record"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := drills.Run(t.Context(), d, s, drills.Conditions{Scale: d.Scale, Volley: s, Into: into, Tell: func(drills.Progress) {}})
			if err != nil {
				t.Fatal(err)
			}
			if v := judge.Judge(r, d.Assertions); v.Status != c.want {
				t.Errorf("judged %s, want %s: %+v", v.Status, c.want, v.Findings)
			}
		})
	}
}
