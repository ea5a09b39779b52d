package drills_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
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
	"redpacket/system/books"
	"redpacket/system/config"
	"redpacket/system/topology"
)

// small is a drill of two and a half seconds with everything in it.
func small() drills.Drill {
	kill := node.Killed{Node: "cmem-1"}
	clients := loadprofiles.Estimate96k(time.Second)
	return drills.Drill{
		ID: "small", Name: "small", Why: "the chain is broken", Group: "test", Seed: 3,
		Topology: topology.OneIDC(), Rules: config.Default(), Built: 20_000, Load: clients,
		Activity: func(seed uint64, scale float64) activity.Activity { return activity.Festival(seed, scale/100) },
		Phases: []drills.Phase{
			{Name: "calm", Curve: loadprofiles.Hold(10_000, time.Second)},
			{Name: "night", Curve: loadprofiles.Hold(30_000, 1500*time.Millisecond)},
		},
		Injections: []drills.Injection{{At: 1200 * time.Millisecond, Fault: kill}},
		Steps:      []drills.Timed{{At: 300 * time.Millisecond, Step: drills.Activate{Playbook: "P7"}}},
		Assertions: []judge.Assertion{
			judge.LoadOffered{AtLeast: 0.99, LateBy: time.Second, LateTo: 0.01}, judge.GeneratorKeptUp{}, judge.Watched{AtLeast: 0.5},
			judge.BooksRead{}, judge.StepsEffective{}, judge.MoneyConserved{}, judge.NoneBeyondStock{}, judge.OneGrantEach{},
			judge.GrantsKept{}, judge.RefusalsChangeNothing{}, judge.NobodyDied{}, judge.Settles{Within: 10 * time.Second},
			judge.Succeeds{AtLeast: 0.99, In: "calm"}, judge.RefusalsExplicit{AtLeast: 0.99, In: "night"},
			judge.ShardReopens{Within: 10 * time.Second, After: kill.String()},
		},
	}
}

func system() *drillstest.System {
	return &drillstest.System{Activity: small().Stage(0.5).Activity, Shed: func(rate float64) float64 {
		if rate > 20_000 {
			return 0.3
		}
		return 0
	}}
}

func play(t *testing.T, d drills.Drill, s *drillstest.System) (*record.Record, string, error) {
	t.Helper()
	dir := t.TempDir()
	into, err := record.Create(filepath.Join(dir, report.RecordDir))
	if err != nil {
		t.Fatal(err)
	}
	r, err := drills.Run(t.Context(), d, s, drills.Conditions{Scale: 0.5, Volley: s, Prober: s, Into: into, Tell: func(drills.Progress) {},
		Facts: drills.Facts{Revision: "abc", Images: map[string]string{"tgw": "sha256:1"}}})
	return r, dir, err
}

func TestFromDrillToReport(t *testing.T) {
	t.Parallel()
	d := small()
	s := system()
	s.Alarm = "TargetDown: cmem-1"
	r, dir, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := r.Event("TargetDown: cmem-1"); !ok || e.Track != record.Alarm || e.Level != "page" || e.Playbook != "P1" || e.From != 0 || e.To < r.Length() {
		t.Errorf("the alarm is in the record as %+v (%v)", e, ok)
	}
	if len(r.Monitored) != 1 || r.Monitored[0].From != 0 || r.Monitored[0].To < r.Length() {
		t.Errorf("the monitor looked %v", r.Monitored)
	}
	v := judge.Judge(r, d.Assertions)
	if v.Status != judge.Pass {
		var text strings.Builder
		_ = report.Text(&text, r, v)
		t.Fatalf("a sound system was judged %s:\n%s", v.Status, text.String())
	}
	chart := report.Chart{Script: "/* chart */", Style: "/* style */"}
	if err := report.Write(dir, r, v, chart); err != nil {
		t.Fatal(err)
	}
	before := readAll(t, dir)
	again, err := record.Open(filepath.Join(dir, report.RecordDir))
	if err != nil {
		t.Fatal(err)
	}
	assertions, err := judge.Decode(again.Claims)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Write(dir, again, judge.Judge(again, assertions), chart); err != nil {
		t.Fatal(err)
	}
	for name, text := range readAll(t, dir) {
		if !bytes.Equal(text, before[name]) {
			t.Errorf("%s differs when the same record is judged again", name)
		}
	}
}

// Nothing that a drill asserts hangs on the monitor, so one that cannot be asked is told, and no more.
func TestADeafMonitorIsANote(t *testing.T) {
	t.Parallel()
	d, s := small(), system()
	s.Deaf = errors.New("no route to the monitor")
	r, _, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(r.Notes, "\n"), "no route to the monitor") || len(r.Troubles) != 0 || r.Monitored != nil || judge.Judge(r, d.Assertions).Status != judge.Pass {
		t.Errorf("notes %q, troubles %q", r.Notes, r.Troubles)
	}
}

func readAll(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{report.VerdictFile, report.JUnitFile, report.PageFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = text
	}
	return all
}

func TestABrokenSystemIsCaught(t *testing.T) {
	t.Parallel()
	s, d := system(), small()
	s.Lie = func(shelf books.Shelf, e books.Entry) []books.Entry {
		switch {
		case shelf == books.Log && e.Pos == 40: // a grant lost from the log
			return nil
		case shelf == books.Log && e.Pos == 50: // a fen too much
			e.Fen++
		case shelf == books.Log && e.Pos == 60: // a share to two users
			other := e
			other.User++
			return []books.Entry{e, other}
		}
		return []books.Entry{e}
	}
	r, _, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, a := range []judge.Assertion{judge.GrantsKept{}, judge.MoneyConserved{}, judge.NoneBeyondStock{}, judge.RefusalsChangeNothing{}} {
		want[a.String()] = true
	}
	for _, f := range judge.Judge(r, d.Assertions).Findings {
		if f.Kind == judge.Invariant && want[f.Assertion] != (f.Status == judge.Fail) {
			t.Errorf("%s: %s, %s %q", f.Assertion, f.Status, f.Because, f.Examples)
		}
	}
}

func TestAStageThatFailsIsNoFinding(t *testing.T) {
	t.Parallel()
	s := system()
	s.Unhealthy = true
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	into, err := record.Create(filepath.Join(t.TempDir(), "r"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = drills.Run(ctx, small(), s, drills.Conditions{Scale: 0.5, Volley: s, Prober: s, Into: into, Tell: func(drills.Progress) {}})
	if !errors.Is(err, drills.ErrCluster) {
		t.Errorf("error %v; want ErrCluster", err)
	}
}

func TestInterruptedRunLeavesNoRecord(t *testing.T) {
	t.Parallel()
	s := system()
	ctx, cancel := context.WithCancel(t.Context())
	dir := filepath.Join(t.TempDir(), "r")
	into, err := record.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = drills.Run(ctx, small(), s, drills.Conditions{Scale: 0.5, Volley: s, Prober: s, Into: into, Tell: func(p drills.Progress) {
		if p.At > 200*time.Millisecond {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want the context's", err)
	}
	if _, err := record.Open(dir); err == nil {
		t.Error("an interrupted run left a record that opens")
	}
}

// A playbook on the timeline leaves an event that lasts while it is in force.
func TestPlaybooksOnTheTimeline(t *testing.T) {
	t.Parallel()
	d := small()
	at := func(ms int, s drills.Step) drills.Timed {
		return drills.Timed{At: time.Duration(ms) * time.Millisecond, Step: s}
	}
	d.Steps = []drills.Timed{at(300, drills.Activate{Playbook: "P1"}), at(600, drills.Activate{Playbook: "P7"}), at(1500, drills.RollBack{Playbook: "P1"})}
	s := system()
	r, _, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := r.Event("activate P1")
	second, _ := r.Event("activate P7")
	back, _ := r.Event("roll back P1")
	for _, e := range []record.Event{first, second, back} {
		if e.Track != record.Playbook || e.Effective < e.From || e.Effective == 0 || e.Err != "" {
			t.Errorf("%+v", e)
		}
	}
	if first.To != back.Effective || second.To != r.Length() {
		t.Errorf("P1 lasts until %s, taken back at %s; P7 until %s, the load ends at %s", first.To, back.Effective, second.To, r.Length())
	}
	if len(s.Playbooks) != 1 || s.Playbooks[0] != "P7" {
		t.Errorf("in force at the end: %v", s.Playbooks)
	}
	if v := judge.Judge(r, []judge.Assertion{judge.StepsEffective{}}); v.Status != judge.Pass || v.Findings[0].Looked != 4 {
		t.Errorf("%+v", v)
	}
	for _, bad := range []drills.Step{drills.Activate{Playbook: "P99"}, drills.RollBack{}} {
		d := small()
		d.Steps = append(d.Steps, at(1300, bad))
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), bad.String()) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
