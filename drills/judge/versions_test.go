package judge

import (
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/gray"
	"redpacket/system/money"
)

// staged is a stage of a release made by hand: 20 s in which half of the users should have the new version.
type staged struct {
	slow   float64   // its answers take so many times as long
	errs   float64   // of its reads, so many fail
	fen    money.Fen // it tells so much more of gift 0
	takes  func(api.User) bool
	users  uint64 // who claim, each once
	seed   uint64 // of the times
	mute   api.Op // no answers to this op; 0: all
	events []record.Event
	gauges float64 // what the instances count is so many times what is true
}

func same() staged {
	return staged{slow: 1, takes: func(u api.User) bool { return gray.Takes(u, 50) }, users: 8000, gauges: 1, events: []record.Event{
		{Track: record.Playbook, What: StageName(50), From: time.Second, Effective: 1010 * time.Millisecond, To: 1010 * time.Millisecond}}}
}

const (
	stageFrom, stageTo = 2 * time.Second, 22 * time.Second
	stageName          = "50 %"
)

// made plays the stage: each user lists and claims once, evenly over the time.
func (s staged) made() *made {
	m := sound()
	m.Seed, m.Events, m.attempts = 3, s.events, nil
	m.Activity.Gifts[0].Shares, m.Activity.Gifts[0].Total = 100_000, 20_000_000
	m.Windows = []record.Window{{Name: "before", Span: record.Span{To: stageFrom}}, {Name: stageName, Span: record.Span{From: stageFrom, To: stageTo}},
		{Name: "after", Span: record.Span{From: stageTo, To: stageTo + 4*time.Second}}}
	m.Profile.Cohorts = []int{20, 50, 100}
	places, cells := m.Profile.CohortOf(), make([]*tally.Tally, m.Profile.Cells())
	for i := range cells {
		cells[i] = tally.New(0) // in order of time
	}
	draw, answered, sum := loadprofiles.Draw(5+s.seed), map[time.Duration]float64{}, 0.0
	for u := api.User(1); u <= api.User(s.users); u++ {
		at := stageFrom + time.Duration(u)*(stageTo-stageFrom)/time.Duration(s.users+1)
		byNew := s.takes(u)
		cell := cells[loadprofiles.CellOf(int(places[gray.Bucket(u)]), byNew)]
		for _, op := range []api.Op{api.List, api.Claim} {
			took, out := s.answer(op, byNew, &draw)
			if op != s.mute {
				cell.Record(at, took, op, out)
			}
			if byNew {
				sum++
			}
		}
		a := loadprofiles.Attempt{User: u, Order: api.OrderOf(1, 0, uint32(u)), Fen: 200, Outcome: api.Done, Code: api.OK, Owed: at, Took: time.Millisecond, Gray: byNew}
		if byNew {
			a.Fen += s.fen
		}
		m.attempts = append(m.attempts, a)
		answered[at.Truncate(time.Second)] = sum
	}
	for at := stageFrom; at <= stageTo; at += time.Second {
		m.gauges = append(m.gauges, record.Sample{At: at, Values: map[record.Gauge]float64{
			record.AnsweredByNew: s.gauges * answered[at-time.Second], record.ServedByNew: answered[at-time.Second]}})
	}
	m.versions, _ = record.VersionsOf(m.Profile, tally.Cells{Of: cells, Until: stageTo}) // the cells are those of the profile
	return m
}

func (s staged) record() *record.Record { return s.made().record() }

// answer is how long a request takes, 20 ms with a tail, and what it comes to.
func (s staged) answer(op api.Op, byNew bool, draw *loadprofiles.Draw) (time.Duration, api.Outcome) {
	even := func() float64 { return float64(draw.Next()>>11+1) / (1 << 53) }
	took := 20 * math.Exp(0.15*math.Sqrt(-2*math.Log(even()))*math.Cos(2*math.Pi*even()))
	out := api.Done
	if failed := even() < s.errs; byNew {
		took *= s.slow
		if op == api.List && failed {
			out = api.Failed
		}
	}
	return time.Duration(took * float64(time.Millisecond)), out
}

// plainly is the gate of a stage whose sides carry different loads.
func plainly() SameVersion {
	a := gateOf()
	a.Plainly = 1.5
	return a
}

func gateOf() SameVersion {
	return SameVersion{Percent: 50, Slower: 1.10, Errors: 0.0025, In: stageName}
}

func TestAReleaseIsJudgedForWhatItIs(t *testing.T) {
	for _, r := range versionRows() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.run(t)
		})
	}
}

// versionRows are what becomes of the assertions about a release; each row makes its record anew.
func versionRows() []row {
	with := func(change func(*staged)) staged { s := same(); change(&s); return s }
	as := func(s staged) func(*made) { return func(m *made) { *m = *s.made() } }
	split := func(off float64) SplitAsAsked { return SplitAsAsked{Percent: 50, Off: off, In: stageName} }
	routed := RoutedAsAsked{Percent: 50, In: stageName}
	rules := func(change func(*activity.Activity)) SameMoney {
		a := festival()
		change(&a)
		return SameMoney{As: a, Clicks: 200}
	}
	asked := func(m *made) {
		m.Profile, m.Seed = loadprofiles.Estimate96k(time.Second), m.Activity.Seed
		m.Profile.Users.Gifts = []api.Gift{0, 1, 2}
	}
	reseeded := func(m *made) { // a drill under another seed, which splits the amounts otherwise
		asked(m)
		m.Seed, m.Activity.Seed = m.Seed+1, m.Activity.Seed+1
	}
	through, gone := Released{[]int{20, 50}}, TakenBack{2 * time.Second}
	at := func(events ...record.Event) func(*made) { return as(with(func(s *staged) { s.events = events })) }
	quiet := func(events ...record.Event) func(*made) { // a new version that answers nobody after 10 s, as it should
		return as(with(func(s *staged) {
			s.events, s.takes = events, func(u api.User) bool { return u < 3000 && gray.Takes(u, 50) }
		}))
	}
	return []row{
		{"the same", gateOf(), as(same()), Pass, "3 metrics pass"},
		{"p99 + 30 %", gateOf(), as(with(func(s *staged) { s.slow = 1.3 })), Fail, "p99 of claims fail: 1.3"},
		{"p99 + 30 %, where loads differ", plainly(), as(with(func(s *staged) { s.slow = 1.3 })), Inconclusive, "p99 of claims inconclusive: 1.3"},
		{"p99 + 100 %, where loads differ", plainly(), as(with(func(s *staged) { s.slow = 2 })), Fail, "p99 of claims fail: 2.0"},
		{"p99 + 9 %, near the margin", gateOf(), as(with(func(s *staged) { s.slow = 1.09 })), Inconclusive, "s more are needed to tell"},
		{"errors + 2 points", gateOf(), as(with(func(s *staged) { s.errs = 0.02 })), Fail, "errors fail: "},
		{"too few users", gateOf(), as(with(func(s *staged) { s.users = 6 })), Inconclusive, "too few users"},
		{"too few a second", gateOf(), as(with(func(s *staged) { s.users = 2000 })), Inconclusive, "not measured: only 0 of 20 seconds have 100 answers"},
		{"nobody", gateOf(), as(with(func(s *staged) { s.users = 0 })), Inconclusive, "too few users: 0"},
		{"a dead metric", gateOf(), as(with(func(s *staged) { s.mute = api.Claim })), Inconclusive, "p99 of claims inconclusive: not measured"},
		{"nothing routed", gateOf(), as(with(func(s *staged) { s.takes = func(api.User) bool { return false } })), Inconclusive, "too few users: 0 were answered by the new version"},
		{"a split of 40 to 60", gateOf(), as(with(func(s *staged) { s.takes = func(u api.User) bool { return gray.Takes(u, 40) } })), Inconclusive, "the split is wrong"},
		{"never released", gateOf(), as(with(func(s *staged) { s.events = nil })), Inconclusive, "never came to 50 %"},
		{"released too late", gateOf(), as(with(func(s *staged) { s.events[0].Effective = 3 * time.Second })), Inconclusive, "effective at 3s"},
		{"taken back meanwhile", gateOf(), as(with(func(s *staged) {
			s.events = append(s.events, record.Event{Track: record.Playbook, What: TakeBack, From: 9 * time.Second})
		})), Inconclusive, "taken back at 9s"},
		{"half of them", split(0.03), as(same()), Pass, "split p"},
		{"too few to tell a point", split(0.01), as(same()), Inconclusive, "points could have been told); about 2m2s more"},
		{"45 % for 50 %", split(0.03), as(with(func(s *staged) { s.takes = func(u api.User) bool { return gray.Takes(u, 45) } })), Fail, "the split is wrong"},
		{"a handful of users", split(0.03), as(with(func(s *staged) { s.users = 6 })), Inconclusive, "too few users"},
		{"never released, so not split", split(0.03), as(with(func(s *staged) { s.events = nil })), Inconclusive, "never came to"},
		{"a bound of nothing", split(0), as(same()), Inconclusive, "a bound above 0"},
		{"routed as asked", routed, as(same()), Pass, "none from the other version"},
		{"49 % for 50 %", routed, as(with(func(s *staged) { s.takes = func(u api.User) bool { return gray.Takes(u, 49) } })), Fail, "came from the other version"},
		{"two users swapped", routed, as(with(func(s *staged) {
			s.takes = func(u api.User) bool { return gray.Takes(u, 50) != (u == 7) }
		})), Fail, "2 answers of"},
		{"never released, so not routed", routed, as(with(func(s *staged) { s.events = nil })), Inconclusive, "never came to"},
		{"instances counted others", routed, as(with(func(s *staged) { s.gauges = 1.2 })), Fail, "new_answered is"},
		{"true amounts", AmountsTrue{}, as(same()), Pass, "8000 amounts"},
		{"one fen more", AmountsTrue{}, as(with(func(s *staged) { s.fen = 1 })), Fail, "was told 201 fen by the new version, the share has 200"},
		{"the same rules", rules(func(*activity.Activity) {}), asked, Pass, "the same by both"},
		{"a fen more funded", rules(func(a *activity.Activity) { a.Gifts[0].Total-- }), asked, Fail, "by the old rules and 200 by the new (+1)"},
		{"the same rules under another seed", rules(func(*activity.Activity) {}), reseeded, Pass, "the same by both"},
		{"the amounts are split by another seed than the drill's", rules(func(*activity.Activity) {}), func(m *made) { asked(m); m.Activity.Seed++ }, Fail, "differ"},
		{"nobody asks", rules(func(*activity.Activity) {}), nil, Inconclusive, "could not look"},
		{"a torn journal", AmountsTrue{}, func(m *made) { m.broken = io.ErrUnexpectedEOF }, Inconclusive, "could not look"},

		{"all stages", through, at(stage(20), gate("pass"), stage(50), back(23*time.Second, 40*time.Millisecond, "")), Pass, "2 stages, 1 gates"},
		{"a gate that failed", through, at(stage(20), gate("fail"), back(23*time.Second, 40*time.Millisecond, "")), Fail, "p99 of reads; taken back at 23s, effective everywhere after 40ms"},
		{"a release recalled", through, at(stage(20), gate(Aborted), back(23*time.Second, 0, "ams-light-1")), Fail, "could not be taken back: ams-light-1"},
		{"held", through, at(stage(20), gate("inconclusive")), Inconclusive, "never came to 50 %: gate before 50 %: p99"},
		{"no stage at all", through, at(), Inconclusive, "never came to 20 %: no gate"},

		{"never taken back", gone, at(), Inconclusive, "never taken back"},
		{"taken back, and nobody came after it", gone, at(back(22*time.Second, 40*time.Millisecond, "")), Inconclusive, "nothing to look at"},
		{"it goes on serving", gone, at(back(10*time.Second, 40*time.Millisecond, "")), Fail, "answers of the new version later than 1s after it"},
		{"not taken back everywhere", gone, at(back(10*time.Second, 0, "ams-light-1 did not answer")), Fail, "ams-light-1"},
		{"taken back in time", gone, quiet(back(12*time.Second, time.Second, "")), Pass, "none by the new version"},
		{"taken back too late", gone, quiet(back(12*time.Second, 3*time.Second, "")), Fail, "off every process after 3s"},
	}
}

// TestCohortsMustBeKnown: without cells, or with others than the share's, nobody can tell.
func TestCohortsMustBeKnown(t *testing.T) {
	r := same().record()
	asks := []Assertion{SameVersion{Percent: 30, Slower: 1.1, Errors: 0.1, In: stageName}, RoutedAsAsked{Percent: 30, In: stageName}}
	r.Events = []record.Event{{Track: record.Playbook, What: StageName(30), Effective: time.Second}}
	for _, without := range []bool{false, true} {
		if without {
			r.Versions = nil
		}
		for _, f := range Judge(r, asks).Findings {
			if f.Status != Inconclusive || !strings.Contains(f.Because, "needs cohorts") {
				t.Errorf("%s: %s, %s", f.Assertion, f.Status, f.Because)
			}
		}
	}
}

func stage(percent int) record.Event {
	return record.Event{Track: record.Playbook, What: StageName(percent), Effective: time.Second}
}

func gate(level string) record.Event {
	return record.Event{Track: record.Gate, What: "gate before 50 %", Level: level, Because: "p99 of reads"}
}

func back(from, took time.Duration, wrong string) record.Event {
	return record.Event{Track: record.Playbook, What: TakeBack, From: from, Effective: from + took, Err: wrong}
}

func TestAnAbortRuleTripsOnWhatBurns(t *testing.T) {
	rule := Burns{More: 0.05, Over: 3 * time.Second, Least: 50}
	burning := same()
	burning.errs = 0.5
	for name, c := range map[string]struct {
		r       *record.Record
		percent int
		want    bool
	}{
		"nothing burns": {same().record(), 50, false}, "it burns": {burning.record(), 50, true},
		"nobody has it": {burning.record(), 0, false}, "everybody has it": {burning.record(), 100, false}, "another share": {burning.record(), 5, false},
	} {
		if why, trips := rule.Trips(c.r.Versions, c.percent); trips != c.want || trips && !strings.Contains(why, "not answered as meant") {
			t.Errorf("%s: %v, %s", name, trips, why)
		}
	}
	few := Burns{More: 0.05, Over: 3 * time.Second, Least: 1 << 20}
	if _, trips := few.Trips(burning.record().Versions, 50); trips {
		t.Error("too few requests are enough")
	}
}

// TestTwentyTimesTheSame: stages in which both versions are the same raise no more alarms than the nominal rate.
func TestTwentyTimesTheSame(t *testing.T) {
	alarms, doubts := 0, 0
	for seed := range 20 {
		s := same()
		s.seed = uint64(seed) << 40
		switch f := Judge(s.record(), []Assertion{gateOf()}).Findings[0]; f.Status {
		case Fail:
			alarms++
		case Inconclusive:
			doubts++
		}
	}
	t.Logf("%d false alarms and %d doubts in 20 A/A stages of 20 s", alarms, doubts)
	if alarms > 1 {
		t.Errorf("%d of 20 A/A stages fail; nominally one", alarms)
	}
	if doubts > 4 {
		t.Errorf("%d of 20 A/A stages cannot tell", doubts)
	}
}

func TestGatesAreKeptAsData(t *testing.T) {
	asks := []Assertion{gateOf(), SplitAsAsked{Percent: 50, Off: 0.01, In: stageName}, RoutedAsAsked{Percent: 50, In: stageName}, AmountsTrue{}, Released{[]int{1, 5}}, TakenBack{time.Second}}
	claims, err := Encode(asks)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(claims)
	if err != nil || len(back) != len(asks) || !slices.EqualFunc(back, asks, func(a, b Assertion) bool { return a.String() == b.String() }) {
		t.Errorf("%v, %v", back, err)
	}
}
