package repeat

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/report"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/topology"
)

const lost = "kill tgw-a"

// ran is a repetition that came to a verdict, with service that lasts from a second on; negative: never.
func ran(seed uint64, v judge.Status, sustained float64) Run {
	r := Run{Drill: "dr-9", Name: "a data centre dies", Seed: seed, Verdict: v, Dir: "out/" + string(rune('0'+seed)), Script: "script" + string(rune('0'+seed))}
	r.Figures = []Figure{
		{"playbook issued", lost, seconds, never, never},
		{"service lasts from", lost, seconds, Amount(sustained), 15},
		{"acknowledged and gone", lost, fen, 0, 0},
	}
	if sustained < 0 {
		r.Figures[1].Value = never
	}
	if v != judge.Pass {
		r.Because = "RTO: not recovered"
	}
	return r
}

func text(t *testing.T, s Series) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTheWorstCounts(t *testing.T) {
	twin := ran(2, judge.Pass, 5)
	twin.Script = ran(1, judge.Pass, 5).Script
	for name, c := range map[string]struct {
		asked int
		runs  []Run
		want  judge.Status
		flaky bool
		says  string
	}{
		"all pass":         {3, []Run{ran(1, judge.Pass, 7), ran(2, judge.Pass, 5), ran(3, judge.Pass, 6)}, judge.Pass, false, "pass 3 of 3 (seed 1, 2, 3)"},
		"one fails":        {3, []Run{ran(1, judge.Pass, 5), ran(2, judge.Fail, 20), ran(3, judge.Pass, 6)}, judge.Fail, true, "dr-9 is flaky: pass 2 of 3 (seed 1, 3); fail 1 of 3 (seed 2)"},
		"one cannot tell":  {2, []Run{ran(1, judge.Pass, 5), ran(2, judge.Inconclusive, -1)}, judge.Fail, true, "dr-9 under seed 2 is inconclusive: RTO: not recovered"},
		"none can tell":    {2, []Run{ran(1, judge.Inconclusive, -1), ran(2, judge.Inconclusive, -1)}, judge.Inconclusive, false, "flaky: none"},
		"all fail":         {2, []Run{ran(1, judge.Fail, 20), ran(2, judge.Fail, -1)}, judge.Fail, false, "flaky: none"},
		"one is missing":   {3, []Run{ran(1, judge.Pass, 5), ran(2, judge.Pass, 5)}, judge.Inconclusive, false, "dr-9 was played 2 times of 3"},
		"one is no other":  {2, []Run{ran(1, judge.Pass, 5), twin}, judge.Inconclusive, false, "seeds 1 and 2 have the same script"},
		"there are none":   {2, nil, judge.Inconclusive, false, "INCONCLUSIVE"},
		"as many as there": {0, []Run{ran(1, judge.Pass, 5)}, judge.Pass, false, "pass 1 of 1 (seed 1)"},
	} {
		s := Compare(c.asked, c.runs)
		if got := text(t, s); s.Status() != c.want || slices.Equal(s.Flaky(), []string{"dr-9"}) != c.flaky || !strings.Contains(got, c.says) {
			t.Errorf("%s: %s, flaky %v; want %s and %q\n%s", name, s.Status(), s.Flaky(), c.want, c.says, got)
		}
	}
}

func TestFiguresAreSideBySide(t *testing.T) {
	runs := []Run{ran(1, judge.Pass, 7), ran(2, judge.Pass, 5), ran(3, judge.Pass, 6), ran(4, judge.Pass, 9)}
	other := Run{Drill: "fi-1", Name: "an instance dies", Seed: 1, Verdict: judge.Pass, Script: "s"}
	s := Compare(4, append(runs, other))
	if len(s) != 2 || len(s[0].Rows) != 2 || s[1].Drill != "fi-1" || len(s[1].Rows) != 0 {
		t.Fatalf("%+v", s)
	}
	if got, want := s[0].Rows[0], (Row{"service lasts from", lost, seconds, 4, 5, 7, 9, 4, 15}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	runs[1].Figures[1].Value = never
	if got := Compare(4, runs)[0].Rows[0]; got.Min != 6 || got.Median != 9 || got.Worst != never || got.Seed != 2 {
		t.Errorf("one that never came is not the worst: %+v", got)
	}
	said := text(t, Compare(4, runs))
	for _, want := range []string{`after "kill tgw-a"`, "service lasts from                   4    6.00 s    9.00 s     never  15.00 s    worst under seed 2",
		"acknowledged and gone, fen           4         0         0         0  0", "seed 4    pass          script script4"} {
		if !strings.Contains(said, want) {
			t.Errorf("the text lacks %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "playbook issued") {
		t.Errorf("what never came and was not to is in the table:\n%s", said)
	}
	for i := range runs {
		runs[i].Figures[1].Value = never
	}
	if all := Compare(4, runs)[0].Rows; len(all) != 2 || all[0].Min != never {
		t.Errorf("what never came, and should have, is left out: %+v", all)
	}
}

// A run's figures are those of its record, and its seal is the record's.
func TestARunIsReadFromItsRecord(t *testing.T) {
	kill := node.Killed{Node: "cmem-1"}
	d := drills.Drill{
		ID: "lost", Name: "lost", Why: "it is lost", Group: "test", Seed: 7, Scale: 0.5, Probe: 10 * time.Millisecond,
		Topology: topology.OneIDC(), Rules: config.Default(), Load: loadprofiles.Estimate96k(time.Second),
		Activity:   func(seed uint64, scale float64) activity.Activity { return activity.Festival(seed, scale/100) },
		Phases:     []drills.Phase{{Name: "all", Curve: loadprofiles.Hold(5000, 2500*time.Millisecond)}},
		Injections: []drills.Injection{{At: 400 * time.Millisecond, Fault: kill}},
		Assertions: []judge.Assertion{judge.StepsEffective{}, judge.RTO{Within: time.Second, After: kill.String(), AtLeast: 0.5, Seconds: 1}, judge.RPO{After: kill.String(), Fen: 3}},
	}
	s, dir := &drillstest.System{Activity: d.Stage(0.5).Activity}, t.TempDir()
	into, err := record.Create(filepath.Join(dir, report.RecordDir))
	if err != nil {
		t.Fatal(err)
	}
	r, err := drills.Run(t.Context(), d, s, drills.Conditions{Scale: 0.5, Volley: s, Prober: s, Into: into, Tell: func(drills.Progress) {}})
	if err != nil {
		t.Fatal(err)
	}
	run, err := RunOf(dir, r, judge.Judge(r, d.Assertions))
	if err != nil || run.Seed != 7 || run.Verdict != judge.Pass || run.Script != r.ScriptHash || len(run.Record) != 64 || len(run.Figures) != 9 {
		t.Fatalf("%+v, %v", run, err)
	}
	byName := map[string]Figure{}
	for _, f := range run.Figures {
		byName[f.What+f.Unit] = f
	}
	if f := byName["service lasts froms"]; f.Most != 1 || f.Value > 0.5 || f.After != kill.String() {
		t.Errorf("service lasts from %+v", f)
	}
	if f := byName["acknowledged and gonefen"]; f.Value != 0 || f.Most != 3 {
		t.Errorf("the RPO in fen is %+v", f)
	}
	if f := byName["nothing unsettleds"]; f.Value != Amount(r.Drain.Took.Seconds()) || f.Most != never || f.After != "" {
		t.Errorf("the drain is %+v", f)
	}
	if f := byName["playbook issueds"]; f.Value != never {
		t.Errorf("nobody issued a playbook: %+v", f)
	}
	if _, err := RunOf(t.TempDir(), r, judge.Verdict{}); err == nil {
		t.Error("a run without a record was read")
	}
	saved := Compare(1, []Run{run})
	if err := saved.Save(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Verdict string
		Flaky   []string
		Drills  []struct {
			Figures []struct {
				What  string
				Most  *float64
				Worst *float64
			}
			Repetitions []struct {
				Seed    uint64
				Verdict string
				Record  string `json:"record_sha256"`
			}
		}
	}
	whole, err := os.ReadFile(filepath.Join(dir, "new", JSONFile))
	if err == nil {
		err = json.Unmarshal(whole, &read)
	}
	if err != nil || read.Verdict != "pass" || read.Flaky == nil || len(read.Drills) != 1 || read.Drills[0].Repetitions[0].Record != run.Record {
		t.Fatalf("%s: %v", whole, err)
	}
	for _, f := range read.Drills[0].Figures {
		if f.Worst == nil || (f.Most != nil) != (f.What == "service lasts from" || f.What == "acknowledged and gone") {
			t.Errorf("%+v", f)
		}
	}
	if told, err := os.ReadFile(filepath.Join(dir, "new", TextFile)); err != nil || string(told) != text(t, saved) {
		t.Errorf("%v: the file differs from the text:\n%s", err, told)
	}
}
