package drills_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/faults/node"
	"redpacket/faults/warden"
)

// Faults overlap, each is healed at its own time, and what is there for good stays until the end.
func TestFaultsOnTheTimeline(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	d, s := small(), system()
	d.Injections = []drills.Injection{
		{At: 300 * ms, For: 900 * ms, Fault: node.Frozen{Node: "recommend"}},
		{At: 600 * ms, For: 300 * ms, Fault: node.Frozen{Node: "registry"}},
		{At: 1200 * ms, Fault: node.Killed{Node: "cmem-1"}},
	}
	r, _, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	long, _ := r.Event("freeze recommend")
	short, _ := r.Event("freeze registry")
	good, _ := r.Event("kill cmem-1")
	for _, c := range []struct {
		what       string
		got, least time.Duration
	}{
		{"long fault bites", long.Effective, 300 * ms}, {"long fault heals", long.To, 1200 * ms},
		{"short fault bites", short.Effective, 600 * ms}, {"short fault heals", short.To, 900 * ms},
		{"fault for good ends", good.To, r.Length()},
	} {
		if c.got < c.least {
			t.Errorf("%s at %s; want %s at least", c.what, c.got, c.least)
		}
	}
	if short.To >= long.To || long.Effective >= short.To {
		t.Errorf("the faults do not overlap: %+v, %+v", long, short)
	}
	if good.HealFrom != 0 || long.HealFrom == 0 {
		t.Errorf("healing began at %s and %s; want never and some time", good.HealFrom, long.HealFrom)
	}
	a := judge.RecoversWithin{AtLeast: 0.5, Limit: 100 * ms, After: "heal: freeze registry"}
	if f := judge.Judge(r, []judge.Assertion{a}).Findings[0]; strings.Contains(f.Because, "could not look") {
		t.Errorf("a heal is no moment to ask about: %s", f.Because)
	}
	a.After = "heal: kill cmem-1"
	if f := judge.Judge(r, []judge.Assertion{a}).Findings[0]; f.Status != judge.Inconclusive || !strings.Contains(f.Because, "not healed") {
		t.Errorf("a fault that is there for good was healed: %+v", f)
	}
}

// What cannot be healed is a trouble, so that no verdict is believed; the record tells every step, and no further drill
// is run on the cluster.
func TestAFaultThatStaysMakesTheClusterUnusable(t *testing.T) {
	t.Parallel()
	d, s := small(), system()
	s.Stuck = "the lever is stuck"
	d.Injections = []drills.Injection{{At: 300 * time.Millisecond, For: time.Second, Fault: node.Frozen{Node: "recommend"}}}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}, judge.Watched{AtLeast: 0.1}}
	into, err := record.Create(filepath.Join(t.TempDir(), "record"))
	if err != nil {
		t.Fatal(err)
	}
	ward, err := warden.Hold(warden.Beside(into.Dir()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ward.Close()
	with := drills.Conditions{Scale: 1, Volley: s, Into: into, Tell: func(drills.Progress) {}, Ward: ward}
	r, err := drills.Run(t.Context(), d, s, with)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(r.Troubles, "\n"), "the lever is stuck") {
		t.Errorf("troubles: %q", r.Troubles)
	}
	e, _ := r.Event("freeze recommend")
	if len(e.Steps) != 2 || !strings.HasPrefix(e.Steps[0], "heal: the lever is stuck") || !strings.HasPrefix(e.Steps[1], "restart the node: ") {
		t.Errorf("the steps were %q", e.Steps)
	}
	for _, f := range judge.Judge(r, d.Assertions).Findings {
		if f.Status != judge.Inconclusive {
			t.Errorf("the drill was believed: %+v", f)
		}
	}
	if with.Into, err = record.Create(filepath.Join(t.TempDir(), "record")); err != nil {
		t.Fatal(err)
	}
	if _, err := drills.Run(t.Context(), d, s, with); !errors.Is(err, drills.ErrCluster) || !strings.Contains(err.Error(), "unusable") {
		t.Errorf("a further drill on the cluster: %v; want it refused", err)
	}
}

// A fault that hits nothing leaves the drill inconclusive.
func TestAFaultThatHitsNothing(t *testing.T) {
	t.Parallel()
	d, s := small(), system()
	if err := s.Kill(t.Context(), "recommend"); err != nil {
		t.Fatal(err)
	}
	d.Injections = []drills.Injection{{At: 300 * time.Millisecond, For: 200 * time.Millisecond, Fault: node.Frozen{Node: "recommend"}}}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}}
	r, _, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	if f := judge.Judge(r, d.Assertions).Findings[0]; f.Status != judge.Inconclusive || !strings.Contains(f.Because, "would hurt nothing") {
		t.Errorf("%+v", f)
	}
}
