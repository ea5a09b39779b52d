package drills_test

import (
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults"
	"redpacket/faults/node"
)

// One violation stops the load and heals everything at once, what was to stay too, and the abort's own latency is measured.
func TestAMoneyViolationEndsTheDrillAtOnce(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	d, s := small(), system()
	began := time.Now()
	s.Wrong = func() string {
		if time.Since(began) > 1200*ms {
			return "cmem-2: one share too many"
		}
		return ""
	}
	d.Injections = []drills.Injection{
		{At: 300 * ms, For: 2 * time.Second, Fault: node.Frozen{Node: "recommend"}},
		{At: 400 * ms, Fault: node.Killed{Node: "cmem-1"}},
		{At: 2400 * ms, For: 50 * ms, Fault: node.Frozen{Node: "report"}}, // never comes
	}
	d.Aborts = []drills.AbortRule{drills.MoneyWrong{}}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}, judge.Abort{Wanted: true, Within: 2 * time.Second}, judge.GeneratorKeptUp{}}
	r, _, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	a := r.Abort
	if a == nil || a.Because != "cmem-2: one share too many" || a.Clean >= a.At || a.Quiet < a.At || a.Healed < a.At || a.Quiet-a.Clean > time.Second {
		t.Fatalf("aborted as %+v", a)
	}
	for _, n := range []string{"recommend", "cmem-1", "report"} {
		if is, _ := s.Look(t.Context(), n); is != faults.Running {
			t.Errorf("%s is %s", n, is)
		}
	}
	for _, what := range []string{"freeze recommend", "kill cmem-1"} {
		if e, ok := r.Event(what); !ok || e.To < a.At || e.To > a.Healed+ms {
			t.Errorf("%s: %+v", what, e)
		}
	}
	if _, ok := r.Event("freeze report"); ok {
		t.Error("a fault was injected after the abort")
	}
	v := judge.Judge(r, d.Assertions)
	for _, f := range v.Findings {
		if want := map[bool]judge.Status{true: judge.Inconclusive, false: judge.Pass}[strings.HasPrefix(f.Assertion, "the generator")]; f.Status != want {
			t.Errorf("%+v", f)
		}
	}
	if f := judge.Judge(r, []judge.Assertion{judge.Abort{}}).Findings[0]; f.Status != judge.Fail {
		t.Errorf("an abort that nobody wanted: %+v", f)
	}
}

// What users are told counts as well as what the stores tell.
func TestAContradictionThatTheGeneratorSeesEndsTheDrill(t *testing.T) {
	t.Parallel()
	d, s := small(), system()
	s.Told = "user 1 was told two orders"
	d.Injections, d.Aborts = nil, []drills.AbortRule{drills.MoneyWrong{}}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}}
	r, _, err := play(t, d, s)
	if err != nil {
		t.Fatal(err)
	}
	if r.Abort == nil || r.Abort.Because != s.Told {
		t.Errorf("aborted as %+v", r.Abort)
	}
}

// Too little success ends a drill, unless a declared fault excuses it.
func TestADeclaredFaultExcusesWhatItIsExpectedTo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hurt []drills.Injection
		want bool
	}{
		"no fault": {nil, true},
		"a fault":  {[]drills.Injection{{At: 50 * time.Millisecond, Fault: node.Frozen{Node: "recommend"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, s := small(), system()
			s.Shed = func(float64) float64 { return 0.9 }
			d.Injections = c.hurt
			d.Aborts = []drills.AbortRule{drills.SuccessBelow{Share: 0.5, For: time.Second, Grace: time.Second}}
			d.Assertions = []judge.Assertion{judge.StepsEffective{}}
			r, _, err := play(t, d, s)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Abort != nil; got != c.want {
				t.Errorf("aborted: %v (%+v), want %v", got, r.Abort, c.want)
			}
		})
	}
}

func TestARuleThatMakesNoSenseIsRefused(t *testing.T) {
	d := small()
	d.Aborts = []drills.AbortRule{drills.SuccessBelow{Share: 0.5, For: time.Millisecond}}
	if err := d.Check(); err == nil || !strings.Contains(err.Error(), "abort rule 1") {
		t.Errorf("%v", err)
	}
}
