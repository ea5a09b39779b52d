package judge

import (
	"slices"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// Succeeds asks whether requests were answered as the business meant them: done, or refused by a rule. Being shed,
// failing and not hearing are no success.
type Succeeds struct {
	Ops     []api.Op // none: the critical path
	AtLeast float64
	In      string
}

// String is the promise.
func (a Succeeds) String() string {
	return say("at least %s of %s succeed in %q", percent(a.AtLeast), names(opsOr(a.Ops, Critical())), a.In)
}

// Kind is Hypothesis.
func (Succeeds) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Succeeds) Windows() []string { return []string{a.In} }

// Check counts answers. A window in which nothing was done at all fails, however politely it refused.
func (a Succeeds) Check(c *Case) (Finding, error) {
	n, err := c.outcomes(a.In, opsOr(a.Ops, Critical()))
	if err != nil {
		return Finding{}, err
	}
	good := n[api.Done] + n[api.Refused]
	return held(ratio(good, n.all()) >= a.AtLeast && n[api.Done] > 0 || n.all() == 0, n.all(), "%s of %d: %s",
		percent(ratio(good, n.all())), n.all(), n), nil
}

// AnswersWithin asks how long clients waited, from when the request was owed. Those never answered count with the time
// at which they gave up; those shed do not count, they were quick and would flatter.
type AnswersWithin struct {
	Ops      []api.Op // none: the critical path
	Quantile float64  // 0 … 1
	Limit    time.Duration
	In       string
}

// String is the promise.
func (a AnswersWithin) String() string {
	return say("%s of %s are answered within %s in %q", percent(a.Quantile), names(opsOr(a.Ops, Critical())), a.Limit, a.In)
}

// Kind is Hypothesis.
func (AnswersWithin) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a AnswersWithin) Windows() []string { return []string{a.In} }

// Check reads the quantile from the histograms.
func (a AnswersWithin) Check(c *Case) (Finding, error) {
	s, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	if c.Tally == nil {
		return unsure(0, "no tally was kept"), nil
	}
	of := record.Which{Ops: opsOr(a.Ops, Critical()), Outcomes: []api.Outcome{api.Done, api.Refused, api.Doubt}}
	took := c.Tally.Quantile(s, of, a.Quantile)
	return held(took <= a.Limit, c.Tally.Count(s, of), "%s took up to %s", percent(a.Quantile), round(took)), nil
}

// Goodput asks how much was done per second in a window, as a share of another window's, or of what was asked for.
type Goodput struct {
	Ops     []api.Op // none: the critical path
	In      string
	AtLeast float64
	Of      string // a window; empty: of the requests of In itself
}

// String is the promise.
func (a Goodput) String() string {
	of := "of what was asked for"
	if a.Of != "" {
		of = say("of that in %q", a.Of)
	}
	return say("goodput of %s in %q is at least %s %s", names(opsOr(a.Ops, Critical())), a.In, percent(a.AtLeast), of)
}

// Kind is Hypothesis.
func (Goodput) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Goodput) Windows() []string {
	if a.Of == "" {
		return []string{a.In}
	}
	return []string{a.In, a.Of}
}

// Check compares requests done per second.
func (a Goodput) Check(c *Case) (Finding, error) {
	ops := opsOr(a.Ops, Critical())
	now, err := c.outcomes(a.In, ops)
	if err != nil {
		return Finding{}, err
	}
	in, _ := c.where(a.In)
	got, want := float64(now[api.Done])/in.Length().Seconds(), float64(now.all())/in.Length().Seconds()
	if a.Of != "" {
		then, err := c.outcomes(a.Of, ops)
		if err != nil {
			return Finding{}, err
		}
		of, _ := c.where(a.Of)
		want = float64(then[api.Done]) / of.Length().Seconds()
	}
	if want == 0 {
		return unsure(0, "nothing was done to compare with"), nil
	}
	return held(got >= a.AtLeast*want, now.all(), "%.0f/s of %.0f/s: %s (at this scale, %g)", got, want, percent(got/want), c.Scale), nil
}

// RefusalsExplicit asks whether those who got nothing were told so: refused or shed, with a code and a friendly body.
type RefusalsExplicit struct {
	Ops     []api.Op // none: the critical path
	AtLeast float64  // of the requests that were not done; what is left may be unknown, none may have failed
	In      string
}

// String is the promise.
func (a RefusalsExplicit) String() string {
	return say("at least %s of those not served in %q are told so, and none gets an answer the API does not promise", percent(a.AtLeast), a.In)
}

// Kind is Hypothesis.
func (RefusalsExplicit) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a RefusalsExplicit) Windows() []string { return []string{a.In} }

// Check counts what became of the requests that were not done.
func (a RefusalsExplicit) Check(c *Case) (Finding, error) {
	n, err := c.outcomes(a.In, opsOr(a.Ops, Critical()))
	if err != nil {
		return Finding{}, err
	}
	not := n.all() - n[api.Done]
	told := n[api.Refused] + n[api.Shed]
	return held(n[api.Failed] == 0 && ratio(told, not) >= a.AtLeast, not, "%d were not served, %s of them were told: %s", not, percent(ratio(told, not)), n), nil
}

// QueueFlat asks whether a gauge that measures waiting stays level: its median in the last third of a window is at most
// Slack above its median in the first third.
type QueueFlat struct {
	Gauge record.Gauge // none: the wait in ams that the gateway measures
	Slack float64      // in the gauge's unit
	In    string
}

// String is the promise.
func (a QueueFlat) String() string {
	return say("%s does not grow by more than %g in %q", a.gauge(), a.Slack, a.In)
}

// Kind is Hypothesis.
func (QueueFlat) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a QueueFlat) Windows() []string { return []string{a.In} }

func (a QueueFlat) gauge() record.Gauge {
	if a.Gauge == "" {
		return record.QueueWait
	}
	return a.Gauge
}

// Check compares the medians of the first and the last third; it wants three readings in each.
func (a QueueFlat) Check(c *Case) (Finding, error) {
	s, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	third := s.Length() / 3
	first, n := median(c.Series(a.gauge(), record.Span{From: s.From, To: s.From + third}))
	last, k := median(c.Series(a.gauge(), record.Span{From: s.To - third, To: s.To}))
	if n < 3 || k < 3 {
		return unsure(uint64(n+k), "only %d and %d readings", n, k), nil
	}
	return held(last <= first+a.Slack, uint64(n+k), "median %.4g in the first third, %.4g in the last", first, last), nil
}

func median(line []record.Point) (float64, int) {
	if len(line) == 0 {
		return 0, 0
	}
	values := make([]float64, len(line))
	for i, p := range line {
		values[i] = p.Value
	}
	slices.Sort(values)
	return values[len(values)/2], len(values)
}
