package resource_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/faults/kinds"
	"redpacket/faults/resource"
)

func TestResourcesBehave(t *testing.T) {
	for _, f := range []faults.Fault{resource.Squeezed{Node: "b", Cores: 0.25}, resource.OutOfMemory{Node: "b"}, resource.DiskFull{Node: "b"}} {
		t.Run(f.String(), func(t *testing.T) {
			faultstest.Behaves(t, faultstest.Case{Fault: f, On: (&faultstest.Memory{}).Has("a", "b", "c")})
		})
	}
}

// A lever that does nothing is seen through.
func TestABoundThatIsNotThereIsAnError(t *testing.T) {
	weak := (&faultstest.Memory{Weak: true}).Has("b")
	if err := (resource.Squeezed{Node: "b", Cores: 0.5}).Inject(t.Context(), weak); err == nil || !strings.Contains(err.Error(), "should be 0.5") {
		t.Errorf("squeezed: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := (resource.OutOfMemory{Node: "b"}).Inject(ctx, weak); err == nil || !strings.Contains(err.Error(), "lives on") {
		t.Errorf("out of memory: %v", err)
	}
	dead := (&faultstest.Memory{}).Has("b")
	if err := dead.Kill(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if err := (resource.OutOfMemory{Node: "b"}).Inject(t.Context(), dead); err == nil {
		t.Error("one that is dead was starved")
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, f := range []faults.Fault{resource.Squeezed{Node: "b"}, resource.Squeezed{Cores: 1}, resource.Squeezed{Node: "b", Cores: -1}, resource.OutOfMemory{}, resource.DiskFull{}} {
		if kinds.Check(f) == nil {
			t.Errorf("%#v is taken", f)
		}
	}
}
