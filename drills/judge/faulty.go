package judge

import (
	"errors"
	"strings"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// Comes asks for a share of the requests to come to an outcome: what a fault is expected to do must have been seen, and no
// more of it.
type Comes struct {
	Ops      []api.Op // none: the critical path
	Outcome  api.Outcome
	From, To float64
	In       string
}

// String is the promise.
func (a Comes) String() string {
	return say("%s to %s of %s come to %q in %q", percent(a.From), percent(a.To), names(opsOr(a.Ops, Critical())), a.Outcome, a.In)
}

// Kind is Hypothesis.
func (Comes) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Comes) Windows() []string { return []string{a.In} }

// Check counts outcomes.
func (a Comes) Check(c *Case) (Finding, error) {
	n, err := c.outcomes(a.In, opsOr(a.Ops, Critical()))
	if err != nil {
		return Finding{}, err
	}
	share := ratio(n[a.Outcome], n.all())
	return held(share >= a.From && share <= a.To, n.all(), "%s of %d: %s", percent(share), n.all(), n), nil
}

// Ejected asks how soon callers stop calling an instance that does not work, and that they went on looking whether it does.
type Ejected struct {
	Peer    string
	Within  time.Duration
	After   string // the fault
	Reopens int    // so many times it was tried again and failed, at least
}

// String is the promise.
func (a Ejected) String() string {
	return say("%s is ejected within %s after %q, and tried again %d times or more before it works", a.Peer, a.Within, a.After, a.Reopens)
}

// Kind is Hypothesis.
func (Ejected) Kind() Kind { return Hypothesis }

// Windows are the windows and steps it asks about.
func (a Ejected) Windows() []string { return []string{a.After} }

// Check reads what the callers counted, from the last reading before the fault on.
func (a Ejected) Check(c *Case) (Finding, error) {
	from, err := c.since(a.After)
	if err != nil {
		return Finding{}, err
	}
	ejections, reopens := c.Series(record.L5(record.L5Ejections, a.Peer), everything()), c.Series(record.L5(record.L5Reopens, a.Peer), everything())
	if len(ejections) == 0 || len(reopens) == 0 || ejections[len(ejections)-1].At <= from {
		return unsure(0, "nobody told what callers think of %s", a.Peer), nil
	}
	before := valueAt(ejections, from)
	tried := int(reopens[len(reopens)-1].Value - valueAt(reopens, from))
	for _, p := range ejections {
		if p.At <= from || p.Value <= before {
			continue
		}
		took := p.At - from
		return held(took <= a.Within && tried >= a.Reopens, uint64(len(ejections)), "ejected after %s; tried again and failed %d times", round(took), tried), nil
	}
	watched := ejections[len(ejections)-1].At - from
	if watched < a.Within {
		return unsure(uint64(len(ejections)), "not ejected in the %s that were watched", round(watched)), nil
	}
	return failed(uint64(len(ejections)), "not ejected in %s", round(watched)), nil
}

// valueAt is the last reading until a time; 0: there was none.
func valueAt(line []record.Point, at time.Duration) (v float64) {
	for _, p := range line {
		if p.At > at {
			break
		}
		v = p.Value
	}
	return v
}

// Avoided asks how much of a pool's traffic still goes to an instance that does not work, as a share of an even share.
type Avoided struct {
	Peer   string
	Pool   []string // all instances of the pool
	AtMost float64
	In     string
}

// String is the promise.
func (a Avoided) String() string {
	return say("%s gets at most %s of its even share of the calls to %s in %q", a.Peer, percent(a.AtMost), strings.Join(a.Pool, ", "), a.In)
}

// Kind is Hypothesis.
func (Avoided) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Avoided) Windows() []string { return []string{a.In} }

// Check compares what callers counted between the window's first reading and its last.
func (a Avoided) Check(c *Case) (Finding, error) {
	s, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	var all, own float64
	for _, peer := range a.Pool {
		calls, ok := grown(c.Series(record.L5(record.L5Calls, peer), s))
		if !ok {
			return unsure(0, "nobody told how often %s was called", peer), nil
		}
		if all += calls; peer == a.Peer {
			own = calls
		}
	}
	if all == 0 {
		return unsure(0, "nobody was called"), nil
	}
	share := own / all * float64(len(a.Pool))
	return held(share <= a.AtMost, uint64(all), "%.0f of %.0f calls: %s of an even share", own, all, percent(share)), nil
}

// grown is by how much a running total grew between the first reading and the last; false: there are not two.
func grown(line []record.Point) (float64, bool) {
	if len(line) < 2 {
		return 0, false
	}
	return line[len(line)-1].Value - line[0].Value, true
}

// ProbedGently asks that an instance which does not work is tried again by a few calls each time, and no storm of them.
type ProbedGently struct {
	Peer string
	Most int // calls, each time
}

// String is the promise.
func (a ProbedGently) String() string {
	return say("each time %s is tried again, it is by %d calls at most", a.Peer, a.Most)
}

// Kind is Hypothesis.
func (ProbedGently) Kind() Kind { return Hypothesis }

// Check compares the calls that were let through with how often the instance was ejected: each time it is tried once.
func (a ProbedGently) Check(c *Case) (Finding, error) {
	probes, ok := grown(c.Series(record.L5(record.L5Probes, a.Peer), everything()))
	ejections, known := grown(c.Series(record.L5(record.L5Ejections, a.Peer), everything()))
	reopens, told := grown(c.Series(record.L5(record.L5Reopens, a.Peer), everything()))
	if !ok || !known || !told {
		return unsure(0, "nobody told how %s was tried", a.Peer), nil
	}
	if probes == 0 {
		return unsure(0, "%s was never tried again", a.Peer), nil
	}
	times := ejections + reopens
	return held(probes <= times*float64(a.Most), uint64(probes), "%.0f calls, %.0f times", probes, times), nil
}

// Delivers asks how fast games' orders are delivered in one window beside another.
type Delivers struct {
	Games          []uint8
	AtLeast, Below float64 // share of the other window's rate; Below 0: no bound
	In, Than       string
}

// String is the promise.
func (a Delivers) String() string {
	bounds := say("at least %s", percent(a.AtLeast))
	if a.Below > 0 {
		bounds = say("%s to %s", percent(a.AtLeast), percent(a.Below))
	}
	return say("games %v are delivered in %q at %s of the rate in %q, each", a.Games, a.In, bounds, a.Than)
}

// Kind is Hypothesis.
func (Delivers) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Delivers) Windows() []string { return []string{a.In, a.Than} }

// Check compares deliveries a second between the readings of each window.
func (a Delivers) Check(c *Case) (Finding, error) {
	in, err := c.where(a.In)
	than, other := c.where(a.Than)
	if err := errors.Join(err, other); err != nil {
		return Finding{}, err
	}
	var wrong []string
	looked := uint64(0)
	for _, game := range a.Games {
		now, ok := pace(c.Series(record.DeliveredIn(game), in))
		then, known := pace(c.Series(record.DeliveredIn(game), than))
		if !ok || !known || then == 0 {
			return unsure(looked, "game %d: %.1f/s, and %.1f/s to compare with", game, now, then), nil
		}
		looked++
		if share := now / then; share < a.AtLeast || a.Below > 0 && share >= a.Below {
			wrong = append(wrong, say("game %d: %.1f/s after %.1f/s", game, now, then))
		}
	}
	f := held(len(wrong) == 0, looked, "%d of %d games", len(a.Games)-len(wrong), len(a.Games))
	f.Examples = few(wrong)
	return f, nil
}

// pace is a running total's growth a second; false: there are not two readings.
func pace(line []record.Point) (float64, bool) {
	sum, ok := grown(line)
	if !ok {
		return 0, false
	}
	return sum / (line[len(line)-1].At - line[0].At).Seconds(), true
}
