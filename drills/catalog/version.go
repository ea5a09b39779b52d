package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/topology"
)

// A release goes by these stages. What a stage must show is what so many users can show: up to 20 % only that nothing is plainly
// wrong, from 50 % on that the new version is no worse.
const (
	versionScale  = 0.25   // so that 50 % of the users tell a share that is off by a point in half a minute
	versionSlower = 1.07   // of the old version's p99
	versionPlain  = 1.5    // times it, at a stage whose new instances carry a fraction of the old ones' load: a claim waits for a disk that is used less
	versionErrors = 0.0005 // more of the requests
	versionSplit  = 0.01   // off what was asked
	versionTagged = 0.1    // of the clicks are pressure traffic, whose tag the new version must carry on
	versionBack   = 30 * time.Second
	sureFrom      = 50      // percent
	sameClicks    = 100_000 // of the load, put through both versions' rules
)

// stage is one stage of a release: the share, and how long it is looked at; 0: it is not, and taken back if it is reached.
type stage struct {
	percent int
	length  time.Duration
}

func (s stage) name() string { return judge.StageWindow(s.percent) }
func (s stage) sure() bool   { return s.percent >= sureFrom }

// gates are what is asked of a stage before the next one.
func (s stage) gates() []judge.Assertion {
	all := []judge.Assertion{judge.RoutedAsAsked{Percent: s.percent, In: s.name()}}
	if s.percent < 100 {
		same := judge.SameVersion{Percent: s.percent, Slower: versionSlower, Errors: versionErrors, In: s.name()}
		if !s.sure() {
			same.Plainly = versionPlain
		}
		all = append(all, judge.SplitAsAsked{Percent: s.percent, Off: versionSplit, In: s.name()}, same)
	}
	return all
}

// asserts are what is asked of a stage when all is over. Of one that cannot tell its gate has said so; the verdict asks for those that can.
func (s stage) asserts() []judge.Assertion {
	switch {
	case !s.sure():
		return []judge.Assertion{judge.RoutedAsAsked{Percent: s.percent, In: s.name()}}
	case s.percent == 100:
		return append(s.gates(), judge.Succeeds{AtLeast: 0.999, In: s.name()}, judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: s.name()})
	}
	return s.gates()
}

// versionStages are those of GR-3. The users of 50 % are looked at for so long that a version slower by 15 % is told from the margin, a
// share of 49 % from one of 50 %, and a version that is the same passes, each with a power of 0.9 or more; 20 % tell 0.2 points more
// errors. See docs/decisions.md.
func versionStages(asked time.Duration) []stage {
	return []stage{{1, 6 * time.Second}, {5, 8 * time.Second}, {20, 12 * time.Second}, {50, max(asked, 40*time.Second)}, {100, 5 * time.Second}}
}

// VersionGray is GR-3: a new version of the ams is given to 1, 5, 20, 50 and 100 % of the users, each user keeps his version, and it is
// taken back, either since a gate or an abort rule says so, or at the end.
func VersionGray(asked time.Duration) drills.Drill { return releaseBy(versionStages(asked)) }

// VersionGrayTo is GR-3 as far as the gate behind one of its stages, in percent: for a version that must come no further.
func VersionGrayTo(percent int) drills.Drill {
	var stages []stage
	for _, s := range versionStages(0) {
		if s.percent > percent {
			return releaseBy(append(stages, stage{percent: s.percent}))
		}
		stages = append(stages, s)
	}
	return releaseBy(stages)
}

// releaseBy is a release by stages, taken back at the end.
func releaseBy(stages []stage) drills.Drill {
	rate := loadprofiles.Estimate
	d := drills.Drill{
		ID: "gr-3", Name: "a new version, to ever more of the users", Group: "gray", Scale: versionScale,
		Why:    "a version that is worse, or pays otherwise, reaches everybody before anybody notices",
		Phases: []drills.Phase{warm(rate)},
		Recall: judge.Burns{More: 0.05, Over: 3 * time.Second, Least: 50},
		Assertions: []judge.Assertion{judge.StepsEffective{}, judge.AmountsTrue{}, judge.TagsApart{Tagged: 500},
			judge.SameMoney{As: shadowed(seed, versionScale), Clicks: sameClicks}},
	}
	var before *stage
	var released []int
	for _, s := range stages {
		step := drills.Release{Percent: s.percent}
		if before != nil {
			step.If, step.Sure = append(before.gates(), judge.AmountsTrue{}), before.sure()
		}
		// A gate waits until the clients of the stage before have been answered or have given up.
		d.Phases = append(d.Phases, hold("to "+s.name(), rate, 5*time.Second))
		d.Steps = append(d.Steps, drills.Timed{At: d.Windows()[len(d.Phases)-1].From + 100*time.Millisecond, Step: step})
		if s.length > 0 {
			d.Phases = append(d.Phases, hold(s.name(), rate, s.length))
			d.Assertions = append(d.Assertions, s.asserts()...)
		}
		released = append(released, s.percent)
		before = &s
	}
	d.Phases = append(d.Phases, hold("back", rate, 6*time.Second))
	d.Steps = append(d.Steps, drills.Timed{At: d.Windows()[len(d.Phases)-1].From + 100*time.Millisecond, Step: drills.Release{}})
	d.Assertions = append(d.Assertions, judge.Released{Stages: released}, judge.TakenBack{Within: versionBack})
	d = event(d)
	d.Activity = shadowed
	d.Load.Users.Tagged = versionTagged
	d.Load.Cohorts = []int{1, 5, 20, 50, 100}
	d.Load.Conns = loadprofiles.Conns{Static: 1, Read: 100, Claim: 100}
	d.Topology, _ = topology.OneIDC().WithGray() // it has one data centre
	return d
}
