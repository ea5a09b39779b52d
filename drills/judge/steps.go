package judge

import "time"

// EffectiveWithin asks how soon a step was seen to take effect once it was taken.
type EffectiveWithin struct {
	Step  string // as the script writes it
	Limit time.Duration
}

// String is the promise.
func (a EffectiveWithin) String() string {
	return say("%q takes effect within %s", a.Step, a.Limit)
}

// Kind is Hypothesis.
func (EffectiveWithin) Kind() Kind { return Hypothesis }

// Windows are the steps that it asks about.
func (a EffectiveWithin) Windows() []string { return []string{a.Step} }

// Check reads the step's event.
func (a EffectiveWithin) Check(c *Case) (Finding, error) {
	e, ok := c.Record.Event(a.Step)
	switch {
	case !ok:
		return unsure(0, "it was never taken"), nil
	case e.Effective == 0:
		return failed(1, "no effect was seen: %s", e.Err), nil
	}
	return held(e.Effective-e.From <= a.Limit, 1, "after %s", round(e.Effective-e.From)), nil
}
