package selftest

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/topology"
)

// The steps and windows of the good record, by name.
const (
	calm   = "calm"
	night  = "night"
	after  = "after"
	killed = "cmem-1"
	gone   = "gone" // the new version, which half of the users have in after
	stuck  = "ams-light-1"
	sample = "P1"
)

// dearGift is the one gift for new users that the good record's users ask for.
const dearGift api.Gift = 19

// peak is the rate above which the system of the good record sheds.
const peak = 20_000

// Whole is the drill of the good record: one assertion of every type but those that need a second data centre, all of which
// a sound system passes. It takes a third of a minute.
func Whole() drills.Drill {
	kill := node.Killed{Node: killed}
	load := loadprofiles.Estimate96k(time.Second)
	load.Users.Hot, load.Users.HotShare = 100, 0.2        // so that users come again for what they have: 50, and as many tagged
	load.Users.Gifts = append(load.Users.Gifts, dearGift) // which some of them must not have
	load.Users.Tagged = 0.1
	load.Cohorts, load.Conns = []int{50, 100}, loadprofiles.Conns{Static: 1, Read: 100, Claim: 100}
	both, _ := topology.OneIDC().WithGray() // it has one data centre
	load.Funnel.Click = clicks
	rules := config.Default()
	rules.Capacity.Requests = 0.65 * peak // so that P1 comes before anything is shed, and is far from due in after
	return drills.Drill{
		ID: "st-record", Name: "one assertion of every type", Group: "selftest", Seed: 3, Scale: 0.5,
		Why:      "the record that every change is made to is no good itself",
		Topology: both, Rules: rules, Built: peak, Load: load, Probe: 10 * time.Millisecond,
		Activity: func(seed uint64, scale float64) activity.Activity {
			return activity.Festival(seed, scale/100).Shadowed()
		},
		Phases: []drills.Phase{
			{Name: calm, Curve: loadprofiles.Hold(2000, 8*time.Second)},
			{Name: night, Curve: loadprofiles.Ramp(2000, 1.5*peak, 3*time.Second)},
			{Name: after, Curve: loadprofiles.Hold(5000, 9*time.Second)}, // so many, and so long, that two versions can be compared
			{Name: gone, Curve: loadprofiles.Hold(5000, 3*time.Second)},
		},
		Steps:      []drills.Timed{{At: 8100 * time.Millisecond, Step: drills.Release{Percent: 50}}, {At: takenBack, Step: drills.Release{}}},
		Recall:     judge.Burns{More: 0.5, Over: 3 * time.Second, Least: 50},
		Injections: []drills.Injection{{At: 9 * time.Second, For: 10500 * time.Millisecond, Fault: freeze()}, {At: 10900 * time.Millisecond, Fault: kill}},
		Assertions: []judge.Assertion{
			judge.LoadOffered{AtLeast: 0.99, LateBy: time.Second, LateTo: 0.01}, judge.GeneratorKeptUp{}, judge.Watched{AtLeast: 0.5},
			judge.BooksRead{}, judge.StepsEffective{}, judge.ProbesOnTime{LateBy: 20 * time.Millisecond},
			judge.MoneyConserved{}, judge.NoneBeyondStock{}, judge.OneGrantEach{}, judge.GrantsKept{}, judge.RefusalsChangeNothing{},
			judge.NewcomersOnly{Grants: 1000, Newcomers: 1}, judge.TagsApart{Tagged: 300}, judge.TagsArrive{},
			judge.Linearizable{Users: 100, Again: 1}, judge.NobodyDied{}, judge.Abort{},
			judge.AmountsTrue{}, judge.SameMoney{As: activity.Festival(3, 0.5/100).Shadowed(), Clicks: 500},
			judge.Succeeds{AtLeast: 0.99, In: calm}, judge.AnswersWithin{Quantile: 0.99, Limit: 200 * time.Millisecond, In: calm},
			judge.Goodput{AtLeast: 0.5, In: after, Of: calm}, judge.Arrivals{AtLeast: 0.8, AtMost: 1.2, In: gone, Of: after}, judge.RefusalsExplicit{AtLeast: 0.99, In: night},
			judge.Rate{Gauge: record.DegradedBy("recommend"), In: calm}, judge.Silent{In: calm, AtLeast: 8 * time.Second},
			judge.QueueFlat{Slack: 0.02, In: calm},
			judge.SlowedAtMost{Quantile: 0.99, By: 20 * time.Millisecond, In: after, Than: calm},
			judge.Degraded{Part: "recommend", Op: api.List, To: 0.01, In: calm},
			judge.EffectiveWithin{Step: kill.String(), Limit: 5 * time.Second},
			judge.Triggered{Playbook: sample, In: night, Off: 8 * time.Second, After: night}, judge.ShedBefore{Playbook: sample, AtMost: 0.03, In: night},
			judge.Comes{Outcome: api.Shed, From: 0.03, To: 0.3, In: night},
			judge.Ejected{Peer: stuck, Within: 2 * time.Second, After: freeze().String(), Reopens: 1},
			judge.Avoided{Peer: stuck, Pool: pool(), AtMost: 0.1, In: after}, judge.ProbedGently{Peer: stuck, Most: 3},
			judge.Delivers{Games: []uint8{0, 1}, AtLeast: 0.5, In: after, Than: calm},
			judge.SplitAsAsked{Percent: 50, Off: 0.1, In: after},
			judge.SameVersion{Percent: 50, Slower: 1.5, Errors: 0.02, In: after}, judge.RoutedAsAsked{Percent: 50, In: after}, judge.Released{Stages: []int{50}},
			judge.ModelHolds{Sheet: sheetOf(1), Within: 0.2, In: calm}, judge.ModelRefused{Sheet: sheetOf(overrun), Within: 0.2, In: calm, AtLeast: overrun},
			judge.AsModelled{Sheet: sheetOf(1), Ops: []api.Op{api.Static}, Within: 0.2, In: calm},
			judge.RecoversWithin{AtLeast: 0.99, Limit: time.Second, After: night},
			judge.ShardReopens{Within: 5 * time.Second, After: kill.String()}, judge.TakenBack{Within: time.Second}, judge.Settles{Within: 30 * time.Second},
			judge.RTO{Within: 2 * time.Second, After: kill.String(), AtLeast: 0.97, Seconds: 5}, judge.RPO{After: kill.String()},
		},
	}
}

// takenBack is when the new version is.
const takenBack = 20 * time.Second

// freeze has one of the pool stand still.
func freeze() node.Frozen { return node.Frozen{Node: stuck} }

// pool is who answers lists, selects and receipts.
func pool() []string { return topology.OneIDC().Role("ams-light") }

// sound is the whole drill's system: it sheds above the peak, and half of its users have the new version for a while.
func sound(stage drills.Stage) *drillstest.System {
	return &drillstest.System{Activity: stage.Activity, Capacity: stage.Rules.Capacity, Pool: pool(), Shed: func(rate float64) float64 {
		if rate > peak {
			return 0.3
		}
		return 0
	}, Versions: &drillstest.Versions{Percent: func(at time.Duration) int {
		if at >= 8200*time.Millisecond && at < takenBack {
			return 50
		}
		return 0
	}}}
}
