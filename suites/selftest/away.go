package selftest

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/topology"
)

// When users of a are sent to both front doors, and when the promotion's valve is closed and opened again.
const (
	sent   = 2 * time.Second
	closed = 2500 * time.Millisecond
	opened = 3500 * time.Millisecond
)

const spread = "spread" // the window in which half of a's users come to b's door

// Away is the drill of the second good record: what needs two data centres, and a promotion.
func Away() drills.Drill {
	load := loadprofiles.Estimate96k(time.Second)
	load.Promotion = loadprofiles.Promotion{Share: 0.5, Lag: 500 * time.Millisecond}
	stop, on := drills.Activate{Playbook: "P6"}, drills.RollBack{Playbook: "P6"}
	return drills.Drill{
		ID: "st-away", Name: "two front doors, and a promotion", Group: "selftest", Seed: 3, Scale: 0.5,
		Why:      "the record that every change is made to is no good itself",
		Topology: topology.TwoIDC(), Rules: config.Default(), Load: load,
		Activity: func(seed uint64, scale float64) activity.Activity { return activity.Festival(seed, scale/100) },
		Phases:   []drills.Phase{{Name: calm, Curve: loadprofiles.Hold(4000, sent)}, {Name: spread, Curve: loadprofiles.Hold(4000, 4*time.Second)}},
		Steps: []drills.Timed{{At: sent, Step: drills.Shift{Region: "a", A: 50, B: 50}},
			{At: closed, Step: stop}, {At: opened, Step: on}},
		Assertions: []judge.Assertion{
			judge.LoadOffered{AtLeast: 0.99, LateBy: time.Second, LateTo: 0.01}, judge.GeneratorKeptUp{}, judge.Watched{AtLeast: 0.5},
			judge.BooksRead{}, judge.StepsEffective{}, judge.ValveFollowed{Close: stop.String(), Open: on.String(), Within: time.Second},
			judge.Arrive{IDC: "a", Share: 0.5, Off: 0.1, Since: time.Second, In: spread},
		},
	}
}

// paired is its system, which has two front doors. What the generator hears of the valve comes a little after the steps.
func paired(stage drills.Stage) *drillstest.System {
	const later = 200 * time.Millisecond
	return &drillstest.System{Activity: stage.Activity, Doors: true,
		Valve: loadprofiles.Turns{{}, {At: closed + later, Closed: true}, {At: opened + later}}}
}

// Users are the changes that make a record one of users who came otherwise than they were sent and shown.
func Users() []Change {
	type made = *drillstest.Apart
	return []Change{
		{"users who stay with the door that they know", func(a made) {
			reading(a, record.ArrivedAt("a", "b"), func(time.Duration, float64) float64 { return 0 })
		}, fails("Arrive")},
		{"a front door that counts nobody", func(a made) { silence(a, record.ArrivedAt("a", "b")) }, doubts("Arrive")},
		{"a generator that did not hear of the valve", func(a made) { a.Yield.Valve = a.Yield.Valve[:1] }, doubts("ValveFollowed", "LoadOffered")},
		{"a generator that heard of the valve late", func(a made) { a.Yield.Valve[1].At += 2 * time.Second }, doubts("ValveFollowed")},
		{"a user kept away who was shown the promotion", func(a made) { a.Yield.Withheld++ }, doubts("ValveFollowed")},
	}
}
