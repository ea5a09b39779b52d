package judge

import (
	"testing"
	"time"

	"redpacket/drills/record"
)

func TestAbortsAndSteps(t *testing.T) {
	for _, r := range abortRows() {
		t.Run(r.name, r.run)
	}
}

func abortRows() []row {
	const s = time.Second
	quick := &record.Abort{Rule: "money", Because: "one share too many", Clean: 5 * s, At: 5*s + s/4, Quiet: 6 * s, Healed: 6*s + s/2}
	slow := &record.Abort{Rule: "money", Because: "one share too many", Clean: 5 * s, At: 5*s + s/4, Quiet: 6 * s, Healed: 7*s + s/2}
	was := func(a *record.Abort) func(*made) { return func(m *made) { m.Abort = a } }
	step := func(change func(*record.Event)) func(*made) { return func(m *made) { change(&m.Events[0]) } }
	wanted := Abort{Wanted: true, Within: 2 * s}
	soon := EffectiveWithin{Step: "kill cmem-1", Limit: s}
	return []row{
		{"no abort, and none wanted", Abort{}, nil, Pass, "ran to its end"},
		{"an abort that nobody wanted", Abort{}, was(quick), Fail, "one share too many"},
		{"no abort, and one was wanted", wanted, nil, Fail, "ran to its end"},
		{"no abort, and nobody watched", Abort{}, func(m *made) { m.gauges = nil }, Inconclusive, "nobody watched"},
		{"a quick abort", wanted, was(quick), Pass, "the load was gone 750ms later"},
		{"faults that stay too long", wanted, was(slow), Fail, "every fault healed 2.25s later"},
		{"an abort that was never done", wanted, was(&record.Abort{Clean: 5 * s, At: 6 * s}), Fail, "aborted at 6s"},

		{"a step that bites at once", soon, nil, Pass, "after"},
		{"a step that bites late", soon, step(func(e *record.Event) { e.Effective += 2 * s }), Fail, "after"},
		{"a step that never bites", soon, step(func(e *record.Event) { e.Effective = 0 }), Fail, "no effect"},
		{"a step that was never taken", soon, step(func(e *record.Event) { e.What = "kill cmem-2" }), Inconclusive, "never taken"},
		{"a step that bites to the instant", soon, step(func(e *record.Event) { e.Effective += s }), Pass, "after 1s"},
	}
}
