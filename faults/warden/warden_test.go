package warden

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/faults/node"
)

// pair is a harness and its guard on one system of memory.
type pair struct {
	on    *faultstest.Memory
	guard *Guard
	ward  *Ward
	path  string
}

func newPair(t *testing.T) pair {
	p := pair{on: (&faultstest.Memory{}).Has("a", "b", "c"), path: filepath.Join(t.TempDir(), "faults.journal")}
	p.guard = NewGuard(func(context.Context) (faults.Levers, error) { return p.on, nil })
	var err error
	if p.ward, err = Hold(p.path, func(line string) error { p.guard.Hear(line); return nil }); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p pair) is(t *testing.T, node string, want faults.State) {
	t.Helper()
	if is, err := p.on.Look(t.Context(), node); err != nil || is != want {
		t.Errorf("%s is %s, %v; want %s", node, is, err, want)
	}
}

func (p pair) ends(t *testing.T) ([]End, *Audit) {
	t.Helper()
	ends, audit, err := ReadJournal(p.path)
	if err != nil {
		t.Fatal(err)
	}
	return ends, audit
}

// wait lets the time of a bubble pass.
func wait(d time.Duration) { <-time.After(d) }

func TestAFaultIsWrittenDownBeforeItIsInjected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		defer p.guard.Dismissed()
		sees := sees{p.on, func() {
			if ends, _ := p.ends(t); len(ends) != 1 || ends[0].Fault != "freeze b" {
				t.Errorf("at the time of the act the journal holds %v", ends)
			}
		}}
		h, err := p.ward.Inject(t.Context(), node.Frozen{Node: "b"}, time.Minute, sees)
		if err != nil {
			t.Fatal(err)
		}
		wait(20 * time.Second) // in its lease and its time: nobody heals
		p.is(t, "b", faults.Frozen)
		steps, err := h.Heal(t.Context(), p.on)
		if err != nil || len(steps) != 1 {
			t.Errorf("%v, %q", err, steps)
		}
		if residue, err := p.ward.Audit(t.Context(), p.on); err != nil || len(residue) > 0 {
			t.Errorf("%q, %v", residue, err)
		}
		ends, audit := p.ends(t)
		if ends[0].Healed == nil || ends[0].Healed.By != byHarness || audit == nil || len(audit.Residue) > 0 {
			t.Errorf("%+v, %+v", ends[0].Healed, audit)
		}
		if err := p.ward.Close(); err != nil {
			t.Error(err)
		}
	})
}

// sees calls something when a node is about to be frozen.
type sees struct {
	*faultstest.Memory
	do func()
}

func (s sees) Pause(ctx context.Context, node string) error {
	s.do()
	return s.Memory.Pause(ctx, node)
}

func TestAFaultThatOutlivesItsTimeIsHealedByTheWarden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		defer p.guard.Dismissed()
		h, err := p.ward.Inject(t.Context(), node.Frozen{Node: "b"}, 3*time.Second, p.on)
		if err != nil {
			t.Fatal(err)
		}
		wait(2 * time.Second)
		p.is(t, "b", faults.Frozen)
		wait(2 * time.Second)
		p.is(t, "b", faults.Running)
		if steps, err := h.Heal(t.Context(), p.on); err == nil || !strings.Contains(strings.Join(steps, "\n"), "its time was over") {
			t.Errorf("the harness hears nothing of it: %v, %q", err, steps)
		}
		p.ward.Close()
	})
}

// A harness that stands still loses its lease; what it injects when it comes back is healed as well.
func TestASilentHarnessLosesItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		defer p.guard.Dismissed()
		f := node.Killed{Node: "b"}
		if _, err := p.ward.Inject(t.Context(), f, time.Hour, p.on); err != nil {
			t.Fatal(err)
		}
		p.ward.Close() // no beat any more
		wait(Lease - time.Second)
		p.is(t, "b", faults.Dead)
		wait(2 * time.Second)
		p.is(t, "b", faults.Running)
		if err := f.Inject(t.Context(), p.on); err != nil { // late, as of a process that was stopped in between
			t.Fatal(err)
		}
		wait(again + time.Second)
		p.is(t, "b", faults.Running)
		ends, _ := p.ends(t)
		if h := ends[0].Healed; h == nil || h.By != byWarden || !strings.Contains(h.Why, "silent") {
			t.Errorf("%+v", h)
		}
	})
}

// Whatever was open when the harness died is healed at once, in any order, and looked for; what it had healed is let be.
func TestADeadHarnessLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		for _, f := range []faults.Fault{node.Killed{Node: "a"}, node.Frozen{Node: "b"}, node.Frozen{Node: "c"}, node.Killed{Node: "c"}} {
			if _, err := p.ward.Inject(t.Context(), f, time.Hour, p.on); err != nil {
				t.Fatal(err)
			}
		}
		p.ward.Close()
		p.guard.Bereft(t.Context())
		for _, n := range []string{"a", "b", "c"} {
			p.is(t, n, faults.Running)
		}
		ends, audit := p.ends(t)
		for _, e := range ends {
			if e.Healed == nil || e.Healed.Err != "" {
				t.Errorf("%s: %+v", e.Fault, e.Healed)
			}
		}
		if len(ends) != 4 || audit == nil || audit.By != byWarden || len(audit.Residue) > 0 || audit.Err != "" {
			t.Errorf("%d ends, %+v", len(ends), audit)
		}
	})
}

func TestWhatCannotBeHealedIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		if _, err := p.ward.Inject(t.Context(), node.Frozen{Node: "a"}, time.Hour, p.on); err != nil {
			t.Fatal(err)
		}
		p.on.Stuck = "the lever is stuck" // so the harder way kills the node, and cannot start it
		p.ward.Close()
		p.guard.Bereft(t.Context())
		ends, audit := p.ends(t)
		if h := ends[0].Healed; h == nil || !strings.Contains(h.Err, "the lever is stuck") || audit == nil || !slices.Equal(audit.Residue, []string{"a is dead"}) {
			t.Errorf("%+v, %+v", h, audit)
		}
	})
}

// What stays behind, and a guard that is gone, make the cluster unusable.
func TestAClusterIsUnusable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := (&faultstest.Memory{}).Has("a", "b")
		w, err := Hold(filepath.Join(t.TempDir(), "j"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := on.Kill(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Inject(t.Context(), node.Frozen{Node: "b"}, time.Hour, on); err != nil {
			t.Fatal(err)
		}
		residue, err := w.Audit(t.Context(), on) // b is meant to be frozen
		if err != nil || !slices.Equal(residue, []string{"a is dead"}) {
			t.Errorf("%q, %v", residue, err)
		}
		if _, err := w.Inject(t.Context(), node.Frozen{Node: "b"}, time.Hour, on); err == nil || !strings.Contains(err.Error(), "unusable: faults left something behind: a is dead") {
			t.Errorf("%v", err)
		}
		w.Close()

		gone := errors.New("broken pipe")
		said := 0
		w, err = Hold(filepath.Join(t.TempDir(), "j"), func(string) error {
			if said++; said > 2 {
				return gone
			}
			return nil
		})
		if err != nil || w.Fit() != nil {
			t.Fatal(err, w.Fit())
		}
		wait(3 * time.Second)
		if err := w.Fit(); !errors.Is(err, gone) {
			t.Errorf("a guard that is gone: %v", err)
		}
		w.Close()
	})
}

func TestHealAllHealsWhatIsOpen(t *testing.T) {
	on := (&faultstest.Memory{}).Has("a", "b")
	w, err := Hold(filepath.Join(t.TempDir(), "j"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, f := range []faults.Fault{node.Killed{Node: "a"}, node.Frozen{Node: "b"}} {
		if _, err := w.Inject(t.Context(), f, time.Hour, on); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := w.HealAll(t.Context(), on); err != nil {
			t.Error(err)
		}
	}
	if residue, err := w.Audit(t.Context(), on); err != nil || len(residue) > 0 {
		t.Errorf("%q, %v", residue, err)
	}
}

// A torn last line was never acted on; a line in the middle that cannot be read is told, and keeps no other from being healed.
func TestAJournalThatIsHurt(t *testing.T) {
	const one = `{"n":1,"fault":{"type":"node.Frozen","args":{"Node":"a"}},"ttl":1}` + "\n"
	path := filepath.Join(t.TempDir(), "j")
	for text, want := range map[string]int{one: 1, one + `{"n":2,"fau`: 1, "{\n" + one: 1, "": 0} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		ends, _, err := ReadJournal(path)
		if len(ends) != want || (err != nil) != strings.HasPrefix(text, "{\n") {
			t.Errorf("%q: %v, %v", text, ends, err)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte(`{"n":1,"fault":{"type":"node.Frozen","args":{"Node":"a"}},"ttl":1}` + "\n" + `{"n":1,"healed":{"by":"warden"}}` + "\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, _ := readJournal(strings.NewReader(string(text)))
		if len(entries) > strings.Count(string(text), "\n") {
			t.Errorf("%d entries in %q", len(entries), text)
		}
		g := &Guard{due: map[int]*due{}}
		g.take(entries)
		for n, d := range g.due {
			if d.fault == nil || d.n != n {
				t.Errorf("%d is due as %+v", n, d)
			}
		}
	})
}
