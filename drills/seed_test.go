package drills_test

import (
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
)

// twice is a drill that is hurt in two phases, and twice in the second of them; the first fault lasts into that one.
func twice() drills.Drill {
	d := small()
	d.Phases = []drills.Phase{
		{Name: "calm", Curve: loadprofiles.Ramp(1000, 2000, 2*time.Second)},
		{Name: "night", Curve: loadprofiles.Hold(3000, 4*time.Second)},
		{Name: "late", Curve: loadprofiles.Ramp(3000, 1000, 4*time.Second)},
	}
	d.Injections = []drills.Injection{
		{At: 2500 * time.Millisecond, For: 5 * time.Second, Fault: node.Killed{Node: "cmem-1"}},
		{At: 6 * time.Second, Fault: node.Frozen{Node: "report"}},
		{At: 8 * time.Second, For: time.Second, Fault: node.Frozen{Node: "recommend"}},
	}
	d.Steps = append(d.Steps, drills.Timed{At: 3 * time.Second, Step: drills.RollBack{Playbook: "P7"}})
	d.Assertions = []judge.Assertion{judge.StepsEffective{}}
	return d
}

func TestASeedMovesFaultsWithAllThatFollows(t *testing.T) {
	d := twice()
	if same := d.Under(d.Seed); drills.ScriptHash(same.Script()) != drills.ScriptHash(d.Script()) {
		t.Error("under its own seed it is another drill")
	}
	seen := map[string]bool{}
	for seed := d.Seed + 1; seed < d.Seed+50; seed++ {
		u := d.Under(seed)
		if err := u.Check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := d.Under(seed); drills.ScriptHash(again.Script()) != drills.ScriptHash(u.Script()) {
			t.Fatalf("seed %d: two scripts", seed)
		}
		seen[u.Injections[0].At.String()] = true
		w := u.Windows()
		first, second, third := w[0].Length()-2*time.Second, w[1].Length()-4*time.Second, w[2].Length()-4*time.Second
		for _, by := range []time.Duration{first, second, third} {
			if by < 0 || by >= time.Second || by%time.Millisecond != 0 {
				t.Fatalf("seed %d moves a fault by %s", seed, by)
			}
		}
		for i, want := range []drills.Injection{
			{At: 2500*time.Millisecond + first, For: 5*time.Second + second}, // it lasts as far into the last phase as before
			{At: w[2].From},
			{At: w[2].From + 2*time.Second + third, For: time.Second},
		} {
			if got := u.Injections[i]; got.At != want.At || got.For != want.For {
				t.Errorf("seed %d: %s at %s for %s, want %s and %s", seed, got, got.At, got.For, want.At, want.For)
			}
		}
		if before, after := u.Steps[0].At, u.Steps[1].At; before != 300*time.Millisecond || after != 3*time.Second+first {
			t.Errorf("seed %d: the steps come at %s and %s; want 300ms and %s", seed, before, after, 3*time.Second+first)
		}
		p, before := u.Profile().Curve, d.Profile().Curve
		for _, at := range []time.Duration{0, time.Second, 1999 * time.Millisecond} {
			if p.Rate(at) != before.Rate(at) {
				t.Errorf("seed %d: %g/s at %s, want %g", seed, p.Rate(at), at, before.Rate(at))
			}
		}
		for _, at := range []time.Duration{2 * time.Second, 5 * time.Second, 7900 * time.Millisecond} {
			later := at + first
			if at >= 6*time.Second {
				later += second
			}
			if p.Rate(later) != before.Rate(at) {
				t.Errorf("seed %d: %g/s at %s, want %g", seed, p.Rate(later), later, before.Rate(at))
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("49 seeds begin the first fault at %d moments", len(seen))
	}
	if d.Injections[0].At != 2500*time.Millisecond || d.Windows()[0].To != 2*time.Second {
		t.Error("the drill itself was changed")
	}
}

// The share of users who have the package changes at times of the drill, and moves with them.
func TestASeedMovesPackages(t *testing.T) {
	d := twice()
	d.Load.Packages = loadprofiles.Packages{Changes: []loadprofiles.Package{{Share: 1}, {From: 9 * time.Second, Share: 0.5}}}
	u := d.Under(d.Seed + 1)
	if got, by := u.Load.Packages.Changes[1].From, u.Windows()[2].To-10*time.Second; by == 0 || got != 9*time.Second+by {
		t.Errorf("the packages change at %s; the drill is %s longer", got, by)
	}
	if d.Load.Packages.Changes[1].From != 9*time.Second {
		t.Error("the drill itself was changed")
	}
}
