package catalog

import (
	"slices"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/topology"
)

// The drills on the control plane: what runs goes on without it, and what must be switched can be.

// ControlGone is FI-6: the store of switches and leases dies. Nobody notices; an access gateway that starts meanwhile, and
// so loses every connection for a moment, finds its way without it.
func ControlGone(asked time.Duration) drills.Drill {
	rate := 0.8 * loadprofiles.Built
	d := onPath(rate,
		hold("gone", rate, length(asked, 8*time.Second)),
		hold("restarting", rate, time.Second),
		hold("restarted", rate, 12*time.Second),
		hold("after", rate, 6*time.Second))
	d.ID, d.Name = "fi-6", "the control store is gone"
	d.Why = "who runs, or starts, while the store of switches and leases is away does not serve"
	gone, restart := node.Killed{Node: "control"}, node.Killed{Node: "tgw"}
	w := d.Windows()
	d.Injections = []drills.Injection{
		{At: w[2].From - 500*time.Millisecond, For: w[5].From - w[2].From, Fault: gone},
		{At: w[3].From, For: 500 * time.Millisecond, Fault: restart},
	}
	d.Assertions = append(d.Assertions, judge.GeneratorKeptUp{Dropped: drCuts},
		judge.Succeeds{AtLeast: 0.999, In: "gone"},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 6 * time.Second, After: d.Injections[1].Heals()}, // all its users come back at once
		judge.Succeeds{AtLeast: 0.999, In: "after"})
	return event(d)
}

// PressedWithoutStore is FI-21: the store dies, more come than the system is built for, and P1 is pressed. The platform pushes it to every
// process by itself.
func PressedWithoutStore(asked time.Duration) drills.Drill {
	rate := 1.2 * loadprofiles.Built
	d := drills.Drill{Group: "fault", Scale: sideScale, Phases: []drills.Phase{
		warm(loadprofiles.Built),
		hold("before", 0.8*loadprofiles.Built, 6*time.Second),
		hold("over", rate, 6*time.Second),
		hold("pressed", rate, length(asked, 10*time.Second)),
		hold("after", 0.8*loadprofiles.Built, 8*time.Second),
	}}
	d.ID, d.Name = "fi-21", "P1 is pressed while the control store is gone"
	d.Why = "the response that was prepared cannot be given when it is needed most"
	press := drills.ActivatePartly{Playbook: "P1", Missing: []string{"control"}} // all but the dead one, which is a process as well, echo it
	w := d.Windows()
	d.Injections = []drills.Injection{{At: w[2].From, For: w[4].From - w[2].From, Fault: node.Killed{Node: "control"}}}
	d.Steps = []drills.Timed{{At: w[2].From + 2*time.Second, Step: press}, {At: w[4].From + time.Second, Step: drills.RollBack{Playbook: "P1"}}}
	d.Assertions = []judge.Assertion{judge.StepsEffective{},
		judge.Succeeds{AtLeast: 0.99, In: "before"},
		judge.EffectiveWithin{Step: press.String(), Limit: 30 * time.Second},
		judge.RefusalsExplicit{AtLeast: 0.99, In: "pressed"},
		judge.Goodput{In: "pressed", AtLeast: 0.9, Of: "before"},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 5 * time.Second, After: drills.RollBack{Playbook: "P1"}.String()}}
	return event(d)
}

// PromotionStopped is FI-23: more come than the system is built for, and P6 closes the promotion's valve. Who was shown it
// still comes; when they have, only those come who would have come by themselves. Opened again, it brings everybody back.
func PromotionStopped(asked time.Duration) drills.Drill {
	calm, rate, promo := 0.8*loadprofiles.Built, 1.2*loadprofiles.Built, loadprofiles.Pushed
	lag := promo.Lag + 2*time.Second // and what a busy machine may add
	d := drills.Drill{Group: "fault", Scale: sideScale, Phases: []drills.Phase{
		warm(calm),
		hold("before", calm, 6*time.Second),
		hold("over", rate, 6*time.Second),
		hold("stopping", rate, lag),
		hold("stopped", rate, length(asked, 8*time.Second)),
		hold("returning", calm, lag),
		hold("after", calm, 6*time.Second),
	}}
	d.ID, d.Name = "fi-23", "the promotion is stopped, and goes on"
	d.Why = "the one valve that reduces what is asked for, rather than refusing it, reduces nothing"
	stop, open := drills.Activate{Playbook: "P6"}, drills.RollBack{Playbook: "P6"}
	w := d.Windows()
	d.Steps = []drills.Timed{{At: w[3].From, Step: stop}, {At: w[5].From, Step: open}}
	floor := 1 - promo.Share // who comes by himself
	d.Assertions = []judge.Assertion{judge.StepsEffective{},
		judge.ValveFollowed{Close: stop.String(), Open: open.String(), Within: time.Second},
		judge.EffectiveWithin{Step: stop.String(), Limit: 2 * time.Second},
		judge.Succeeds{AtLeast: 0.99, In: "before"},
		judge.RecoversWithin{AtLeast: 0.99, Limit: promo.Lag, After: stop.String()},
		judge.Arrivals{In: "stopped", Of: "over", AtLeast: floor - 0.1, AtMost: floor + 0.1},
		judge.Succeeds{AtLeast: 0.99, In: "stopped"},
		judge.Arrivals{In: "after", Of: "before", AtLeast: 0.95, AtMost: 1.05},
		judge.Succeeds{AtLeast: 0.99, In: "after"}}
	d = event(d)
	d.Topology, d.Load.Promotion = topology.TwoIDC(), promo
	return d
}

// RoomMissesPlan is FI-22: a part of data centre b stands still when P7 is pressed. The platform names who has not echoed it, and when they
// go on, they are told without anybody's doing.
func RoomMissesPlan(asked time.Duration) drills.Drill {
	rate := 0.5 * loadprofiles.Built
	d := onPath(rate, hold("missing", rate, length(asked, 10*time.Second)), hold("after", rate, 8*time.Second))
	d.ID, d.Name = "fi-22", "a part of a data centre misses a plan"
	d.Why = "half of the system runs by another plan than the other half, and nobody knows"
	room := topology.TwoIDC().RoleIn("courier", "b")
	room = slices.Concat(room, topology.TwoIDC().RoleIn("recon", "b"))
	w := d.Windows()
	for _, name := range room {
		d.Injections = append(d.Injections, drills.Injection{At: w[2].From - time.Second, For: w[3].From - w[2].From, Fault: node.Frozen{Node: name}})
	}
	partly, whole := drills.ActivatePartly{Playbook: "P7", Missing: room}, drills.Activate{Playbook: "P7"}
	d.Steps = []drills.Timed{{At: w[2].From, Step: partly}, {At: w[3].From, Step: whole}}
	d.Assertions = append(d.Assertions,
		judge.EffectiveWithin{Step: whole.String(), Limit: 60 * time.Second},
		judge.Succeeds{AtLeast: 0.999, In: "missing"}, judge.Succeeds{AtLeast: 0.999, In: "after"})
	d = event(d)
	d.Topology = topology.TwoIDC()
	return d
}
