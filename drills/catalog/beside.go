package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
)

// TaggedBeside is pressure traffic beside real users: a fifth of the clicks are tagged, and what they write is in the shadow of
// what the others write, from Redis to the ledger.
func TaggedBeside(asked time.Duration) drills.Drill {
	rate := loadprofiles.Estimate / 2
	d := event(drills.Drill{
		ID: "gr-tag", Name: "pressure traffic beside real users", Group: "gray", Scale: 0.05,
		Why:    "a pressure test pays real money to users who do not exist, or takes shares from those who do",
		Phases: []drills.Phase{warm(rate), hold("steady", rate, length(asked, 8*time.Second))},
		Assertions: []judge.Assertion{
			judge.TagsApart{Tagged: 500},
			judge.Succeeds{AtLeast: 0.999, In: "steady"},
			judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "steady"},
		},
	})
	d.Load.Users.Tagged = 0.2
	d.Rules.DeliveryRate = 2000 // so that the shadow table is written while the drill lasts
	d.Activity = shadowed
	return d
}

// shadowed is the festival, which lets pressure traffic in.
func shadowed(seed uint64, scale float64) activity.Activity {
	return activity.Festival(seed, scale).Shadowed()
}

// NeighbourUnhurt is IR-8: another activity stands on the same platform, and its users notice nothing when the first one is
// overloaded: they are served, and wait no longer than before.
func NeighbourUnhurt(asked time.Duration) drills.Drill {
	calm := loadprofiles.Built / 2
	d := event(drills.Drill{
		ID: "ir-8", Name: "the night comes to one activity, and its neighbour is unhurt", Group: "fault", Scale: 0.05,
		Why: "an activity that is overloaded takes its neighbours down with it",
		Phases: []drills.Phase{
			warm(calm),
			hold("before", calm, length(asked, 10*time.Second)),
			hold("night", loadprofiles.Night, length(asked, 10*time.Second)),
		},
		Assertions: []judge.Assertion{
			judge.RefusalsExplicit{AtLeast: 0.99, In: "night"}, // there must be some, or nothing was overloaded
			judge.Succeeds{Ops: judge.Neighbours(), AtLeast: 0.999, In: "before"},
			judge.Succeeds{Ops: judge.Neighbours(), AtLeast: 0.999, In: "night"},
			judge.SlowedAtMost{Ops: judge.Neighbours(), Quantile: 0.99, ByShare: 0.2, In: "night", Than: "before"},
		},
	})
	d.Load.Retry = loadprofiles.Retry{} // what is offered to the neighbour must not depend on what is refused beside it
	d.Load.Users.Neighbour = loadprofiles.Neighbour{Activity: activity.NeighbourID, Share: 0.04, Gifts: []api.Gift{0, 1}}
	d.Activity = func(seed uint64, scale float64) activity.Activity {
		a := activity.Festival(seed, scale)
		a.Beside = []activity.Activity{activity.Neighbour(seed, scale)}
		return a
	}
	return d
}
