package judge

import (
	"errors"
	"slices"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// SlowedAtMost asks what something that was done to the system costs those who wait: a quantile of their times in one
// window beside the same in another. What was done is there in every second of its window. Where a quarter of the seconds
// were as good as before, something else came and went, and nobody can tell.
type SlowedAtMost struct {
	Ops      []api.Op // none: the critical path
	Quantile float64  // 0 … 1
	By       time.Duration
	ByShare  float64 `json:",omitempty"` // of what it took before, where that is more than By
	In, Than string
}

// most is what the quantile may be in the one window when it was so much in the other.
func (a SlowedAtMost) most(before time.Duration) time.Duration {
	return before + max(a.By, time.Duration(a.ByShare*float64(before)))
}

// allowed is that in words.
func (a SlowedAtMost) allowed() string {
	switch {
	case a.ByShare == 0:
		return a.By.String()
	case a.By == 0:
		return percent(a.ByShare)
	}
	return say("%s, or %s where that is more,", percent(a.ByShare), a.By)
}

// String is the promise.
func (a SlowedAtMost) String() string {
	return say("%s of %s in %q take at most %s longer than in %q", percent(a.Quantile), names(opsOr(a.Ops, Critical())), a.In, a.allowed(), a.Than)
}

// Kind is Hypothesis.
func (SlowedAtMost) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a SlowedAtMost) Windows() []string { return []string{a.In, a.Than} }

// Check reads both quantiles; as in AnswersWithin, those shed do not count and those never answered do.
func (a SlowedAtMost) Check(c *Case) (Finding, error) {
	in, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	than, err := c.where(a.Than)
	if err != nil {
		return Finding{}, err
	}
	if c.Tally == nil {
		return unsure(0, "no tally was kept"), nil
	}
	of := record.Which{Ops: opsOr(a.Ops, Critical()), Outcomes: []api.Outcome{api.Done, api.Refused, api.Doubt}}
	now, then := c.Tally.Count(in, of), c.Tally.Count(than, of)
	if now == 0 || then == 0 {
		return unsure(0, "%d answers in one window, %d in the other", now, then), nil
	}
	took, before := c.Tally.Quantile(in, of, a.Quantile), c.Tally.Quantile(than, of, a.Quantile)
	good := lowerQuarter(c.Tally, in, of, a.Quantile)
	if took > a.most(before) && good <= a.most(before) {
		return unsure(now+then, "%s after %s, but within %s in a quarter of its seconds: the machine was not quiet enough to tell",
			round(took), round(before), round(good)), nil
	}
	return held(took <= a.most(before), now+then, "%s after %s, and within %s in a quarter of its seconds", round(took), round(before), round(good)), nil
}

// lowerQuarter is what a quantile stayed within in a quarter of a span's seconds, those without an answer left out.
func lowerQuarter(t record.Tally, s record.Span, of record.Which, q float64) time.Duration {
	var seconds []time.Duration
	for at := s.From; at+time.Second <= s.To; at += time.Second {
		one := record.Span{From: at, To: at + time.Second}
		if t.Count(one, of) > 0 {
			seconds = append(seconds, t.Quantile(one, of, q))
		}
	}
	if len(seconds) == 0 {
		return t.Quantile(s, of, q)
	}
	slices.Sort(seconds)
	return seconds[len(seconds)/4]
}

// Degraded asks how many answers named an optional part as missing, as a share of the requests of an op: the degradation
// must have been seen where the part is hurt, and not where it is not.
type Degraded struct {
	Part     string // recommend, registry
	Op       api.Op // whose answers name it
	From, To float64
	In       string
}

// String is the promise.
func (a Degraded) String() string {
	return say("%s to %s of the answers to %s in %q name %s as missing", percent(a.From), percent(a.To), a.Op, a.In, a.Part)
}

// Kind is Hypothesis.
func (Degraded) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Degraded) Windows() []string { return []string{a.In} }

// Check compares what the instances counted between the window's first reading and its last with what was asked for
// meanwhile.
func (a Degraded) Check(c *Case) (Finding, error) {
	s, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	if c.Tally == nil {
		return Finding{}, errors.New("no tally was kept")
	}
	line := c.Series(record.DegradedBy(a.Part), s)
	if len(line) < 2 {
		return unsure(0, "%d readings of how many answers name %s", len(line), a.Part), nil
	}
	first, last := line[0], line[len(line)-1]
	asked := c.Tally.Count(record.Span{From: first.At, To: last.At}, record.Which{Ops: []api.Op{a.Op}})
	named := last.Value - first.Value
	share := 0.0
	if asked > 0 {
		share = named / float64(asked)
	}
	return held(share >= a.From && share <= a.To, asked, "%.0f of %d: %s", named, asked, percent(share)), nil
}
