package selftest

import (
	"redpacket/drills/drillstest"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// clicks is how many clicks an exposure of the good record makes.
const clicks = 0.5

// overrun is how far the traffic sheet is wrong that the gate of the good record must refuse.
const overrun = 2.1

// wins is the share of its claims that are granted: one gift sells out, and one is for new users.
const wins = 0.99

// sheetOf is a traffic sheet of which the good record's users are so many times the clicks; at 1 it is true.
func sheetOf(times float64) estimate.Sheet {
	f := loadprofiles.Festival
	return estimate.Sheet{
		Event: "the good record", Channels: []estimate.Channel{{Name: "all", Exposures: estimate.One(1000)}},
		Click: estimate.One(clicks / times), Statics: estimate.One(float64(f.Statics)), Built: 10_000,
		Steps: estimate.Steps{List: estimate.One(1), Select: estimate.One(f.Select), Claim: estimate.One(f.Claim), Win: estimate.One(wins), Receipt: estimate.One(f.Receipt)},
		Links: []estimate.Link{
			{To: "tgw", From: "users", Calls: estimate.Calls{Static: 1, List: 1, Select: 1, Claim: 1, Receipt: 1}, Nodes: 1, Capacity: 10_000},
			{To: "ams-light", From: "tgw", Calls: estimate.Calls{List: 1, Select: 1, Receipt: 1}, Nodes: 2, Capacity: 5000},
			{To: "ams-heavy", From: "tgw", Calls: estimate.Calls{Claim: 1}, Nodes: 2, Capacity: 1000},
		},
		Delivery: estimate.Delivery{Limit: 100, Promise: 1 << 50, Replicas: 1},
	}
}

// noted adds a fact to the tally, so many times each ten milliseconds of the calm.
func noted(a *drillstest.Apart, times int, note func(t *tally.Tally, at record.Span)) {
	w, _ := a.Window(calm)
	for at := w.From; at < w.To; at += tally.Slot / 10 {
		for range times {
			note(a.Tally, record.Span{From: at, To: at})
		}
	}
}

// moreClicked lets more of the exposures have become clicks, of which nobody asked for anything.
func moreClicked(a *drillstest.Apart) {
	noted(a, 1, func(t *tally.Tally, at record.Span) { t.Note(at.From, tally.Clicked) })
}

// moreExposed shows the event to several times as many users, none of whom clicked.
func moreExposed(a *drillstest.Apart) {
	noted(a, 4, func(t *tally.Tally, at record.Span) { t.Late(at.From, 0) })
}

// deadMetric has the gateways count no static part any more.
func deadMetric(a *drillstest.Apart) {
	for _, s := range a.Gauges {
		s.Values[record.RequestsOf(api.Static)] = 7
	}
}
