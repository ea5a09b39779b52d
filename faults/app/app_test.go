package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"redpacket/faults"
	"redpacket/faults/app"
	"redpacket/faults/faultstest"
	"redpacket/faults/kinds"
)

func TestIllnessesBehave(t *testing.T) {
	for _, f := range []faults.Fault{
		app.Failing{Node: "b", Share: 0.6}, app.Slow{Node: "b", By: 5 * time.Second, Part: "3"}, app.Mute{Node: "b", Share: 1},
	} {
		t.Run(f.String(), func(t *testing.T) {
			faultstest.Behaves(t, faultstest.Case{Fault: f, On: (&faultstest.Memory{}).Has("a", "b", "c")})
		})
	}
}

// A process that nobody calls is hurt by nothing.
func TestAnIllnessThatShowsOnNoCallIsAnError(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := app.Failing{Node: "b", Share: 1}.Inject(ctx, (&faultstest.Memory{Weak: true}).Has("b"))
	if err == nil {
		t.Error("a fault that hits nothing was injected")
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, f := range []faults.Fault{
		app.Failing{Node: "b"}, app.Failing{Share: 1}, app.Failing{Node: "b", Share: 1.5}, app.Slow{Node: "b"}, app.Slow{Node: "b", By: time.Hour},
		app.Mute{Node: "b"}, app.Mute{Node: "b", Share: -1},
	} {
		if kinds.Check(f) == nil {
			t.Errorf("%#v is taken", f)
		}
	}
	if got := (app.Slow{Node: "idip", By: time.Second, Part: "3"}).String(); !strings.Contains(got, "of 3 at idip by 1s") {
		t.Errorf("it is called %q", got)
	}
}
