// Package selftest proves that the judge can fail: systems with one deliberate bug each, and records of which one thing
// was changed, each of which a finding must name; and that a harness that is killed leaves nothing behind.
package selftest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/money"
	"redpacket/system/mutant"
	"redpacket/system/topology"
)

// scale is small: a bug does not need many users, only every path.
const scale = 0.05

// Drill is the smallest real drill in which every bug of system/mutant can be seen: users come again for what they have,
// two gifts sell out, and deliveries are quick enough to be made while it lasts.
func Drill(id string) drills.Drill {
	rate := loadprofiles.Estimate / 2
	load := loadprofiles.Estimate96k(time.Second)
	load.Name, load.Users.HotShare, load.Retry = id, 0.3, loadprofiles.Retry{}
	load.Users.Gifts = slices.Insert(load.Users.Gifts, 1, newGift)
	rules := config.Default()
	rules.ClaimEvery, rules.DeliveryRate = config.Duration(500*time.Millisecond), 2000
	return drills.Drill{
		ID: id, Name: "a system with a deliberate bug", Group: "selftest", Seed: 1,
		Why:      "when the judge passes it, no verdict can be believed",
		Topology: topology.OneIDC(), Rules: rules, Scale: scale, Load: load,
		Activity: func(seed uint64, scale float64) activity.Activity { return stocked(activity.Festival(seed, scale/200)) },
		Phases: []drills.Phase{
			{Name: "warm", Curve: loadprofiles.Ramp(rate/10, rate, time.Second)},
			{Name: "steady", Curve: loadprofiles.Hold(rate, 4*time.Second)},
		},
		Assertions: []judge.Assertion{
			judge.LoadOffered{AtLeast: 0.99, LateBy: time.Second, LateTo: 0.1},
			judge.GeneratorKeptUp{},
			judge.Watched{AtLeast: 0.6},
			judge.BooksRead{},
			judge.MoneyConserved{},
			judge.NoneBeyondStock{},
			judge.OneGrantEach{},
			judge.GrantsKept{},
			judge.RefusalsChangeNothing{},
			judge.NewcomersOnly{},
			judge.TagsApart{},
			judge.TagsArrive{},
			judge.NobodyDied{},
			judge.Settles{Within: 30 * time.Second},
		},
	}
}

// newGift is the gift for new users that the drill's users ask for.
const newGift api.Gift = 10

// stocked is the activity with enough shares of newGift for every new user who comes: who gets one must not hang on who
// comes first.
func stocked(a activity.Activity) activity.Activity {
	g := &a.Gifts[newGift]
	each := g.Total / money.Fen(g.Shares)
	g.Shares = 2000
	g.Total = each * money.Fen(g.Shares)
	return a
}

// DrillFor is the drill in which a bug can be seen: where it hides until something fails, with a step that makes it fail.
func DrillFor(bug string) drills.Drill {
	d := Drill("st-" + bug)
	if bug == mutant.None || strings.HasPrefix(bug, "tag-") {
		offered := d.Activity
		d.Activity = func(seed uint64, scale float64) activity.Activity { return offered(seed, scale).Shadowed() }
		d.Load.Users.Tagged = 0.2
	}
	switch bug {
	case mutant.RegistryFailsDear:
		d.Injections = []drills.Injection{{At: 1500 * time.Millisecond, Fault: node.Killed{Node: "registry"}}}
	case mutant.TagDroppedAtRecon:
		d.Steps = []drills.Timed{{At: 3 * time.Second, Step: drills.Activate{Playbook: "P5"}}} // has recon look for what is to be delivered again
	default:
		return d
	}
	d.Assertions = append(d.Assertions, judge.StepsEffective{})
	return d
}

// AbortLimit is how soon after a violation the load must be gone and every fault healed.
const AbortLimit = 2 * time.Second

// Aborted is a drill that must not run to its end on a system that gives a user two shares when he asks again, which is
// after half a second at the soonest. Two faults are there by then, one of them for good.
func Aborted() drills.Drill {
	d := Drill("st-abort")
	d.Injections = []drills.Injection{
		{At: 50 * time.Millisecond, For: 4 * time.Second, Fault: node.Frozen{Node: "recommend"}},
		{At: 100 * time.Millisecond, Fault: node.Killed{Node: "registry"}},
	}
	d.Aborts = []drills.AbortRule{drills.MoneyWrong{}}
	d.Assertions = append(d.Assertions, judge.StepsEffective{}, judge.Abort{Wanted: true, Within: AbortLimit})
	return d
}

// Score is what became of one mutant.
type Score struct {
	Kind   string // system, version, record or file
	Mutant string
	Wanted []string // what had to become of which findings
	Named  []string // the findings that named it
	Caught bool
	Took   time.Duration
}

// Table writes the scores as people read them; its last line counts: caught 34 of 34.
func Table(scores []Score) string {
	var text strings.Builder
	caught := 0
	for _, s := range scores {
		mark := "MISSED"
		if s.Caught {
			mark, caught = "caught", caught+1
		}
		fmt.Fprintf(&text, "  %s  %-6s %5.1f s  %-58s  named by %s\n", mark, s.Kind, s.Took.Seconds(), s.Mutant, strings.Join(s.Named, ", "))
	}
	fmt.Fprintf(&text, "caught %d of %d\n", caught, len(scores))
	return text.String()
}

// Names says whether the finding of the promise that a bug breaks has failed, and tells of the bug.
func Names(v judge.Verdict, b mutant.Bug) bool {
	return v.Status == judge.Fail && slices.ContainsFunc(v.Findings, func(f judge.Finding) bool {
		said := f.Because + "\n" + strings.Join(f.Examples, "\n")
		return f.Status == judge.Fail && strings.HasPrefix(f.Assertion, b.Breaks+" ") && strings.Contains(said, b.Seen)
	})
}

// Failed are the ids (M1 … M8) of the invariants that failed.
func Failed(v judge.Verdict) []string {
	var ids []string
	for _, f := range v.Findings {
		if id, _, _ := strings.Cut(f.Assertion, " "); f.Status == judge.Fail && f.Kind == judge.Invariant {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
