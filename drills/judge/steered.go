package judge

import (
	"math"
	"time"

	"redpacket/drills/record"
)

// Steered asks which share of the users of a data centre come to its own front door: none before a staged return, some in
// each of its stages, all at its end.
type Steered struct {
	IDC        string        // whose users, and whose door: a or b
	Share, Off float64       // 0 … 1, and how far off it may be
	Since      time.Duration // the beginning of the window, until users have heard where to go, does not count
	In         string
}

// String is the promise.
func (a Steered) String() string {
	off := ""
	if a.Off > 0 {
		off = say(", %g points more or less,", 100*a.Off)
	}
	since := ""
	if a.Since > 0 {
		since = say(" from its %s on", a.Since)
	}
	return say("in %q%s %s%s of the users of %s come to %s", a.In, since, percent(a.Share), off, a.IDC, a.IDC)
}

// Kind is Hypothesis.
func (Steered) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Steered) Windows() []string { return []string{a.In} }

// arrivals is how many users must have come somewhere to tell a share of them.
const arrivals = 100

// Check compares what both front doors counted between the first reading and the last that tell of both. A count that falls
// is of a gateway that began anew.
func (a Steered) Check(c *Case) (Finding, error) {
	s, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	s.From += a.Since
	other := "b"
	if a.IDC == other {
		other = "a"
	}
	var here, there []record.Point
	for _, g := range c.Gauges {
		h, told := g.Values[record.ArrivedAt(a.IDC, a.IDC)]
		o, too := g.Values[record.ArrivedAt(a.IDC, other)]
		if told && too && g.At >= s.From && g.At < s.To {
			here, there = append(here, record.Point{At: g.At, Value: h}), append(there, record.Point{At: g.At, Value: o})
		}
	}
	came, ok := grown(here)
	went, _ := grown(there)
	switch {
	case !ok || came < 0 || went < 0:
		return unsure(0, "%d readings tell of both front doors, or one began anew", len(here)), nil
	case came+went < arrivals:
		return unsure(uint64(came+went), "%.0f users came anywhere; %d are needed to tell a share", came+went, arrivals), nil
	}
	share := came / (came + went)
	return held(math.Abs(share-a.Share) <= a.Off, uint64(came+went), "%s: %.0f came to %s and %.0f to %s", percent(share), came, a.IDC, went, other), nil
}
