package drills_test

import (
	"math"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

func TestFitScale(t *testing.T) {
	for _, c := range []struct {
		name              string
		generator, system float64
		peak              float64
		want              float64 // 0: an error
	}{
		{"a rig for all of it", 300_000, 250_000, 0, 1},
		{"just enough", 230_000, 219_000, 0, 1},
		{"the generator binds", 120_000, 200_000, 0, 0.5},
		{"the system binds", 300_000, 90_000, 0, 0.4},
		{"a drill with a higher peak", 230_000, 200_000, 480_000, 0.4},
		{"a small rig", 20_000, 11_000, 0, 0.05},
		{"no rig", 5_000, 5_000, 0, 0},
		{"a system that answers nothing", 300_000, 0, 0, 0},
	} {
		got, err := drills.FitScale(drills.Limits{Generator: c.generator, System: c.system}, c.peak)
		if got != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%s: %g, %v; want %g", c.name, got, err, c.want)
		}
	}
}

// A probe of one-second steps whose steps from a certain one on are slow, shed, or short.
func TestCleanestIsTheHighestCleanStep(t *testing.T) {
	const step = time.Second
	profile := drills.Probing{Step: step}.ProbeProfile()
	for _, c := range []struct {
		name  string
		from  int
		to    int // 0: to the end
		took  time.Duration
		out   api.Outcome
		share float64
		want  float64 // of Built × 1.15
	}{
		{"all clean", 99, 0, 0, api.Done, 1, 1.5 / 1.15},
		{"slow from above the largest scale", 12, 0, 500 * time.Millisecond, api.Done, 1, 1.15},
		{"slow from the fourth", 3, 0, 500 * time.Millisecond, api.Done, 1, 0.2},
		{"shed from the second", 1, 0, time.Millisecond, api.Shed, 1, 0.05},
		{"short from the third", 2, 0, time.Millisecond, api.Done, 0.5, 0.1},
		{"a hiccup", 2, 3, time.Second, api.Done, 1, 1.5 / 1.15},
		{"nothing clean", 0, 0, time.Millisecond, api.Doubt, 1, 0},
	} {
		counted := tally.New(time.Minute)
		for at := time.Duration(0); at < profile.Curve.Length(); at += tally.Slot {
			took, out, share := time.Millisecond, api.Done, 1.0
			if at >= time.Duration(c.from)*step && (c.to == 0 || at < time.Duration(c.to)*step) {
				took, out, share = c.took, c.out, c.share
			}
			for range int(share * profile.Curve.Rate(at) * tally.Slot.Seconds() / 100) {
				counted.Record(at, took, api.List, out)
			}
		}
		got := drills.Cleanest(times{record.TallyOf(counted), 100}, step)
		if want := c.want * loadprofiles.Built * 1.15; math.Abs(got-want) > 1 {
			t.Errorf("%s: %.0f, want %.0f", c.name, got, want)
		}
	}
}

// times is a tally in which every count stands for several.
type times struct {
	record.Tally
	n uint64
}

func (t times) Count(s record.Span, of record.Which) uint64 { return t.n * t.Tally.Count(s, of) }
