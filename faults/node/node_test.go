package node_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/faults/node"
)

func TestNodesBehave(t *testing.T) {
	for _, f := range []struct{ hit, miss faults.Fault }{
		{node.Killed{Node: "b"}, node.Killed{Node: "nobody"}},
		{node.Frozen{Node: "b"}, node.Frozen{Node: "nobody"}},
	} {
		on := (&faultstest.Memory{}).Has("a", "b", "c")
		faultstest.Behaves(t, faultstest.Case{Fault: f.hit, Miss: f.miss, On: on})
	}
}

// A lever that does nothing, and a victim that is hurt already, are errors: such a fault was not effective.
func TestWhatHurtsNothingIsAnError(t *testing.T) {
	for _, f := range []faults.Fault{node.Killed{Node: "b"}, node.Frozen{Node: "b"}} {
		weak := (&faultstest.Memory{Weak: true}).Has("b")
		if err := f.Inject(t.Context(), weak); err == nil || !strings.Contains(err.Error(), "should be otherwise") {
			t.Errorf("%s by a lever that does nothing: %v", f, err)
		}
		dead := (&faultstest.Memory{}).Has("b")
		if err := dead.Kill(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		if err := f.Inject(t.Context(), dead); err == nil || !strings.Contains(err.Error(), "would hurt nothing") {
			t.Errorf("%s of a dead node: %v", f, err)
		}
	}
}

// Two faults on one node are healed in any order, each undoing its own hurt alone.
func TestFaultsOverlapOnANode(t *testing.T) {
	frozen, killed := node.Frozen{Node: "b"}, node.Killed{Node: "b"}
	for _, order := range [][]faults.Fault{{frozen, killed}, {killed, frozen}} {
		on := (&faultstest.Memory{}).Has("a", "b")
		if err := errors.Join(frozen.Inject(t.Context(), on), killed.Inject(t.Context(), on)); err != nil {
			t.Fatal(err)
		}
		for _, f := range order {
			if steps, err := faults.Undo(t.Context(), f, on); err != nil || len(steps) != 1 {
				t.Errorf("%s: %v, %q", f, err, steps)
			}
		}
		if is, _ := on.Look(t.Context(), "b"); is != faults.Running {
			t.Errorf("healed %v, and the node is %s", order, is)
		}
	}
}

// hung is a lever that does not heed its context.
type hung struct{ *faultstest.Memory }

func (h hung) Resume(context.Context, string) error { select {} }

func TestAHealThatHangsIsLeftBehindAndEscalates(t *testing.T) {
	t.Parallel()
	on := hung{(&faultstest.Memory{}).Has("b")}
	f := node.Frozen{Node: "b"}
	if err := f.Inject(t.Context(), on); err != nil {
		t.Fatal(err)
	}
	steps, err := faults.Undo(t.Context(), f, on)
	if err != nil || len(steps) != 2 || !strings.HasPrefix(steps[0], "heal: not done within 3s") || !strings.HasPrefix(steps[1], "restart the node: done") {
		t.Errorf("%v, %q", err, steps)
	}
}
