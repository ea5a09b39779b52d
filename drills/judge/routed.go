package judge

import (
	"errors"
	"math"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// RoutedAsAsked asks whether each user was answered by the version that is the user's at a share: by what the answers themselves
// name, and by what gateways and instances have counted meanwhile.
type RoutedAsAsked struct {
	Percent int // of the users, who get the new version in the window: 0 … 100
	In      string
}

// String is the promise.
func (a RoutedAsAsked) String() string {
	return say("in %q just those %d %% of the users are answered by the new version", a.In, a.Percent)
}

// Kind is Hypothesis.
func (RoutedAsAsked) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a RoutedAsAsked) Windows() []string { return []string{a.In} }

// Check looks at the answers that only a version can have given: those that did what was asked.
func (a RoutedAsAsked) Check(c *Case) (Finding, error) {
	s, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	if err := c.inForce(a.Percent, a.In); err != nil {
		return Finding{}, err
	}
	v := c.Versions
	if v == nil || !v.Whole(a.Percent) {
		return Finding{}, errors.New(say("the generator did not tell the users of %d %% apart; the profile needs cohorts", a.Percent))
	}
	of := record.Which{Ops: Critical(), Outcomes: []api.Outcome{api.Done}}
	count := func(w record.Who) uint64 { return v.Of(w).Count(s, of) }
	right := count(record.Who{To: a.Percent, By: record.New}) + count(record.Who{From: a.Percent, To: 100, By: record.Old})
	toOld, toNew := count(record.Who{To: a.Percent, By: record.Old}), count(record.Who{From: a.Percent, To: 100, By: record.New})
	looked := right + toOld + toNew
	if toOld+toNew > 0 {
		return failed(looked, "%d answers of %d came from the other version: %d from the old one to users of the new, %d the other way (%s)", toOld+toNew, looked,
			toOld, toNew, percent(ratio(toOld+toNew, looked))), nil
	}
	if a.Percent > 0 && count(record.Who{To: a.Percent, By: record.New}) == 0 {
		return unsure(looked, "nobody was answered by the new version"), nil
	}
	return a.counters(c, s, looked), nil
}

// The instances also answer synthetic users, and their readings are not taken at the moment at which requests are owed.
const (
	countersOff  = 0.05
	countersMore = 200
)

// counters compares what the generator counted with what gateways and instances counted between two readings.
func (a RoutedAsAsked) counters(c *Case, s record.Span, looked uint64) Finding {
	var seen []string
	for _, g := range []record.Gauge{record.AnsweredByNew, record.ServedByNew} {
		line := c.Series(g, s)
		if len(line) < 2 {
			return unsure(looked, "%d readings of %s", len(line), g)
		}
		first, last := line[0], line[len(line)-1]
		between := record.Span{From: first.At.Round(100 * time.Millisecond), To: last.At.Round(100 * time.Millisecond)}
		ours, theirs := float64(c.Versions.Of(record.Who{To: 100, By: record.New}).Count(between, record.Which{})), last.Value-first.Value
		if math.Abs(theirs-ours) > countersOff*max(ours, theirs)+countersMore {
			return failed(looked, "the answers name the new version %.0f times in %s, and %s is %.0f", ours, round(between.Length()), g, theirs)
		}
		seen = append(seen, say("%s %.0f", g, theirs))
	}
	return passed(looked, "%d answers, none from the other version; counted by others: %v", looked, seen)
}
