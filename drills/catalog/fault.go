package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/optional"
)

// The drills on optional parts: whatever happens to one, the path of a claim goes on as if nothing had happened, and the
// answers say what is missing. They are small, for what they ask hangs on no rate: 0.8 of what is built, at this scale.
const (
	sideScale = 0.05
	sideLoad  = 0.8
)

// aside is a drill on an optional part: before, hurt, and after it is mended, if it is, with a second between them that
// belongs to nobody, in which the steps bite.
func aside(asked time.Duration, rate float64, hurt faults.Fault, mended bool) drills.Drill {
	d := drills.Drill{Group: "fault", Scale: sideScale, Phases: []drills.Phase{
		warm(rate),
		hold("before", rate, 6*time.Second),
		hold("hurting", rate, time.Second),
		hold("hurt", rate, max(length(asked, 10*time.Second), 5*time.Second)),
	}}
	windows := d.Windows()
	injected := drills.Injection{At: windows[2].From + 100*time.Millisecond, Fault: hurt}
	if mended {
		d.Phases = append(d.Phases, hold("mending", rate, 4*time.Second), hold("after", rate, 6*time.Second))
		injected.For = windows[3].To + 100*time.Millisecond - injected.At
	}
	d.Injections = []drills.Injection{injected}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}}
	for _, p := range d.Phases {
		switch p.Name {
		case "before", "hurt", "after":
			d.Assertions = append(d.Assertions, judge.Succeeds{AtLeast: 0.999, In: p.Name})
		}
	}
	return d
}

// unslowed asks that those who wait for ops wait at most an optional part's deadline longer while it is hurt. Reads and
// claims are asked apart: claims wait for a disk, whose stalls would hide what happens to the reads.
func unslowed(ops ...api.Op) judge.Assertion {
	return judge.SlowedAtMost{Ops: ops, Quantile: 0.99, By: optional.Deadline, In: "hurt", Than: "before"}
}

// RecommendFrozen is FI-9 by another kind of hanging: recommend stands still. Lists are in the default order, at most 20 ms later, and say so.
func RecommendFrozen(asked time.Duration) drills.Drill {
	d := aside(asked, sideLoad*loadprofiles.Built, node.Frozen{Node: "recommend"}, true)
	d.ID, d.Name = "fi-9b", "recommend stands still"
	d.Why = "a part that only puts lists in order holds up those who want their gift"
	d.Assertions = append(d.Assertions, unslowed(api.List, api.Select, api.Receipt), unslowed(api.Claim),
		judge.Degraded{Part: "recommend", Op: api.List, From: 0, To: 0.05, In: "before"},
		judge.Degraded{Part: "recommend", Op: api.List, From: 0.9, To: 1.1, In: "hurt"},
		judge.Degraded{Part: "recommend", Op: api.List, From: 0, To: 0.05, In: "after"},
		judge.Goodput{In: "hurt", AtLeast: 0.97, Of: "before"})
	return event(d)
}

// RegistryDead is FI-10: nobody can say who is registered, so nobody gets the gift for new users, over more than 100,000
// grants of the others. Its users come straight to their claim, and some of them for the dear gifts. Who is hurt is told
// so, until P8 comes by its own trigger and nobody is even looked up any more.
func RegistryDead(asked time.Duration) drills.Drill {
	const rate = loadprofiles.Estimate
	d := aside(5*time.Second, rate, node.Killed{Node: "registry"}, false)
	d.Phases = append(d.Phases, hold("cheapening", rate, 4*time.Second), hold("cheap", rate, max(asked, 15*time.Second)))
	d.ID, d.Name = "fi-10", "no registration can be looked up"
	d.Why = "when the lookup fails, registered users are given the gift for new ones"
	d.Assertions = append(d.Assertions, unslowed(api.Claim),
		judge.NewcomersOnly{Grants: 100_000, Newcomers: 100},
		judge.Degraded{Part: "registry", Op: api.Claim, From: 0, To: 0.02, In: "before"},
		judge.Degraded{Part: "registry", Op: api.Claim, From: 0.05, To: 0.15, In: "hurt"},
		judge.Degraded{Part: "registry", Op: api.Claim, From: 0, To: 0.02, In: "cheap"},
		judge.Succeeds{AtLeast: 0.999, In: "cheap"})
	d = event(d)
	d.Load.Funnel = loadprofiles.Funnel{First: api.Claim}
	d.Load.Users.Gifts = []api.Gift{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 10, 11, 12, 13, 14, 15}
	d.Activity = func(seed uint64, scale float64) activity.Activity { return activity.Festival(seed, 2*scale) }
	return d
}

// ReportDead is FI-17: the collector of reports dies, and nobody notices but those who look at its figures.
func ReportDead(asked time.Duration) drills.Drill {
	d := aside(asked, sideLoad*loadprofiles.Built, node.Killed{Node: "report"}, false)
	d.ID, d.Name = "fi-17", "the collector of reports dies"
	d.Why = "counting what happened gets in the way of what happens"
	d.Assertions = append(d.Assertions, unslowed(api.List, api.Select, api.Receipt), unslowed(api.Claim),
		judge.Goodput{In: "hurt", AtLeast: 0.97, Of: "before"})
	return event(d)
}
