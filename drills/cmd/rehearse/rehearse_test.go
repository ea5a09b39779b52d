package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/repeat"
	"redpacket/drills/report"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
)

// fakeRig plays drills, cut short, against a system made of memory.
type fakeRig struct {
	fitted int
	limits drills.Limits
	fails  error
	scales map[string]float64
	wrong  map[string]judge.Status // drills, or "fi-1 under 2", whose verdict is to be another
	wait   bool                    // until the context ends
	breaks int                     // the run at which the stage fails; 0: none
}

func (f *fakeRig) Fit(context.Context, stage.Run) (drills.Limits, error) {
	f.fitted++
	return f.limits, f.fails
}

func (f *fakeRig) Clean(context.Context) (stage.Cleaned, error) {
	return stage.Cleaned{Removed: []string{"container a"}, Residue: []string{"run 1: cmem-1 is frozen"}}, nil
}

func (f *fakeRig) Rehearse(ctx context.Context, d drills.Drill, r stage.Run) (judge.Verdict, error) {
	if f.wait {
		<-ctx.Done()
	}
	if err := errors.Join(ctx.Err(), f.fails); err != nil {
		return judge.Verdict{}, err
	}
	f.scales[d.ID] = r.Scale
	if f.breaks--; f.breaks == 0 {
		return judge.Verdict{}, drills.ErrCluster
	}
	into, err := record.Create(filepath.Join(r.Out, report.RecordDir))
	if err != nil {
		return judge.Verdict{}, err
	}
	if err := into.Finish(record.Manifest{Drill: d.ID, Seed: d.Seed, ScriptHash: drills.ScriptHash(d.Script()), Scale: r.Scale, Notes: r.Notes}); err != nil {
		return judge.Verdict{}, err
	}
	for _, key := range []string{d.ID, fmt.Sprintf("%s under %d", d.ID, d.Seed)} {
		if s, ok := f.wrong[key]; ok {
			return judge.Verdict{Status: s}, nil
		}
	}
	return judge.Verdict{Status: judge.Pass}, nil
}

func rehearse(t *testing.T, rig rigger, args ...string) (code int, out, err string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var o, e bytes.Buffer
	a := &app{out: &o, err: &e, rig: rig}
	code = a.run(t.Context(), args)
	return code, o.String(), e.String()
}

func fresh() *fakeRig {
	return &fakeRig{limits: drills.Limits{Generator: 300_000, System: 120_000}, scales: map[string]float64{}}
}

// Help of a command is its own: what it does and the flags it takes, no others; and no mistake.
func TestEachCommandExplainsItself(t *testing.T) {
	for _, c := range (&app{}).commands() {
		code, out, err := rehearse(t, fresh(), c.name, "--help")
		if code != exitPass || err != "" || !strings.Contains(out, "usage: rehearse "+c.name) || !strings.Contains(out, c.does) {
			t.Errorf("%s --help: exit %d, %q, %q", c.name, code, out, err)
		}
		for line := range strings.Lines(out) {
			if name, isFlag := strings.CutPrefix(line, "  --"); isFlag && !c.takes(strings.Fields(name)[0]) {
				t.Errorf("%s --help tells of --%s", c.name, name)
			}
		}
		if n := strings.Count(out, "\n  --"); n != len(strings.Fields(c.flags)) {
			t.Errorf("%s --help tells of %d flags; it takes %q", c.name, n, c.flags)
		}
	}
}

func TestWrongArgumentsAreOneLineAndExit3(t *testing.T) {
	for _, c := range []struct {
		args  string
		tells string
	}{
		{"", "run pressure"},
		{"rum pr-4", `no command "rum"`},
		{"run", "usage: rehearse run DRILL|GROUP…"},
		{"run pr-99", "pr-4"},
		{"run pr-4 --scale 2", "--scale is 2"},
		{"run pr-4 --scale 0", "--scale is 0"},
		{"run pr-4 --scale much", "scale"},
		{"run pr-4 --hold 1ms", "--hold is 1ms"},
		{"run pr-4 --seed -1", "seed"},
		{"run pr-4 --sede 1", "sede"},
		{"run pr-4 --budget 5m", "run takes no --budget"},
		{"run pr-4 --repeat 0", "--repeat is 0"},
		{"show pr-4 --repeat 2", "show takes no --repeat"},
		{"repeats", "usage: rehearse repeats DIR…"},
		{"repeats nowhere", "nowhere"},
		{"rehearsal --budget 1s", "--budget is 1s"},
		{"rehearsal pr-4", "1 arguments"},
		{"list all", "1 arguments"},
		{"judge", "usage: rehearse judge DIR"},
		{"judge nowhere", "nowhere"},
		{"report nowhere", "SHA256SUMS"},
		{"diff one", "usage: rehearse diff DIR DIR"},
		{"run pr-4 --image recommend", "want NAME=IMAGE"},
		{"run pr-4 --image nobody=example/nobody:1", `no role "nobody"`},
		{"signoff", "usage: rehearse signoff DIR…"},
		{"signoff nowhere", "nowhere"},
		{"signoff nowhere --sheet none.yaml", "none.yaml"},
		{"estimate none.yaml", "none.yaml"},
		{"run pr-4 --sheet x", "run takes no --sheet"},
		{"show pr-4 --out x", "show takes no --out"},
	} {
		code, _, err := rehearse(t, fresh(), strings.Fields(c.args)...)
		if code != exitRig || strings.Count(err, "\n") != 1 || !strings.Contains(err, c.tells) {
			t.Errorf("rehearse %s: exit %d, %q; want 3 and one line that tells %q", c.args, code, err, c.tells)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		wrong map[string]judge.Status
		want  int
	}{
		{nil, exitPass},
		{map[string]judge.Status{"pr-3": judge.Inconclusive}, exitInconclusive},
		{map[string]judge.Status{"pr-3": judge.Inconclusive, "pr-4": judge.Fail}, exitFail},
	} {
		rig := fresh()
		rig.wrong = c.wrong
		code, out, _ := rehearse(t, rig, "run", "pressure")
		if code != c.want || rig.fitted != 1 || len(rig.scales) != 6 {
			t.Errorf("%v: exit %d, fitted %d times, %d drills", c.wrong, code, rig.fitted, len(rig.scales))
		}
		if strings.Count(out, "/s offered") < 6 {
			t.Errorf("no table:\n%s", out)
		}
	}
	rig := fresh()
	rig.fails = fmt.Errorf("stand up one-idc: %w", drills.ErrCluster)
	if code, _, err := rehearse(t, rig, "run", "sm-1"); code != exitRig || strings.Count(err, "\n") != 1 {
		t.Errorf("a stage that failed: exit %d, %q", code, err)
	}
}

func TestRepetitionsGoByTheWorst(t *testing.T) {
	for _, c := range []struct {
		args  string
		wrong map[string]judge.Status
		want  int
		tells []string
	}{
		{"run dr-9 --repeat 3", nil, exitPass, []string{"verdicts: pass 3 of 3 (seed 1, 2, 3)", "flaky: none", "x/seed-2"}},
		{"run fi-1 sm-1 --repeat 2 --seed 7", nil, exitPass, []string{"fi-1: ", "sm-1: ", "pass 2 of 2 (seed 7, 8)", "x/seed-8/fi-1"}},
		{"run dr-9 --repeat 1", nil, exitPass, []string{"pass 1 of 1"}},
		{"run fi-1 sm-1 --repeat 3", map[string]judge.Status{"fi-1 under 2": judge.Inconclusive}, exitFail,
			[]string{"fi-1 is flaky: pass 2 of 3 (seed 1, 3); inconclusive 1 of 3 (seed 2)", "sm-1: "}},
		{"run dr-9 --repeat 2", map[string]judge.Status{"dr-9": judge.Inconclusive}, exitInconclusive, []string{"flaky: none"}},
		{"run dr-9 --repeat 2", map[string]judge.Status{"dr-9": judge.Fail}, exitFail, []string{"flaky: none"}},
	} {
		rig := fresh()
		rig.wrong = c.wrong
		code, out, err := rehearse(t, rig, append(strings.Fields(c.args), "--out", "x")...)
		saved, read := os.ReadFile("x/" + repeat.TextFile)
		if code != c.want || err != "" || read != nil || !strings.Contains(out, string(saved)) {
			t.Errorf("%s: exit %d, want %d; %q, %v", c.args, code, c.want, err, read)
		}
		for _, tells := range c.tells {
			if !strings.Contains(string(saved), tells) {
				t.Errorf("%s: the table does not tell %q:\n%s", c.args, tells, saved)
			}
		}
		if text, err := os.ReadFile("x/" + repeat.JSONFile); err != nil || !bytes.Contains(text, []byte(`"record_sha256"`)) {
			t.Errorf("%s: %v %s", c.args, err, text)
		}
	}
	rig := fresh()
	rig.limits = drills.Limits{Generator: 300_000, System: 120_000}
	if code, _, _ := rehearse(t, rig, "run", "pr-4", "--repeat", "3"); code != exitPass || rig.fitted != 1 {
		t.Errorf("exit %d; the rig was measured %d times", code, rig.fitted)
	}
}

// A rig that fails in the middle leaves a table of what was run, which is no pass.
func TestRepetitionsThatBreakOff(t *testing.T) {
	rig := fresh()
	rig.breaks = 3
	code, out, err := rehearse(t, rig, "run", "dr-9", "--repeat", "9", "--out", "x")
	if code != exitRig || strings.Count(err, "\n") != 1 || !strings.Contains(out, "dr-9 was played 2 times of 9") {
		t.Errorf("exit %d, %q:\n%s", code, err, out)
	}
	if _, err := os.Stat("x/" + repeat.JSONFile); err != nil {
		t.Error(err)
	}
}

// Saved runs are judged again: these assert nothing, so none can tell.
func TestSavedRunsSideBySide(t *testing.T) {
	rehearse(t, fresh(), "run", "dr-9", "--repeat", "2", "--out", "x")
	var out, e bytes.Buffer
	a := &app{out: &out, err: &e, rig: fresh()}
	code := a.run(t.Context(), []string{"repeats", "x", "--out", "y"})
	if code != exitInconclusive || !strings.Contains(out.String(), "inconclusive 2 of 2 (seed 1, 2)") {
		t.Errorf("exit %d: %s%s", code, out.String(), e.String())
	}
	if _, err := os.Stat("y/" + repeat.TextFile); err != nil {
		t.Error(err)
	}
}

func TestScales(t *testing.T) {
	rig := fresh()
	rehearse(t, rig, "run", "--hold", "2s", "pressure", "smoke")
	for id, want := range map[string]float64{"pr-4": 0.5, "pr-5": 0.5, "sm-1": 0.05} {
		if rig.scales[id] != want {
			t.Errorf("%s ran at %g, want %g", id, rig.scales[id], want)
		}
	}
	rig = fresh()
	rehearse(t, rig, "run", "pr-4", "sm-1", "--scale", "0.3")
	if rig.fitted != 0 || rig.scales["pr-4"] != 0.3 || rig.scales["sm-1"] != 0.3 {
		t.Errorf("asked for 0.3: fitted %d times, ran at %v", rig.fitted, rig.scales)
	}
	rig = fresh()
	rig.limits = drills.Limits{Generator: 1000, System: 1000}
	if code, _, err := rehearse(t, rig, "run", "pr-4"); code != exitRig || !strings.Contains(err, "this rig carries 1000") {
		t.Errorf("too small a rig: exit %d, %s", code, err)
	}
}

func TestInterruptIsOneLineAndExit3(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	rig := fresh()
	rig.wait = true
	var out, err bytes.Buffer
	a := &app{out: &out, err: &err, rig: rig}
	if code := a.run(ctx, []string{"run", "sm-1"}); code != exitRig || !strings.Contains(err.String(), "interrupted") || strings.Count(err.String(), "\n") != 1 {
		t.Errorf("exit %d, %q", code, err.String())
	}
}

func TestRehearsalSignsOff(t *testing.T) {
	rig := fresh()
	code, out, _ := rehearse(t, rig, "rehearsal", "--out", "night", "--budget", "2m")
	pages, err := filepath.Glob("night/*-rehearsal/rehearsal.html")
	if err != nil || len(pages) != 1 {
		t.Fatal(pages, err)
	}
	page, err := os.ReadFile(pages[0])
	if err != nil {
		t.Fatal(err)
	}
	if code != exitInconclusive || !strings.Contains(out, "no-go") || !strings.Contains(out, "pr-kill is inconclusive: not run: the budget of 2m0s is used up") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if !bytes.Contains(page, []byte("no-go")) || !bytes.Contains(page, []byte("sm-1/report.html")) {
		t.Error("the page lacks the decision or a link")
	}
}

func TestNothingIsSignedWithoutAMeasuredModel(t *testing.T) {
	rehearse(t, fresh(), "run", "sm-1", "--out", "one")
	var out, e bytes.Buffer
	a := &app{out: &out, err: &e, rig: fresh()}
	if code := a.run(t.Context(), []string{"signoff", "one"}); code != exitInconclusive || !strings.Contains(out.String(), "no-go") || !strings.Contains(out.String(), "run gr-1") {
		t.Errorf("exit %d: %s%s", code, out.String(), e.String())
	}
}

func TestShowListEstimateClean(t *testing.T) {
	for args, want := range map[string]string{
		"list": "pr-kill", "show pr-4": "200000/s for 20s", "show pr-4 --hold 40s": "200000/s for 40s", "show sm-1 --seed 9": "seed       9",
		"show sm-3 --image keeper=example/k:1 --image recommend=example/r:7": "of one's own: keeper-a=example/k:1, keeper-b=example/k:1, recommend=example/r:7",
		"estimate": "96", "clean": "1 found; 1 things removed", "help": "usage",
	} {
		if code, out, err := rehearse(t, fresh(), strings.Fields(args)...); code != exitPass || !strings.Contains(out, want) {
			t.Errorf("rehearse %s: exit %d, %s; lacks %q:\n%s", args, code, err, want, out)
		}
	}
}

// tiny is smoke, for a second.
func tiny(t *testing.T) drills.Drill {
	t.Helper()
	found, err := chosen([]string{"sm-1"}, options{hold: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	d := found[0]
	d.Phases[0].Curve = loadprofiles.Ramp(1000, 20_000, time.Second)
	d.Phases[1].Curve = loadprofiles.Hold(20_000, time.Second)
	return d
}
