package judge

import "redpacket/drills/record"

// Rate asks how fast a running total of the system's own rises in a window: an expected degradation, such as deliveries
// that stand still, must have been seen, and so must what goes on beside it.
type Rate struct {
	Gauge   record.Gauge // a running total
	In      string
	Of      string  // a window, whose rate the bounds are shares of; empty: they are per second
	AtLeast float64 // 0: nothing need happen
	AtMost  float64 // 0 beside AtLeast: no bound; 0 by itself: nothing may happen
}

// String is the promise.
func (a Rate) String() string {
	unit := "a second"
	if a.Of != "" {
		unit = say("of its rate in %q", a.Of)
	}
	switch {
	case a.AtLeast == 0 && a.AtMost == 0:
		return say("%s stands still in %q", a.Gauge, a.In)
	case a.AtMost == 0:
		return say("%s rises in %q by %g %s at least", a.Gauge, a.In, a.AtLeast, unit)
	}
	return say("%s rises in %q by %g to %g %s", a.Gauge, a.In, a.AtLeast, a.AtMost, unit)
}

// Kind is Hypothesis.
func (Rate) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Rate) Windows() []string {
	if a.Of == "" {
		return []string{a.In}
	}
	return []string{a.In, a.Of}
}

// Check compares the window's first reading with its last. A total that falls is of processes that began anew or
// were not read, and tells nothing; nor does a share of a rate that was 0.
func (a Rate) Check(c *Case) (Finding, error) {
	now, looked, err := c.rate(a.Gauge, a.In)
	if err != nil || looked == 0 {
		return unsure(0, "%s in %q: too few readings, or it fell", a.Gauge, a.In), err
	}
	share := now
	because := say("by %.4g a second", now)
	if a.Of != "" {
		then, n, err := c.rate(a.Gauge, a.Of)
		if err != nil || n == 0 || then == 0 {
			return unsure(0, "%s in %q: too few readings, or it did not rise", a.Gauge, a.Of), err
		}
		share = now / then
		because = say("by %.4g a second, %s of the %.4g before", now, percent(share), then)
	}
	open := a.AtMost == 0 && a.AtLeast > 0
	return held(share >= a.AtLeast && (open || share <= a.AtMost), looked, "%s", because), nil
}

// rate is how fast a running total rises in a window, and from how many readings; none: it cannot be told.
func (c *Case) rate(g record.Gauge, window string) (perSecond float64, looked uint64, err error) {
	s, err := c.where(window)
	if err != nil {
		return 0, 0, err
	}
	line := c.Series(g, s)
	perSecond, ok := pace(line)
	if !ok || perSecond < 0 {
		return 0, 0, nil
	}
	return perSecond, uint64(len(line)), nil
}
