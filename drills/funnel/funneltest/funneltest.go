// Package funneltest makes what a gray rehearsal would have recorded of users who behave by given ratios: for tests, without a
// system or a clock.
package funneltest

import (
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// Users are those who were shown the event, and what they did. Ratios come out as exactly as whole numbers allow.
type Users struct {
	Exposures                     int     // per second
	Click, Statics, List          float64 // clicks an exposure, static parts and lists a click
	Select, Claim, Win, Receipt   float64 // each of the one before; a receipt of a granted claim
	Registry, Hit                 float64 // lookups a claim, and the share of them that the list in memory answers
	Retried, Shed                 float64 // retries a list, and lists shed besides those asked
	Light, Heavy, Logged, Watches float64 // calls a request that goes there, 1 in a sound system; journeys of watchers a second
}

// ByTheSheet are users who behave as a sheet says.
func ByTheSheet(s estimate.Sheet, exposures int) Users {
	u := Users{Exposures: exposures, Click: s.Click.Mid, Statics: s.Statics.Mid * (1 - s.Offline), List: s.Steps.List.Mid, Select: s.Steps.Select.Mid,
		Claim: s.Steps.Claim.Mid, Win: s.Steps.Win.Mid, Receipt: s.Steps.Receipt.Mid, Light: 1, Heavy: 1, Logged: 1, Watches: 1}
	for _, l := range s.Links {
		if l.To == "registry" {
			u.Registry, u.Hit = l.Calls.Claim, l.Hit
		}
	}
	return u
}

// totals are how many of each there were until now.
type totals struct {
	exposures, clicks, again, shed float64
	asked                          [api.Ops]float64
	wins                           float64
}

// at is the totals when so many users were shown the event.
func (u Users) at(exposures float64) totals {
	t := totals{exposures: exposures, clicks: exposures * u.Click}
	t.asked[api.Static], t.asked[api.List] = t.clicks*u.Statics, t.clicks*u.List
	t.again, t.shed = t.asked[api.List]*u.Retried, t.asked[api.List]*u.Shed
	t.asked[api.Select] = t.asked[api.List] * u.Select
	t.asked[api.Claim] = t.asked[api.Select] * u.Claim
	t.wins = t.asked[api.Claim] * u.Win
	t.asked[api.Receipt] = t.wins * u.Receipt
	return t
}

// Fill adds what the users did in a span to a tally, and what the system counted of it to samples of its gauges, which are
// in order of time.
func (u Users) Fill(t *tally.Tally, gauges []record.Sample, in record.Span) {
	for at := in.From; at < in.To; at += tally.Slot {
		u.slot(t, at, (at - in.From).Seconds())
	}
	for i := range gauges {
		spent := min(max(gauges[i].At-in.From, 0), in.Length()).Seconds()
		u.counters(gauges[i].Values, u.at(spent*float64(u.Exposures)), gauges[i].At.Seconds()*u.Watches)
	}
}

// slot adds a tenth of a second.
func (u Users) slot(t *tally.Tally, at time.Duration, since float64) {
	const took = time.Millisecond
	from, to := u.at(since*float64(u.Exposures)), u.at((since+tally.Slot.Seconds())*float64(u.Exposures))
	// Half a thousandth makes up for sums of floats that are a little short of a whole number.
	times := func(a, b float64, do func()) {
		for range int(b+5e-4) - int(a+5e-4) {
			do()
		}
	}
	times(from.exposures, to.exposures, func() { t.Late(at, 0) })
	times(from.clicks, to.clicks, func() { t.Note(at, tally.Clicked) })
	times(from.again, to.again, func() { t.Note(at, tally.Retried(api.List)); t.Record(at, took, api.List, api.Done) })
	times(from.shed, to.shed, func() { t.Record(at, took, api.List, api.Shed) })
	for op := range api.Ops {
		if op != api.Claim {
			times(from.asked[op], to.asked[op], func() { t.Record(at, took, op, api.Done) })
		}
	}
	times(from.wins, to.wins, func() { t.Record(at, took, api.Claim, api.Done) })
	times(from.asked[api.Claim]-from.wins, to.asked[api.Claim]-to.wins, func() { t.Record(at, took, api.Claim, api.Refused) })
}

// counters are what the parts of the system would show; the watchers' own journeys are in them, as they are in real ones.
func (u Users) counters(values map[record.Gauge]float64, t totals, watched float64) {
	for op := range api.Ops {
		values[record.RequestsOf(op)] = t.asked[op] + watched
	}
	values[record.RequestsOf(api.List)] += t.again + t.shed
	lookups := t.asked[api.Claim] * u.Registry
	values[record.Watchers] = watched
	values[record.CallsOf("ams-light")] = (t.asked[api.List]+t.again+t.asked[api.Select]+t.asked[api.Receipt])*u.Light + 3*watched
	values[record.CallsOf("ams-heavy")] = t.asked[api.Claim]*u.Heavy + watched
	values[record.CallsOf("registry")] = lookups * (1 - u.Hit)
	values[record.CachedBefore("registry")] = lookups * u.Hit
	values[record.CallsOf("log")] = t.wins*u.Logged + watched
}
