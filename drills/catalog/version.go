package catalog

import (
	"fmt"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/topology"
)

// A release goes by these stages. What a stage must show is what so many users can show: at 1 and 5 % only that nothing is plainly
// wrong, from 20 % on that the new version is no worse.
const (
	versionScale  = 0.1
	versionSlower = 1.07   // of the old version's p99
	versionErrors = 0.0005 // more of the requests
	versionBack   = 30 * time.Second
	sureFrom      = 50      // percent
	sameClicks    = 100_000 // of the load, put through both versions' rules
)

// stage is one stage of a release: the share and how long it is looked at.
type stage struct {
	percent int
	length  time.Duration
}

func (s stage) name() string { return fmt.Sprintf("%d %%", s.percent) }

// gates are what is asked of a stage: before the next one, and again when all is over.
func (s stage) gates() []judge.Assertion {
	all := []judge.Assertion{judge.RoutedAsAsked{Percent: s.percent, In: s.name()}}
	if s.percent < 100 {
		all = append(all, judge.SameVersion{Percent: s.percent, Slower: versionSlower, Errors: versionErrors, Sure: s.percent >= sureFrom, In: s.name()})
	}
	return all
}

// VersionGray is GR-3: a new version of the ams is given to 1, 5, 20, 50 and 100 % of the users, each user keeps his version, and it is
// taken back, either since a gate or an abort rule says so, or at the end.
func VersionGray(asked time.Duration) drills.Drill {
	rate := loadprofiles.Estimate
	stages := []stage{{1, 6 * time.Second}, {5, 8 * time.Second}, {20, 12 * time.Second}, {50, max(length(asked, 25*time.Second), 10*time.Second)}, {100, 5 * time.Second}}
	d := drills.Drill{
		ID: "gr-3", Name: "a new version, to ever more of the users", Group: "gray", Scale: versionScale,
		Why:    "a version that is worse, or pays otherwise, reaches everybody before anybody notices",
		Phases: []drills.Phase{warm(rate)},
		Recall: judge.Burns{More: 0.05, Over: 3 * time.Second, Least: 50},
		Assertions: []judge.Assertion{judge.StepsEffective{}, judge.AmountsTrue{},
			judge.SameMoney{As: activity.Festival(seed, versionScale), Clicks: sameClicks}},
	}
	var before *stage
	var released []int
	for _, s := range stages {
		step := drills.Release{Percent: s.percent}
		if before != nil {
			step.If, step.Sure = append(before.gates(), judge.AmountsTrue{}), before.percent >= sureFrom
		}
		// A gate waits until the clients of the stage before have been answered or have given up.
		d.Phases = append(d.Phases, hold("to "+s.name(), rate, 5*time.Second), hold(s.name(), rate, s.length))
		d.Steps = append(d.Steps, drills.Timed{At: d.Windows()[len(d.Phases)-2].From + 100*time.Millisecond, Step: step})
		d.Assertions = append(d.Assertions, s.gates()...)
		released = append(released, s.percent)
		before = &s
	}
	d.Phases = append(d.Phases, hold("back", rate, 6*time.Second))
	d.Steps = append(d.Steps, drills.Timed{At: d.Windows()[len(d.Phases)-1].From + 100*time.Millisecond, Step: drills.Release{}})
	d.Assertions = append(d.Assertions, judge.Released{Stages: released}, judge.TakenBack{Within: versionBack}, judge.Succeeds{AtLeast: 0.999, In: "100 %"},
		judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "100 %"})
	d = event(d)
	d.Load.Cohorts = append([]int(nil), released...)
	d.Load.Conns = loadprofiles.Conns{Static: 1, Read: 100, Claim: 100}
	d.Topology, _ = topology.OneIDC().WithGray() // it has one data centre
	return d
}
