package drills_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
)

func TestScriptIsPure(t *testing.T) {
	a, b := small().Script(), small().Script()
	if strings.Join(a, "\n") != strings.Join(b, "\n") || drills.ScriptHash(a) != drills.ScriptHash(b) {
		t.Error("one drill has two scripts")
	}
	other := small()
	other.Seed++
	if drills.ScriptHash(other.Script()) == drills.ScriptHash(a) {
		t.Error("another seed has the same script")
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*drills.Drill)
		tells  string
	}{
		{"id", func(d *drills.Drill) { d.ID = "PR 4" }, "lower case"},
		{"reason", func(d *drills.Drill) { d.Why = "" }, "a reason"},
		{"no phases", func(d *drills.Drill) { d.Phases = nil }, "no phases"},
		{"short phase", func(d *drills.Drill) { d.Phases[0].Curve = loadprofiles.Hold(1, time.Millisecond) }, "less than a second"},
		{"same phase", func(d *drills.Drill) { d.Phases[1].Name = "calm" }, "name of its own"},
		{"late step", func(d *drills.Drill) { d.Steps[0].At = time.Minute }, "no window is left"},
		{"late fault", func(d *drills.Drill) { d.Injections[0].At = time.Minute }, "no window is left"},
		{"fault that heals late", func(d *drills.Drill) { d.Injections[0].For = time.Minute }, "to see recovery in"},
		{"unknown victim", func(d *drills.Drill) { d.Injections[0].Fault = node.Killed{Node: "cmem-9"} }, `no node and no link "cmem-9"`},
		{"same fault", func(d *drills.Drill) { d.Injections = append(d.Injections, d.Injections[0]) }, "is there twice"},
		{"no fault", func(d *drills.Drill) { d.Injections[0].Fault = nil }, "has no fault"},
		{"same step", func(d *drills.Drill) { d.Steps = append(d.Steps, d.Steps[0]) }, "is there twice"},
		{"no step", func(d *drills.Drill) { d.Steps[0].Step = nil }, "does nothing"},
		{"nothing asserted", func(d *drills.Drill) { d.Assertions = nil }, "asserts nothing"},
		{"unknown window", func(d *drills.Drill) {
			d.Assertions = append(d.Assertions, judge.Succeeds{AtLeast: 1, In: "dawn"})
		}, `no phase or step "dawn"; it has calm, night, activate P7, kill cmem-1, heal: kill cmem-1`},
		{"steps unasked", func(d *drills.Drill) { d.Assertions = []judge.Assertion{judge.BooksRead{}} }, "StepsEffective"},
		{"twice asserted", func(d *drills.Drill) { d.Assertions = append(d.Assertions, judge.BooksRead{}) }, "asserts twice"},
		{"no deliveries", func(d *drills.Drill) { d.Rules.DeliveryRate = 0 }, "accept no delivery"},
		{"scale", func(d *drills.Drill) { d.Scale = 2 }, "scale is 2"},
		{"no activity", func(d *drills.Drill) { d.Activity = nil }, "no activity"},
	} {
		d := small()
		c.change(&d)
		err := d.Check()
		if err == nil || !strings.Contains(err.Error(), c.tells) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want one line that tells %q", c.name, err, c.tells)
		}
	}
	if err := small().Check(); err != nil {
		t.Error(err)
	}
}

func TestStageScalesRatesAndStocksOnly(t *testing.T) {
	d := small()
	d.Built = 60_000 // 10,000 clicks: 7,200 claims, 22,800 calls of the light pool; each instance half of it and 5 % spare
	whole, half := d.Stage(1), d.Stage(0.5)
	if math.Abs(whole.Rules.HeavyRate-3780) > 1e-6 || math.Abs(half.Rules.HeavyRate-1890) > 1e-6 {
		t.Errorf("heavy %g and %g", whole.Rules.HeavyRate, half.Rules.HeavyRate)
	}
	if r := whole.Rules.LightRate; r < 11_969 || r > 11_971 {
		t.Errorf("light %g", r)
	}
	if half.Rules.DeliveryRate != whole.Rules.DeliveryRate/2 || half.Rules.ClaimEvery != whole.Rules.ClaimEvery {
		t.Errorf("rules %+v", half.Rules)
	}
	if half.Activity.Gifts[0].Shares != whole.Activity.Gifts[0].Shares/2 {
		t.Errorf("%d of %d shares", half.Activity.Gifts[0].Shares, whole.Activity.Gifts[0].Shares)
	}
	d.Built = 0
	if s := d.Stage(1); s.Rules.HeavyRate != 0 || s.Rules.LightRate != 0 {
		t.Errorf("an unlimited system is limited: %+v", s.Rules)
	}
}
