package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/topology"
)

// Smoke takes the whole path, from the click to the ledger, at a small scale that any rig carries.
func Smoke(asked time.Duration) drills.Drill {
	rate := loadprofiles.Estimate / 2
	return event(drills.Drill{
		ID: "sm-1", Name: "the whole path, small", Group: "smoke", Scale: 0.05,
		Why:    "when this fails, no other drill can be believed",
		Phases: []drills.Phase{warm(rate), hold("steady", rate, length(asked, 6*time.Second))},
		Assertions: []judge.Assertion{
			judge.Succeeds{AtLeast: 0.999, In: "steady"},
			judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "steady"},
			judge.Goodput{In: "steady", AtLeast: 0.9},
		},
	})
}

// SmokeKill is the loss of Redis, small: the shard closes, is rebuilt from the log, and opens.
func SmokeKill(asked time.Duration) drills.Drill {
	d := RedisKilled(asked)
	d.ID, d.Group, d.Scale = "sm-2", "smoke", 0.05
	d.Load.Name = d.ID
	return d
}

// SmokeShift is two data centres: a region's users are sent to the other one, and come back in the steps of a staged
// return. The claims of all of them are decided where they are at home all along, so nobody is granted twice.
func SmokeShift(asked time.Duration) drills.Drill {
	rate := loadprofiles.Estimate / 2
	d := drills.Drill{
		ID: "sm-3", Name: "a region is sent to the other data centre, and comes back", Group: "smoke", Scale: 0.05,
		Why: "users cannot be moved from one data centre to the other without being hurt",
		Phases: []drills.Phase{
			warm(rate),
			hold("home", rate, length(asked, 4*time.Second)),
			hold("away", rate, length(asked, 5*time.Second)),
			hold("return", rate, 8*time.Second),
		},
	}
	windows := d.Windows()
	away, back := windows[2].From, windows[3].From
	d.Steps = []drills.Timed{
		{At: away, Step: drills.Shift{Region: "a", B: 100}},
		{At: back, Step: drills.Shift{Region: "a", A: 10, B: 90}},
		{At: back + 1500*time.Millisecond, Step: drills.Shift{Region: "a", A: 30, B: 70}},
		{At: back + 3*time.Second, Step: drills.Shift{Region: "a", A: 60, B: 40}},
		{At: back + 4500*time.Millisecond, Step: drills.Shift{Region: "a", A: 100}},
	}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}}
	for _, name := range []string{"home", "away", "return"} {
		d.Assertions = append(d.Assertions, judge.Succeeds{AtLeast: 0.999, In: name}, judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: name})
	}
	d.Assertions = append(d.Assertions, judge.Steered{IDC: "a", Share: 1, Off: drWatch, In: "home"}, judge.Steered{IDC: "a", Share: 0, Off: drWatch, Since: drMoved, In: "away"})
	d = event(d)
	d.Topology = topology.TwoIDC()
	return d
}
