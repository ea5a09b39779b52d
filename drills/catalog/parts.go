package catalog

import (
	"slices"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/topology"
)

const (
	// slo is the event's service level on the critical path, from when a request was owed: 99 % within it. It leaves a
	// user's chain of four requests under a second.
	slo      = 200 * time.Millisecond
	seed     = 1
	settled  = 30 * time.Second
	hotUsers = 200 // whose histories are put in order
	// Where no more is asked for than is built for, less than this share of success for so long, which no fault excuses,
	// is a system that is down: going on would teach nothing, and hurt whoever shares it. A fault excuses what comes within
	// settled of its heal, too; the longest recovery bound of a drill is 45 s, at a share far above this one.
	downShare = 0.5
	downFor   = 5 * time.Second
)

// event is a drill on the festival's own system and clients; the caller adds phases, steps and hypotheses.
func event(d drills.Drill) drills.Drill {
	d.Seed = seed
	d.Topology = topology.OneIDC()
	d.Activity = activity.Festival
	capacity := d.Rules.Capacity
	d.Rules = config.Default()
	d.Rules.Capacity = capacity // what the drill has the platform believe
	d.Load = loadprofiles.Estimate96k(time.Second)
	d.Load.Name = d.ID
	if d.Built == 0 {
		d.Built = loadprofiles.Built
	}
	d.Aborts = append(d.Aborts, drills.MoneyWrong{})
	if d.Profile().Curve.Peak() <= d.Built {
		d.Aborts = append(d.Aborts, drills.SuccessBelow{Share: downShare, For: downFor, Grace: settled})
	}
	again := 1
	if d.Scale > 0 {
		again = 0 // so small that perhaps nobody asks for a gift twice; what was seen stands beside the verdict
	}
	own := map[string]bool{} // a drill may ask for more than all do, or for less
	for _, a := range d.Assertions {
		own[judge.TypeOf(a)] = true
	}
	standard := slices.DeleteFunc(append(always(again), judge.NewcomersOnly{}, judge.TagsApart{}), func(a judge.Assertion) bool { return own[judge.TypeOf(a)] })
	d.Assertions = append(append(standard, d.Assertions...), judge.Settles{Within: settled})
	return d
}

// always is what every drill asks first: was it able to tell, is the money whole, did anything die. again is how many of
// the hottest users' histories must hold two answers.
func always(again int) []judge.Assertion {
	return []judge.Assertion{
		judge.LoadOffered{AtLeast: 0.99, LateBy: 100 * time.Millisecond, LateTo: 0.01},
		judge.GeneratorKeptUp{},
		judge.Watched{AtLeast: 0.8},
		judge.BooksRead{},
		judge.MoneyConserved{},
		judge.NoneBeyondStock{},
		judge.OneGrantEach{},
		judge.GrantsKept{},
		judge.RefusalsChangeNothing{},
		judge.Linearizable{Users: hotUsers, Again: again},
		judge.TagsArrive{},
		judge.NobodyDied{},
		judge.Abort{},
	}
}

// warm rises from a tenth of a rate to all of it, so that the phases that are judged begin steady.
func warm(rate float64) drills.Phase {
	return drills.Phase{Name: "warm", Curve: loadprofiles.Ramp(rate/10, rate, 3*time.Second)}
}

func hold(name string, rate float64, length time.Duration) drills.Phase {
	return drills.Phase{Name: name, Curve: loadprofiles.Hold(rate, length)}
}
