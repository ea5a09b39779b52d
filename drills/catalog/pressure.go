package catalog

import (
	"fmt"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
)

// EstimateHeld is PR-2: what was estimated must be served without anyone noticing.
func EstimateHeld(asked time.Duration) drills.Drill {
	return event(drills.Drill{
		ID: "pr-2", Name: "the estimate, E", Group: "pressure",
		Why:    "the event as it was planned would not be served",
		Phases: []drills.Phase{warm(loadprofiles.Estimate), hold("estimate", loadprofiles.Estimate, length(asked, 20*time.Second))},
		Assertions: []judge.Assertion{
			judge.Succeeds{AtLeast: 0.999, In: "estimate"},
			judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "estimate"},
			judge.Goodput{In: "estimate", AtLeast: 0.95},
			judge.QueueFlat{Slack: 0.02, In: "estimate"},
		},
	})
}

// BuiltHeld is PR-3: all that was built must be usable.
func BuiltHeld(asked time.Duration) drills.Drill {
	return event(drills.Drill{
		ID: "pr-3", Name: "what was built, 1.52 E", Group: "pressure",
		Why:    "the capacity that was paid for is not there",
		Phases: []drills.Phase{warm(loadprofiles.Built), hold("built", loadprofiles.Built, length(asked, 20*time.Second))},
		Assertions: []judge.Assertion{
			judge.Succeeds{AtLeast: 0.99, In: "built"},
			judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "built"},
			judge.QueueFlat{Slack: 0.02, In: "built"},
		},
	})
}

// RealNight is PR-4: 2.08 E comes to a system built for 1.52 E, and leaves again. Whoever cannot be served is told so,
// and costs those who can be nothing.
func RealNight(asked time.Duration) drills.Drill {
	after := length(asked, 20*time.Second)
	return event(drills.Drill{
		ID: "pr-4", Name: "the real night, 2.08 E", Group: "pressure",
		Why: "more users than were planned for take the event down for everyone",
		Phases: []drills.Phase{
			warm(loadprofiles.Built),
			hold("built", loadprofiles.Built, 12*time.Second),
			hold("night", loadprofiles.Night, length(asked, 20*time.Second)),
			hold("after", 0.3*loadprofiles.Estimate, max(after, 10*time.Second)),
		},
		Assertions: []judge.Assertion{
			judge.Succeeds{AtLeast: 0.99, In: "built"},
			judge.Goodput{In: "night", AtLeast: 0.9, Of: "built"},
			judge.RefusalsExplicit{AtLeast: 0.99, In: "night"},
			judge.AnswersWithin{Quantile: 0.99, Limit: 500 * time.Millisecond, In: "night"},
			// In overload a queue stands, by as much as admission lets it; what it must not do is grow towards the deadline.
			judge.QueueFlat{Slack: 0.1, In: "night"},
			// The promise is 120 s; a shorter phase is held to what it can show.
			judge.RecoversWithin{AtLeast: 0.99, Limit: min(120*time.Second, max(after, 10*time.Second)-5*time.Second), After: "night"},
		},
	})
}

// TenfoldBurst is PR-5: ten times as many for one second, and no tail after it.
func TenfoldBurst(asked time.Duration) drills.Drill {
	base := loadprofiles.Estimate / 2
	return event(drills.Drill{
		ID: "pr-5", Name: "a burst of ten times 0.5 E", Group: "pressure",
		Why: "one second of everyone at once keeps hurting after it is over",
		Phases: []drills.Phase{
			warm(base),
			hold("before", base, length(asked, 6*time.Second)),
			hold("burst", 10*base, time.Second),
			hold("tail", base, 10*time.Second),
			hold("after", base, 6*time.Second),
		},
		Assertions: []judge.Assertion{
			judge.Succeeds{AtLeast: 0.999, In: "before"},
			judge.RefusalsExplicit{AtLeast: 0.9, In: "burst"},
			judge.Goodput{In: "tail", AtLeast: 0.8, Of: "before"},
			judge.Goodput{In: "after", AtLeast: 0.99, Of: "before"},
			judge.RecoversWithin{AtLeast: 0.99, Limit: 10 * time.Second, After: "burst"},
		},
	})
}

// rejectSteps is how many times the capacity PR-8 offers at last; the system is built for that part of the night, so that
// the last step is a rate the generator was fitted to.
const rejectSteps = 5

// RejectsOnly is PR-8: five times the capacity is offered, step by step. What is above it must be refused at a cost so
// small that those admitted do not feel it.
func RejectsOnly(asked time.Duration) drills.Drill {
	capacity := loadprofiles.Night / rejectSteps
	d := drills.Drill{
		ID: "pr-8", Name: "refusals up to five times the capacity", Group: "pressure", Built: capacity,
		Why:    "saying no costs so much that nobody is served",
		Phases: []drills.Phase{{Name: "warm", Curve: loadprofiles.Ramp(capacity/10, 0.95*capacity, 2*time.Second)}},
	}
	for n := 1; n <= rejectSteps; n++ {
		name, rate := fmt.Sprintf("x%d", n), capacity*float64(n)
		d.Phases = append(d.Phases, hold(name, rate, length(asked, 4*time.Second)))
		if n > 1 {
			d.Assertions = append(d.Assertions, judge.Goodput{In: name, AtLeast: 0.9, Of: "x1"}, judge.RefusalsExplicit{AtLeast: 0.99, In: name})
		}
	}
	d = event(d)
	d.Load.Retry = loadprofiles.Retry{} // what is offered must not depend on what is refused
	return d
}

// RedisKilled kills the primary store under the estimate: the shard closes, is rebuilt from the log under a new epoch, and
// opens; nothing that was acknowledged is lost.
func RedisKilled(asked time.Duration) drills.Drill {
	d := drills.Drill{
		ID: "pr-kill", Name: "the primary Redis is killed under the estimate", Group: "pressure",
		Why: "a dead store loses grants that users were shown, or the event stays closed",
		Phases: []drills.Phase{
			warm(loadprofiles.Estimate),
			hold("before", loadprofiles.Estimate, length(asked, 6*time.Second)),
			hold("hurt", loadprofiles.Estimate, 15*time.Second),
			hold("after", loadprofiles.Estimate, 6*time.Second),
		},
	}
	kill := node.Killed{Node: "cmem-1"}
	hurt := d.Windows()[2]
	d.Injections = []drills.Injection{{At: hurt.From + 500*time.Millisecond, Fault: kill}}
	d.Assertions = []judge.Assertion{
		judge.StepsEffective{},
		judge.Succeeds{AtLeast: 0.999, In: "before"},
		judge.ShardReopens{Within: 15 * time.Second, After: kill.String()},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 15 * time.Second, After: kill.String()},
		judge.Goodput{In: "after", AtLeast: 0.95, Of: "before"},
	}
	return event(d)
}
