package judge

import (
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// sustained is how many seconds in a row must be good before recovery is believed.
const sustained = 5

// RecoversWithin asks how soon requests succeed again, and go on succeeding, after a window has ended or a step has
// taken effect.
type RecoversWithin struct {
	Ops     []api.Op // none: the critical path
	AtLeast float64  // share that succeeds, as in Succeeds, in each of five seconds in a row
	Limit   time.Duration
	After   string // a window's name, or a step as the script writes it
}

// String is the promise.
func (a RecoversWithin) String() string {
	return say("within %s after %q, at least %s of %s succeed again", a.Limit, a.After, percent(a.AtLeast), names(opsOr(a.Ops, Critical())))
}

// Kind is Recovery.
func (RecoversWithin) Kind() Kind { return Recovery }

// Windows are the windows and steps it asks about.
func (a RecoversWithin) Windows() []string { return []string{a.After} }

// Check looks for the first of five good seconds. A load that ends before the limit and before recovery leaves doubt.
func (a RecoversWithin) Check(c *Case) (Finding, error) {
	from, err := c.since(a.After)
	if err != nil {
		return Finding{}, err
	}
	if c.Tally == nil {
		return unsure(0, "no tally was kept"), nil
	}
	good, seconds, looked := 0, 0, uint64(0)
	for at := from; at+time.Second <= c.Length(); at += time.Second {
		n := count(c.Tally, record.Span{From: at, To: at + time.Second}, opsOr(a.Ops, Critical()))
		looked += n.all()
		seconds++
		if n[api.Done] > 0 && ratio(n[api.Done]+n[api.Refused], n.all()) >= a.AtLeast {
			good++
		} else {
			good = 0
		}
		if good == sustained {
			took := at + time.Second - from - sustained*time.Second
			return held(took <= a.Limit, looked, "recovered after %s, and stayed so for %d s", round(took), sustained), nil
		}
	}
	watched := time.Duration(seconds) * time.Second
	if watched < a.Limit+sustained*time.Second {
		return unsure(looked, "not recovered in the %s that were watched; the limit is %s", watched, a.Limit), nil
	}
	return failed(looked, "not recovered in %s", watched), nil
}

// ShardReopens asks how soon a shard that lost its Redis is open again, under a new epoch.
type ShardReopens struct {
	Within time.Duration
	After  string // the step, as the script writes it
}

// String is the promise.
func (a ShardReopens) String() string {
	return say("the shard is open again under a new epoch within %s after %q", a.Within, a.After)
}

// Kind is Recovery.
func (ShardReopens) Kind() Kind { return Recovery }

// Windows are the windows and steps it asks about.
func (a ShardReopens) Windows() []string { return []string{a.After} }

// Check reads the keeper's gauges: the epoch must have moved, and the shard be open under the new one.
func (a ShardReopens) Check(c *Case) (Finding, error) {
	from, err := c.since(a.After)
	if err != nil {
		return Finding{}, err
	}
	before := 0.0
	var looked uint64
	var last time.Duration
	for _, s := range c.Gauges {
		epoch, ok := s.Values[record.ShardEpoch]
		open, known := s.Values[record.ShardOpen]
		if !ok || !known {
			continue
		}
		if s.At <= from {
			before = max(before, epoch)
			continue
		}
		looked++
		last = s.At - from
		if epoch > before && open == 1 {
			return held(last <= a.Within, looked, "open under epoch %.0f after %.1f s (was %.0f)", epoch, last.Seconds(), before), nil
		}
	}
	if before == 0 {
		return unsure(looked, "no epoch was seen before"), nil
	}
	if last < a.Within {
		return unsure(looked, "not open again in the %.1f s that were watched", last.Seconds()), nil
	}
	return failed(looked, "not open again in %.1f s", last.Seconds()), nil
}

// Settles asks whether, after the load, every claim came to an end the system knows, so that the books can be closed.
type Settles struct{ Within time.Duration }

// String is the promise.
func (a Settles) String() string {
	return say("within %s after the load, no claim is unsettled and the shard is open", a.Within)
}

// Kind is Recovery.
func (Settles) Kind() Kind { return Recovery }

// Check reads what the drain came to.
func (a Settles) Check(c *Case) (Finding, error) {
	if c.Drain.Settled {
		return held(c.Drain.Took <= a.Within, 1, "settled after %s", round(c.Drain.Took)), nil
	}
	if c.Drain.Took < a.Within {
		return unsure(1, "given up after %s: %s", round(c.Drain.Took), c.Drain.Why), nil
	}
	return failed(1, "still open after %s: %s", round(c.Drain.Took), c.Drain.Why), nil
}
