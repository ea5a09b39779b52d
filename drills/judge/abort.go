package judge

import "time"

// Abort asks whether a drill had to be aborted, and whether that was quick.
type Abort struct {
	Wanted bool          // it is meant to be aborted
	Within time.Duration // from the last moment that was seen to be good until the load is gone and every fault healed
}

// String is the promise.
func (a Abort) String() string {
	if a.Wanted {
		return say("the drill is aborted, and within %s of the violation the load is gone and every fault healed", a.Within)
	}
	return "nothing happens for which the drill must be aborted"
}

// Kind is Invariant: a load that was stopped leaves hypotheses in doubt, and this must not be.
func (Abort) Kind() Kind { return Invariant }

// Check reads what the abort wrote down.
func (a Abort) Check(c *Case) (Finding, error) {
	was := c.Record.Abort
	if was == nil && len(c.Gauges) == 0 {
		return unsure(0, "nobody watched: there is no reading of the gauges"), nil
	}
	if was == nil {
		return held(!a.Wanted, 1, "the drill ran to its end"), nil
	}
	gone := max(was.Quiet, was.Healed)
	took := gone - was.Clean
	said := say("aborted at %s: %s; the load was gone %s later, every fault healed %s later; the last look before was %s earlier",
		round(was.At), was.Because, round(was.Quiet-was.At), round(was.Healed-was.At), round(was.At-was.Clean))
	return held(a.Wanted && took <= a.Within && gone > was.At, 1, "%s", said), nil
}
