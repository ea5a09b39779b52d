package main

import (
	"strings"
	"testing"
)

func TestAFaultIsAddedToADrill(t *testing.T) {
	code, out, errs := rehearse(t, fresh(), "show", "sm-1", "--fault", `4s+3s node.Frozen {"Node":"recommend"}`, "--fault", `5s+0s node.Killed {"Node":"report"}`)
	if code != exitPass {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, want := range []string{"4s  freeze recommend", "7s  heal: freeze recommend", "5s  kill report, for good", "every step of the timeline took effect"} {
		if !strings.Contains(out, want) {
			t.Errorf("the script does not say %q:\n%s", want, out)
		}
	}
	for _, wrong := range []string{"", "4s node.Frozen {}", `4s+3s node.Melted {}`, `4s+3s node.Frozen {"Node":""}`, `4s+x node.Frozen {"Node":"a"}`, `soon+3s node.Frozen {"Node":"a"}`} {
		code, _, errs := rehearse(t, fresh(), "show", "sm-1", "--fault", wrong)
		if code != exitRig || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "want such as") {
			t.Errorf("%q: exit %d, %q", wrong, code, errs)
		}
	}
	if code, _, errs := rehearse(t, fresh(), "run", "sm-1", "--fault", `4s+3s node.Frozen {"Node":"nobody"}`); code != exitRig || !strings.Contains(errs, `no node and no link "nobody"`) {
		t.Errorf("exit %d, %q", code, errs)
	}
}
