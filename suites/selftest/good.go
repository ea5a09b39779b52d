package selftest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
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
)

// dearGift is the one gift for new users that the good record's users ask for.
const dearGift api.Gift = 19

// peak is the rate above which the system of the good record sheds.
const peak = 20_000

// Whole is the drill of the good record: one assertion of every type, all of which a sound system passes.
func Whole() drills.Drill {
	kill := node.Killed{Node: killed}
	load := loadprofiles.Estimate96k(time.Second)
	load.Users.Hot, load.Users.HotShare = 100, 0.2        // so that users come again for what they have
	load.Users.Gifts = append(load.Users.Gifts, dearGift) // which some of them must not have
	load.Users.Tagged = 0.1
	load.Cohorts, load.Conns = []int{50, 100}, loadprofiles.Conns{Static: 1, Read: 100, Claim: 100}
	both, _ := topology.OneIDC().WithGray() // it has one data centre
	load.Funnel.Click = clicks
	return drills.Drill{
		ID: "st-record", Name: "one assertion of every type", Group: "selftest", Seed: 3, Scale: 0.5,
		Why:      "the record that every change is made to is no good itself",
		Topology: both, Rules: config.Default(), Built: peak, Load: load, Probe: 10 * time.Millisecond,
		Activity: func(seed uint64, scale float64) activity.Activity {
			return shadowed(activity.Festival(seed, scale/100))
		},
		Phases: []drills.Phase{
			{Name: calm, Curve: loadprofiles.Hold(2000, 8*time.Second)},
			{Name: night, Curve: loadprofiles.Hold(1.5*peak, time.Second)},
			{Name: after, Curve: loadprofiles.Hold(2000, 7*time.Second)},
			{Name: gone, Curve: loadprofiles.Hold(2000, 3*time.Second)},
		},
		Steps:      []drills.Timed{{At: 8100 * time.Millisecond, Step: drills.Release{Percent: 50}}, {At: 16 * time.Second, Step: drills.Release{}}},
		Recall:     judge.Burns{More: 0.5, Over: 3 * time.Second, Least: 50},
		Injections: []drills.Injection{{At: 8200 * time.Millisecond, Fault: kill}},
		Assertions: []judge.Assertion{
			judge.LoadOffered{AtLeast: 0.99, LateBy: time.Second, LateTo: 0.01}, judge.GeneratorKeptUp{}, judge.Watched{AtLeast: 0.5},
			judge.BooksRead{}, judge.StepsEffective{}, judge.ProbesOnTime{LateBy: 20 * time.Millisecond},
			judge.MoneyConserved{}, judge.NoneBeyondStock{}, judge.OneGrantEach{}, judge.GrantsKept{}, judge.RefusalsChangeNothing{},
			judge.NewcomersOnly{Grants: 1000, Newcomers: 1}, judge.TagsApart{Tagged: 300}, judge.TagsArrive{},
			judge.Linearizable{Users: 50, Again: 1}, judge.NobodyDied{}, judge.Abort{},
			judge.AmountsTrue{}, judge.SameMoney{As: shadowed(activity.Festival(3, 0.5/100)), Clicks: 500},
			judge.Succeeds{AtLeast: 0.99, In: calm}, judge.AnswersWithin{Quantile: 0.99, Limit: 200 * time.Millisecond, In: calm},
			judge.Goodput{AtLeast: 0.5, In: after, Of: calm}, judge.Arrivals{AtLeast: 0.8, AtMost: 1.2, In: gone, Of: after}, judge.RefusalsExplicit{AtLeast: 0.99, In: night},
			judge.Rate{Gauge: record.DegradedBy("recommend"), In: calm}, judge.Silent{In: calm, AtLeast: 8 * time.Second},
			judge.QueueFlat{Slack: 0.02, In: calm},
			judge.SlowedAtMost{Quantile: 0.99, By: 20 * time.Millisecond, In: after, Than: calm},
			judge.Degraded{Part: "recommend", Op: api.List, To: 0.01, In: calm},
			judge.EffectiveWithin{Step: kill.String(), Limit: 5 * time.Second},
			judge.SameVersion{Percent: 50, Slower: 1.5, Errors: 0.02, In: after}, judge.RoutedAsAsked{Percent: 50, In: after}, judge.Released{Stages: []int{50}},
			judge.ModelHolds{Sheet: sheetOf(1), Within: 0.2, In: calm}, judge.ModelRefused{Sheet: sheetOf(overrun), Within: 0.2, In: calm, AtLeast: overrun},
			judge.AsModelled{Sheet: sheetOf(1), Ops: []api.Op{api.Static}, Within: 0.2, In: calm},
			judge.RecoversWithin{AtLeast: 0.99, Limit: time.Second, After: night},
			judge.ShardReopens{Within: 5 * time.Second, After: kill.String()}, judge.TakenBack{Within: time.Second}, judge.Settles{Within: 30 * time.Second},
			judge.RTO{Within: 2 * time.Second, After: kill.String(), AtLeast: 0.97, Seconds: 5}, judge.RPO{After: kill.String()},
		},
	}
}

// Good plays the whole drill on a sound system made of memory and leaves its record in a directory of its own below
// dir. It takes as long as the drill, a quarter of a minute.
func Good(ctx context.Context, dir string) (string, error) {
	d := Whole()
	s := &drillstest.System{Activity: d.Stage(d.Scale).Activity, Shed: func(rate float64) float64 {
		if rate > peak {
			return 0.3
		}
		return 0
	}, Versions: &drillstest.Versions{Percent: func(at time.Duration) int {
		if at >= 8200*time.Millisecond && at < 16*time.Second {
			return 50
		}
		return 0
	}}}
	into, err := record.Create(filepath.Join(dir, "good"))
	if err != nil {
		return "", err
	}
	_, err = drills.Run(ctx, d, s, drills.Conditions{Scale: d.Scale, Volley: s, Prober: s, Into: into, Tell: func(drills.Progress) {},
		Facts: drills.Facts{Revision: "made of memory", Images: map[string]string{}}})
	if err != nil {
		return "", fmt.Errorf("make the good record: %w", err)
	}
	return into.Dir(), nil
}

// Change is one thing changed in the good record, and what must become of it. Every assertion that is not named must be
// judged as before, but that a gate which does not pass leaves hypotheses and recovery inconclusive.
type Change struct {
	Name    string
	Make    func(*drillstest.Apart)
	Becomes map[string]judge.Status // by the assertion's type
}

// Judged is one assertion of a changed record.
type Judged struct {
	Type string
	judge.Finding
	Wanted judge.Status
}

// Judge takes the good record in dir apart, makes the change, and judges what it became.
func (c Change) Judge(dir string) ([]Judged, error) {
	a, err := drillstest.TakeApart(dir)
	if err != nil {
		return nil, err
	}
	c.Make(a)
	var all []Judged
	for _, as := range Whole().Assertions {
		all = append(all, Judged{Type: judge.TypeOf(as), Wanted: c.wanted(as)})
	}
	v := judge.Judge(a.Record(), Whole().Assertions) // in their order: the drill lists gates first, recovery last
	if len(v.Findings) != len(all) {
		return nil, fmt.Errorf("%d findings of %d assertions", len(v.Findings), len(all))
	}
	for i, f := range v.Findings {
		if all[i].Finding = f; f.Assertion != Whole().Assertions[i].String() {
			return nil, fmt.Errorf("finding %d is of %q; want %q", i, f.Assertion, Whole().Assertions[i])
		}
	}
	return all, nil
}

func (c Change) wanted(a judge.Assertion) judge.Status {
	if want, named := c.Becomes[judge.TypeOf(a)]; named {
		return want
	}
	if a.Kind() == judge.Hypothesis || a.Kind() == judge.Recovery {
		for _, gate := range Whole().Assertions {
			if want, named := c.Becomes[judge.TypeOf(gate)]; named && gate.Kind() == judge.Validity && want != judge.Pass {
				return judge.Inconclusive
			}
		}
	}
	return judge.Pass
}

// Score says whether every assertion was judged as wanted.
func (c Change) Score(judged []Judged) Score {
	s := Score{Kind: "record", Mutant: c.Name, Caught: true}
	for name, status := range c.Becomes {
		s.Wanted = append(s.Wanted, name+" "+status.String())
	}
	slices.Sort(s.Wanted)
	for _, j := range judged {
		if _, named := c.Becomes[j.Type]; named {
			s.Named = append(s.Named, j.Type)
		}
		s.Caught = s.Caught && j.Status == j.Wanted
	}
	return s
}

// Differences are the assertions that were not judged as wanted, a line each.
func Differences(judged []Judged) string {
	var text strings.Builder
	for _, j := range judged {
		if j.Status != j.Wanted {
			fmt.Fprintf(&text, "%s: %s, want %s: %s %q\n", j.Type, j.Status, j.Wanted, j.Because, j.Examples)
		}
	}
	return text.String()
}

// hit is a request as the tally counts it, so many times.
type hit struct {
	took  time.Duration
	out   api.Outcome
	times int
}

// hits adds lists to the tally, each ten milliseconds of a window.
func hits(a *drillstest.Apart, window string, h hit) {
	w, _ := a.Window(window)
	for at := w.From; at < w.To; at += 10 * time.Millisecond {
		for range h.times {
			a.Tally.Record(at, h.took, api.List, h.out)
		}
	}
}
