package clock_test

import (
	"strings"
	"testing"
	"time"

	"redpacket/faults/clock"
	"redpacket/faults/faultstest"
	"redpacket/faults/kinds"
)

func TestClocksBehave(t *testing.T) {
	for _, ahead := range []time.Duration{25 * time.Hour, -25 * time.Hour} {
		f := clock.Skewed{Node: "b", Ahead: ahead}
		t.Run(f.String(), func(t *testing.T) {
			faultstest.Behaves(t, faultstest.Case{Fault: f, On: (&faultstest.Memory{}).Has("a", "b", "c")})
		})
	}
}

func TestAClockThatIsRightIsAnError(t *testing.T) {
	err := clock.Skewed{Node: "b", Ahead: time.Hour}.Inject(t.Context(), (&faultstest.Memory{Weak: true}).Has("b"))
	if err == nil || !strings.Contains(err.Error(), "should be 1h") {
		t.Errorf("%v", err)
	}
	for _, f := range []clock.Skewed{{Node: "b"}, {Ahead: time.Hour}, {Node: "b", Ahead: 1 << 62}} {
		if kinds.Check(f) == nil {
			t.Errorf("%#v is taken", f)
		}
	}
}
