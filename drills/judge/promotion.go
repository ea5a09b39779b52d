package judge

import (
	"slices"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
)

// ValveFollowed asks whether the users' side followed the promotion's valve: it heard in time of each step that turned it, of
// no other turn, and it kept away just those users who by that were not shown the promotion.
type ValveFollowed struct {
	Close, Open string        // the steps that close it, and open it again; Open empty: it stays closed
	Within      time.Duration // of a step's effect
}

// String is the promise.
func (a ValveFollowed) String() string {
	return say("the load followed the promotion's valve within %s of its steps, and kept nobody away but those who were not shown it", a.Within)
}

// Kind is Validity.
func (ValveFollowed) Kind() Kind { return Validity }

// Windows are the steps it asks about.
func (a ValveFollowed) Windows() []string {
	return slices.DeleteFunc([]string{a.Close, a.Open}, func(step string) bool { return step == "" })
}

// apart is how far the record's zero of time may be from the generator's.
const apart = 100 * time.Millisecond

// Check compares what the generator heard with the steps, and how many it kept away with what profile, seed and turns say.
func (a ValveFollowed) Check(c *Case) (Finding, error) {
	heard := c.Yield.Valve
	if len(heard) != 1+len(a.Windows()) {
		return unsure(uint64(len(heard)), "the generator heard of %d turns of the valve; want %d after how it was found", len(heard)-1, len(a.Windows())), nil
	}
	for i, step := range a.Windows() {
		at, err := c.since(step)
		if err != nil {
			return Finding{}, err
		}
		e, _ := c.Record.Event(step)
		turn, closed := heard[i+1], step == a.Close
		if late := turn.At - at; turn.Closed != closed || turn.At < e.From-apart || late > a.Within {
			return unsure(uint64(len(heard)), "%s was seen at %s; the generator heard at %s that the valve is closed: %v", step, round(at), round(turn.At), turn.Closed), nil
		}
	}
	hits, away := c.keptAway()
	if away != c.Yield.Withheld {
		return unsure(hits, "the generator kept %d of %d users away; by what it heard it is %d", c.Yield.Withheld, hits, away), nil
	}
	return passed(hits, "of %d users %d were not shown the promotion", hits, away), nil
}

// keptAway works out from profile, seed and the turns of the valve whom it kept away, of how many.
func (c *Case) keptAway() (hits, away uint64) {
	p := c.Profile.Scaled(c.Scale)
	crowd, curve := p.Crowd(c.Seed), p.Exposures()
	hits = curve.Arrivals()
	for n := uint64(1); n <= hits; n++ {
		if at, _ := curve.When(n); crowd.Withheld(n, at, c.Yield.Valve) {
			away++
		}
	}
	return hits, away
}

// Arrivals asks how many requests came a second in a window, as a share of another window's: what reduces the load, or
// brings it back, must have been seen to.
type Arrivals struct {
	In, Of          string
	AtLeast, AtMost float64
}

// String is the promise.
func (a Arrivals) String() string {
	return say("in %q come %s to %s of the requests a second that come in %q", a.In, percent(a.AtLeast), percent(a.AtMost), a.Of)
}

// Kind is Hypothesis.
func (Arrivals) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Arrivals) Windows() []string { return []string{a.In, a.Of} }

// Check counts requests by when they were owed, whatever became of them.
func (a Arrivals) Check(c *Case) (Finding, error) {
	now, looked, err := c.arrivals(a.In)
	if err != nil {
		return Finding{}, err
	}
	then, before, err := c.arrivals(a.Of)
	if err != nil {
		return Finding{}, err
	}
	if before == 0 {
		return unsure(0, "nothing came in %q", a.Of), nil
	}
	share := now / then
	return held(share >= a.AtLeast && share <= a.AtMost, before+looked, "%.0f/s of %.0f/s: %s (at this scale, %g)", now, then, percent(share), c.Scale), nil
}

// arrivals is how many requests came a second in a window, and in all of it.
func (c *Case) arrivals(window string) (perSecond float64, all uint64, err error) {
	s, err := c.where(window)
	if err != nil || c.Tally == nil {
		return 0, 0, err
	}
	all = c.Tally.Count(s, record.Which{})
	return float64(all) / s.Length().Seconds(), all, nil
}

// strayed says what is wrong with users who were kept away: by a valve that nobody closed. Empty: nothing.
func strayed(y loadprofiles.Yield) string {
	closed := slices.ContainsFunc(y.Valve, func(t loadprofiles.Turn) bool { return t.Closed })
	if y.Withheld == 0 || closed {
		return ""
	}
	return say("%d users were kept away by a promotion's valve that was never closed", y.Withheld)
}
