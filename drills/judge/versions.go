package judge

import (
	"errors"
	"math"
	"time"

	"redpacket/drills/judge/sameness"
	"redpacket/drills/record"
	"redpacket/system/api"
)

// SameVersion asks whether a new version, released to a share of the users, is no worse to them than the old one is to the others at
// the same time. Who is compared is decided by the users' hash, whatever answered them; the split is looked at first. Where so few users
// cannot tell it is inconclusive, and says what is missing: not to be shown worse is not to be the same.
type SameVersion struct {
	Percent int     // of the users, who get the new version in the window: 1 … 99
	Slower  float64 // the p99 may be so many times the old one's: 1.1
	Plainly float64 // it fails from so many times on: 1.5, where the sides carry loads so different that they do not run alike; 0: from Slower on
	Errors  float64 // and so large a share more may not be answered as meant: 0.0005
	In      string
}

// String is the promise.
func (a SameVersion) String() string {
	return say("for %d %% of the users in %q the new version's p99 is shown to be at most %s above the old one's, and its errors %s points", a.Percent, a.In,
		percent(a.Slower-1), points(a.Errors)) + a.plainly()
}

func (a SameVersion) plainly() string {
	if a.Plainly == 0 {
		return ""
	}
	return say("; it fails from %s on", percent(a.Plainly-1))
}

// Kind is Hypothesis.
func (SameVersion) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a SameVersion) Windows() []string { return []string{a.In} }

// Comparison is what a stage of a release came to.
type Comparison struct {
	SameVersion
	Split  SampleRatio
	Asked  [2]uint64 // requests of the users who should have had the new version, and of the others
	Judged []sameness.Finding
}

// Check compares the versions.
func (a SameVersion) Check(c *Case) (Finding, error) {
	got, err := a.Compare(c.Record)
	if err == nil {
		err = c.inForce(a.Percent, a.In)
	}
	if err != nil {
		return Finding{}, err
	}
	return got.finding(), nil
}

// finding is the comparison as a finding.
func (g Comparison) finding() Finding {
	looked := g.Asked[0] + g.Asked[1]
	var f Finding
	switch {
	case !g.Split.enough():
		f = unsure(looked, "%s", g.Split.tooFew())
	case g.Split.wrong():
		f = unsure(looked, "%s, so who was compared is not known", g.Split)
	default:
		f = Finding{Status: statusOf(sameness.Worst(g.Judged)), Looked: looked, Because: say("%s: %s", g.Split, g.summary())}
	}
	for _, m := range g.Judged {
		f.Examples = append(f.Examples, say("%s %s: %s", m.Metric, statusOf(m.Status), m.Because))
	}
	return f
}

// summary counts the metrics by what they came to.
func (g Comparison) summary() string {
	n := [3]int{}
	for _, m := range g.Judged {
		n[m.Status]++
	}
	return say("%d metrics pass, %d fail, %d cannot tell", n[sameness.Same], n[sameness.Worse], n[sameness.Unknown])
}

// statusOf is what is known of a metric as a status.
func statusOf(s sameness.Status) Status {
	return map[sameness.Status]Status{sameness.Same: Pass, sameness.Worse: Fail}[s]
}

// inForce is an error unless a release was at a share during all of a window, and half a second before.
func (c *Case) inForce(share int, window string) error {
	w, err := c.where(window)
	if err != nil || share == 0 {
		return err
	}
	e, taken := c.Event(StageName(share))
	back, ended := c.Event(TakeBack)
	switch {
	case !taken || e.Effective == 0:
		return errors.New(say("the release never came to %d %%", share))
	case e.Effective > w.From-time.Second/2:
		return errors.New(say("the release to %d %% was effective at %s, and %q begins at %s", share, round(e.Effective), window, round(w.From)))
	case ended && back.From < w.To:
		return errors.New(say("the release was taken back at %s, and %q ends at %s", round(back.From), window, round(w.To)))
	}
	return nil
}

// Compare works a stage out from a record, or from as much of it as there is.
func (a SameVersion) Compare(r *record.Record) (Comparison, error) {
	g := Comparison{SameVersion: a}
	w, ok := r.Window(a.In)
	switch {
	case !ok:
		return g, errors.New(say("the drill had no window %q", a.In))
	case !(a.Percent > 0 && a.Percent < 100 && a.Slower > 1 && a.Errors > 0) || a.Plainly != 0 && a.Plainly < a.Slower:
		return g, errors.New("it wants 1 to 99 percent and margins above 0")
	case r.Versions == nil || !r.Versions.Whole(a.Percent):
		return g, errors.New(say("the generator did not tell the users of %d %% apart; the profile needs cohorts", a.Percent))
	}
	var err error
	if g.Split, err = splitOf(r, w.Span, a.Percent); err != nil {
		return g, err
	}
	sides := sides{span: w.Span, seed: r.Seed, gray: r.Versions.Of(record.Who{To: a.Percent}), base: r.Versions.Of(record.Who{From: a.Percent, To: 100})}
	for i, t := range []record.Requests{sides.gray, sides.base} {
		g.Asked[i] = t.Count(w.Span, record.Which{Ops: Critical()})
	}
	reads := []api.Op{api.List, api.Select, api.Receipt}
	g.Judged = sameness.Judge([]sameness.Metric{
		sides.slower("p99 of reads", reads, a), sides.slower("p99 of claims", []api.Op{api.Claim}, a), sides.errors(a.Errors),
	}, sameness.Usual())
	return g, nil
}

// sides are what is compared.
type sides struct {
	span       record.Span
	seed       uint64
	gray, base record.Requests
}

// leastASecond is how many answers of each side a second needs: below it a p99 is their longest.
const leastASecond = 100

// slower compares the p99 of ops second by second. Those shed do not count, and those never answered do.
func (s sides) slower(name string, ops []api.Op, a SameVersion) sameness.Metric {
	m := sameness.Metric{Name: name, Margin: math.Log(a.Slower), Plain: math.Log(max(1, a.Plainly)), Words: times}
	of := record.Which{Ops: ops, Outcomes: []api.Outcome{api.Done, api.Refused, api.Doubt}}
	var pairs []sameness.Pair
	least := uint64(math.MaxUint64)
	for at := s.span.From; at+time.Second <= s.span.To; at += time.Second {
		one := record.Span{From: at, To: at + time.Second}
		g, b := s.gray.Count(one, of), s.base.Count(one, of)
		m.Seconds++
		least = min(least, g, b)
		if min(g, b) >= leastASecond {
			pairs = append(pairs, sameness.Pair{Gray: p99(s.gray, one, of, g), Base: p99(s.base, one, of, b)})
		}
	}
	if ratio, ok := sameness.RatioOf(pairs, s.seed); ok {
		m.Effect = ratio
		return m
	}
	m.Missing = say("only %d of %.0f seconds have %d answers on both sides and a time; the fewest are %d. %d seconds are needed", len(pairs), m.Seconds, leastASecond, least, sameness.LeastPairs)
	return m
}

// p99 is the quantile of n answers by which sides of different sizes can be compared: between the two answers next to the
// rank q(n + 1/2). Where times fall off as a power, the k-th of n is expected, by its logarithm, at H(n) - H(n-k) (Rényi
// 1953), and this is within 2 % of the quantile of infinitely many from 100 answers on; the longest of 120 is 16 % beyond.
func p99(t record.Requests, s record.Span, of record.Which, n uint64) float64 {
	const q = 0.99
	below, part := math.Modf(q * (float64(n) + 0.5))
	at := func(rank float64) float64 { return t.Quantile(s, of, min(1, rank/float64(n))).Seconds() }
	return (1-part)*at(below) + part*at(below+1)
}

// leastAsked is how many requests of each side the errors need.
const leastAsked = 100

// errors compares the shares of the critical path that were not answered as meant: failed, shed, or never answered.
func (s sides) errors(margin float64) sameness.Metric {
	m := sameness.Metric{Name: "errors", Margin: margin, Words: points, Seconds: s.span.Length().Seconds()}
	count := func(t record.Requests) sameness.Count {
		return sameness.Count{Of: t.Count(s.span, record.Which{Ops: Critical(), Outcomes: []api.Outcome{api.Failed, api.Shed, api.Doubt}}),
			All: t.Count(s.span, record.Which{Ops: Critical()})}
	}
	d := sameness.Difference{Gray: count(s.gray), Base: count(s.base)}
	if min(d.Gray.All, d.Base.All) < leastAsked {
		m.Missing = say("%d requests of the new version and %d of the old; %d of each are needed", d.Gray.All, d.Base.All, leastAsked)
		return m
	}
	m.Effect = d
	return m
}

// times writes a ratio that is kept as its logarithm.
func times(log float64) string { return say("%.3f", math.Exp(log)) }

// points writes a share as percentage points.
func points(share float64) string { return say("%.3f", 100*share) }
