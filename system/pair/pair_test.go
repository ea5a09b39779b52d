package pair

import (
	"slices"
	"strings"
	"testing"
)

// The budgets of the searches; each takes all histories within it, or the shortest so many.
func budgets() []budget {
	return []budget{
		{first: Mirrored, claims: 1, plans: 2, lost: 1},
		{first: Mirrored, claims: 2, plans: 1, lost: 1},
		{first: Mirrored, claims: 2, plans: 3, lost: 1, states: 150_000},
		{first: Alone, claims: 2, plans: 2, lost: 1, states: 150_000},
		{first: Alone, surplus: true, claims: 2, plans: 2, lost: 1, states: 200_000},
		{first: Leaning, claims: 2, plans: 2, lost: 1, states: 150_000},
		{first: Taken, claims: 1, plans: 3, states: 150_000},
	}
}

func TestEveryHistory(t *testing.T) {
	t.Parallel()
	for _, b := range budgets() {
		w := &world{rules: sound(b)}
		w.search()
		t.Logf("%+v: %d states, %d plans", b, len(w.queue), len(w.list))
		if w.bad != "" {
			t.Errorf("%+v: %s:\n%s", b, w.bad, strings.Join(w.trace(), "\n"))
		}
	}
}

// Each rule is there for a reason: without it, some history breaks a promise.
func TestEveryRuleIsNeeded(t *testing.T) {
	t.Parallel()
	without := func(p Plan, act Act) Plan {
		p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return s.Act == act })
		return p
	}
	for name, c := range map[string]struct {
		change func(r *rules)
		in     budget
		seen   string
	}{
		"the spool counts in the place of the own log": {func(r *rules) {
			r.needs = func(m Mode) Places {
				if m == Mirrored {
					return Spool | Mirror
				}
				return m.Needs()
			}
		}, budget{first: Mirrored, claims: 1, plans: 1}, "own log alone counts"},
		"the mirror does not count": {func(r *rules) {
			r.needs = func(m Mode) Places {
				if m == Mirrored {
					return Spool | Own
				}
				return m.Needs()
			}
		}, budget{first: Mirrored, claims: 1, plans: 1}, "delivers batches that the mirror has not"},
		"a take-over from alone": {func(r *rules) {
			r.may = func(home bool, from, to Mode) bool { return may(home, from, to) || from == Alone && to == Taken }
			r.takeOver = func(m Mode) Plan {
				if m == Alone {
					m = Mirrored
				}
				return TakeOver(m)
			}
		}, budget{first: Alone, claims: 1, plans: 1}, "delivers batches that the mirror has not"},
		"a take-over that closes nothing": {func(r *rules) {
			r.takeOver = func(m Mode) Plan { return without(TakeOver(m), CloseMirror) }
		}, budget{first: Mirrored, claims: 1, plans: 1}, "two acknowledged grants"},
		"a take-over that marks nobody": {func(r *rules) {
			r.takeOver = func(m Mode) Plan { return without(TakeOver(m), Mark) }
		}, budget{first: Mirrored, claims: 1, plans: 1}, "two acknowledged grants"},
		"a take-over without the witness": {func(r *rules) {
			r.takeOver = func(m Mode) Plan { return without(TakeOver(m), Write) }
		}, budget{first: Mirrored, claims: 1, plans: 2}, "two acknowledged grants"},
		"a give-back that does not say so first": {func(r *rules) {
			r.giveBack = func(m Mode) Plan {
				if m != Taken {
					return Plan{}
				}
				return Plan{Steps: []Step{{Narrow, Releasing}, {Write, Returning}}}
			}
			r.may = func(home bool, from, to Mode) bool { return may(home, from, to) || from == Taken && to == Returning }
		}, budget{first: Taken, claims: 1, plans: 3}, "two acknowledged grants"},
		"the own log is not closed before the mirror is level": {func(r *rules) {
			r.next = func(s Sight) Plan { return without(Next(s), CloseOwn) }
		}, budget{first: Alone, claims: 1, plans: 1}, "delivers batches that the mirror has not"},
		"the logs are not brought level": {func(r *rules) {
			r.next = func(s Sight) Plan { return without(Next(s), Level) }
		}, budget{first: Alone, claims: 1, plans: 1}, "delivers batches that the mirror has not"},
		"what an older epoch left in the mirror is taken in": {func(r *rules) { r.adopt = true },
			budget{first: Alone, surplus: true, claims: 2, plans: 2, lost: 1}, "contradicts itself"},
	} {
		r := sound(c.in)
		c.change(&r)
		r.states = 1_000_000
		w := &world{rules: r}
		w.search()
		if w.bad == "" || !strings.Contains(w.bad, c.seen) {
			t.Errorf("%s: in %d states the model saw %q; want %q\n%s", name, len(w.queue), w.bad, c.seen, strings.Join(w.trace(), "\n"))
			continue
		}
		t.Logf("%s: %s after %d steps", name, w.bad, len(w.trace()))
	}
}
