package judge

import (
	"cmp"
	"strings"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
	"redpacket/system/books"
)

// LoadOffered asks whether the load was honest: what was owed left, and left on time.
type LoadOffered struct {
	AtLeast float64       // launched/owed, of clicks and of requests: 0.99
	LateBy  time.Duration // bound on the lateness p99 of clicks
	LateTo  float64       // bound on the share of clicks more than 100 ms late: 0.01
}

// String is the promise.
func (a LoadOffered) String() string {
	return say("the load was offered: at least %s of what was owed left, p99 no later than %s", percent(a.AtLeast), a.LateBy)
}

// Kind is Validity.
func (LoadOffered) Kind() Kind { return Validity }

// bunchedTo is the share of the curve's 20 ms whose load may come in lumps: a stall of the whole machine bunches a few of
// them, a generator that sends in lumps nearly all.
const bunchedTo = 0.1

// Check looks at what the generator owed and launched, and when.
func (a LoadOffered) Check(c *Case) (Finding, error) {
	y := c.Yield
	requests, clicks := ratio(y.Launched, y.Owed), ratio(y.Clicks.Launched, y.Clicks.Owed)
	f := passed(y.Owed, "%d of %d requests and %d of %d clicks left; lateness p99 %s, %s more than 100 ms late",
		y.Launched, y.Owed, y.Clicks.Launched, y.Clicks.Owed, round(y.LateP99), percent(y.LateOver))
	var wrong []string
	bad := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, say(format, args...))
		}
	}
	bad(requests < a.AtLeast || clicks < a.AtLeast, "load is missing: %s of the owed requests and %s of the owed clicks never left",
		percent(1-requests), percent(1-clicks))
	bad(y.LateP99 > a.LateBy, "the load was late: p99 %s after it was owed, want %s at most", round(y.LateP99), a.LateBy)
	bad(y.LateOver > a.LateTo, "the load was late: %s of the clicks left more than 100 ms after they were owed, want %s at most",
		percent(y.LateOver), percent(a.LateTo))
	bad(y.Bunched > bunchedTo, "the load was bunched: in %s of the curve's 20 ms less than half or more than double of what was owed left, want %s at most",
		percent(y.Bunched), percent(bunchedTo))
	if s := strayed(y); s != "" {
		wrong = append(wrong, s)
	}
	if len(wrong) > 0 {
		f.Status = Inconclusive
		f.Because = strings.Join(wrong, "; ") + " (" + f.Because + "); give the generator a core of its own, or a smaller --scale"
	}
	return f, nil
}

// GeneratorKeptUp asks whether the generator saw its load through: connections held, and every answer was counted.
type GeneratorKeptUp struct {
	Dropped uint64 // connections that may be lost: 0 unless a step cuts them
}

// String is the promise.
func (a GeneratorKeptUp) String() string {
	return say("the generator kept up: the volley ran to its end, all it launched is counted, %d connections dropped at most", a.Dropped)
}

// Kind is Validity.
func (GeneratorKeptUp) Kind() Kind { return Validity }

// Check compares the volley's counts with its tally and its curve.
func (a GeneratorKeptUp) Check(c *Case) (Finding, error) {
	if c.Tally == nil {
		return unsure(0, "no tally was kept"), nil
	}
	counted := c.Tally.Count(everything(), record.Which{})
	planned := c.Profile.Curve.Length()
	if slow := slowed(c); slow != "" {
		return unsure(counted, "%s", slow), nil
	}
	switch y := c.Yield; {
	case y.Stopped:
		return unsure(counted, "the volley was stopped after %s of %s", round(y.Length), planned), nil
	case y.Dropped > a.Dropped:
		return unsure(counted, "%d connections were lost; want at most %d", y.Dropped, a.Dropped), nil
	case y.Length < planned*99/100:
		return unsure(counted, "the volley lasted %s of %s", round(y.Length), planned), nil
	case counted < y.Launched-y.Launched/1000:
		return unsure(counted, "%d requests were launched and %d are counted", y.Launched, counted), nil
	}
	return passed(counted, "%d requests counted over %s, %d connections lost", counted, round(c.Yield.Length), c.Yield.Dropped), nil
}

// The bounds on what held the generator up, beside what that did to the load.
const (
	starvedTo  = 0.5                    // share of the time its threads waited for a processor
	readLateTo = 0.01                   // share of Vegeta's results read more than 100 ms late
	untoldTo   = 0.2                    // share of the reports of progress, two a second, that were not taken
	heldTo     = 250 * time.Millisecond // waiting for the journal's disk
)

// slowed says what held the generator up; empty: nothing.
func slowed(c *Case) string {
	y := c.Yield
	reports := 2 * c.Profile.Curve.Length().Seconds()
	switch {
	case y.Starved > starvedTo:
		return say("the generator was starved: %s of the time its threads were ready to run and something else had their core, want %s at most; keep other processes off core %s",
			percent(y.Starved), percent(starvedTo), cmp.Or(y.Cores, "(any: it has none of its own)"))
	case y.ReadLate > readLateTo:
		return say("the reader of Vegeta's results was too slow: %s of them waited more than 100 ms, want %s at most", percent(y.ReadLate), percent(readLateTo))
	case y.Held > heldTo:
		return say("the journal's disk held the load up for %s, want %s at most; let --out be on a faster one", round(y.Held), heldTo)
	case float64(y.Untold) > untoldTo*reports:
		return say("the harness was too slow: it did not take %d of %.0f reports of the generator in time", y.Untold, reports)
	}
	return ""
}

// Watched asks whether the harness itself saw the whole drill.
type Watched struct {
	AtLeast float64 // share of the gauge readings that were due: 0.8
}

// String is the promise.
func (a Watched) String() string {
	return say("the harness watched the whole drill: %s of the gauge readings, and no trouble of its own", percent(a.AtLeast))
}

// Kind is Validity.
func (Watched) Kind() Kind { return Validity }

// Check counts the samples of the gauges between the drill's start and the end of its load.
func (a Watched) Check(c *Case) (Finding, error) {
	if len(c.Troubles) > 0 {
		return Finding{Looked: uint64(len(c.Gauges)), Because: c.Troubles[0], Examples: few(c.Troubles)}, nil
	}
	due := max(1, int(c.Length()/SampleEvery))
	read := 0
	for _, s := range c.Gauges {
		if s.At <= c.Length() && s.Err == "" && len(s.Values) > 0 {
			read++
		}
	}
	f := passed(uint64(read), "%d readings of %d due", read, due)
	if float64(read) < a.AtLeast*float64(due) {
		f.Status = Inconclusive
	}
	return f, nil
}

// SampleEvery is the time between two readings of the gauges.
const SampleEvery = 500 * time.Millisecond

// BooksRead asks whether the stores were read, so that the invariants have something to look at.
type BooksRead struct{}

// String is the promise.
func (BooksRead) String() string {
	return "the books were read: Redis, the log and the ledger, and the journal of every claim"
}

// Kind is Validity.
func (BooksRead) Kind() Kind { return Validity }

// Check wants every shelf read, grants in Redis and the log, and a journal as long as the tally says.
func (BooksRead) Check(c *Case) (Finding, error) {
	var entries uint64
	for _, s := range []books.Shelf{books.Cmem, books.Log, books.Ledger} {
		n, read := c.Shelves[s]
		if !read {
			return unsure(entries, "the shelf %q was not read", s), nil
		}
		if n == 0 {
			return unsure(entries, "the shelf %q is empty", s), nil
		}
		entries += n
	}
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	if c.Tally == nil {
		return unsure(entries, "no tally was kept, so nobody knows how many claims there were"), nil
	}
	if claims := c.Tally.Count(everything(), record.Which{Ops: []api.Op{api.Claim}}); m.attempts < claims {
		return unsure(entries, "the journal has %d claims of %d", m.attempts, claims), nil
	}
	return passed(entries+m.attempts, "%d holders in Redis, %d entries in the log, %d deliveries in the ledger, %d claims in the journal",
		c.Shelves[books.Cmem], c.Shelves[books.Log], c.Shelves[books.Ledger], m.attempts), nil
}

// StepsEffective asks whether every step of the timeline was seen to bite.
type StepsEffective struct{}

// String is the promise.
func (StepsEffective) String() string { return "every step of the timeline took effect" }

// Kind is Validity.
func (StepsEffective) Kind() Kind { return Validity }

// Check looks at the events of faults and playbooks.
func (StepsEffective) Check(c *Case) (Finding, error) {
	var looked uint64
	for _, e := range c.Events {
		if e.Track != record.Fault && e.Track != record.Playbook {
			continue
		}
		looked++
		if e.Err != "" {
			return unsure(looked, "%s: %s", e.What, e.Err), nil
		}
		if e.Effective == 0 {
			return unsure(looked, "%s: no effect was seen", e.What), nil
		}
	}
	return passed(looked, "%d steps were seen to take effect", looked), nil
}
