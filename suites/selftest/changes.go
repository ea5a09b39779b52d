package selftest

import (
	"errors"
	"time"

	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/books"
)

func fails(types ...string) map[string]judge.Status { return become(judge.Fail, types...) }

func doubts(types ...string) map[string]judge.Status { return become(judge.Inconclusive, types...) }

func become(s judge.Status, types ...string) map[string]judge.Status {
	all := map[string]judge.Status{}
	for _, t := range types {
		all[t] = s
	}
	return all
}

// unread is what a book that cannot be read does: the gate and all that is judged from the books doubt.
func unread(too ...string) map[string]judge.Status {
	return doubts(append(too, "BooksRead", "MoneyConserved", "NoneBeyondStock", "OneGrantEach", "GrantsKept", "RefusalsChangeNothing", "NewcomersOnly", "TagsApart")...)
}

var errTorn = errors.New("the file ends in the middle of an entry")

// Gates are the changes that make a record one that cannot tell.
func Gates() []Change {
	type made = *drillstest.Apart
	return []Change{
		{"a tenth of the requests never left", func(a made) { a.Yield.Launched -= a.Yield.Owed / 10 }, doubts("LoadOffered")},
		{"a tenth of the clicks never left", func(a made) { a.Yield.Clicks.Launched -= a.Yield.Clicks.Owed / 10 }, doubts("LoadOffered")},
		{"late load", func(a made) { a.Yield.LateP99 = 2 * time.Second }, doubts("LoadOffered")},
		{"users kept away by a promotion's valve that nobody closed", func(a made) { a.Yield.Withheld = 9 }, doubts("LoadOffered")},
		{"bunched load", func(a made) { a.Yield.LateOver = 0.3 }, doubts("LoadOffered")},
		{"missing load", func(a made) { a.Yield = loadprofiles.Yield{Length: a.Yield.Length} }, doubts("LoadOffered")},
		{"a starved generator that ended early", func(a made) { a.Yield.Length /= 2 }, doubts("GeneratorKeptUp")},
		{"a generator that was stopped", func(a made) { a.Yield.Stopped = true }, doubts("GeneratorKeptUp")},
		{"a reader too slow to count every answer", func(a made) { a.Yield.Owed *= 2; a.Yield.Launched *= 2 }, doubts("GeneratorKeptUp")},
		{"three dropped connections", func(a made) { a.Yield.Dropped = 3 }, doubts("GeneratorKeptUp")},
		{"no tally", func(a made) { a.Tally = nil }, doubts("GeneratorKeptUp", "BooksRead")},
		{"two thirds of the gauge readings missing", func(a made) { a.Gauges = a.Gauges[:len(a.Gauges)/3] }, doubts("Watched")},
		{"gauges that could not be read", func(a made) {
			for i := range a.Gauges {
				a.Gauges[i].Err = "no route to host"
			}
		}, doubts("Watched")},
		{"a harness in trouble", func(a made) { a.Troubles = []string{"write gauges: no space left on device"} }, doubts("Watched")},
		{"the ledger was not read", func(a made) { delete(a.Shelves, books.Ledger) }, unread()},
		{"the log's file is torn", func(a made) { a.Torn[string(books.Log)] = errTorn }, unread()},
		{"the journal's file is torn", func(a made) { a.Torn[drillstest.Journal] = errTorn }, unread("Linearizable", "AmountsTrue")},
		{"a claim that was repeated is missing once from the journal", forgetRepeat, doubts("BooksRead")},
		{"a prober at half its pace", func(a made) { a.ProbeEvery /= 2 }, doubts("ProbesOnTime")},
		{"a step that failed", func(a made) { step(a).Effective, step(a).Err = 0, "no such container" }, doubts("StepsEffective")},
		{"a step whose effect was not seen", func(a made) { step(a).Effective = 0 }, doubts("StepsEffective")},
		{"a step that was never taken", func(a made) { a.Events = nil }, map[string]judge.Status{
			"StepsEffective": judge.Inconclusive, "NobodyDied": judge.Fail}}, // nobody's hand explains the death any more
	}
}

// Wrongs are the changes that make a record one of a system that broke a promise.
func Wrongs() []Change {
	type made = *drillstest.Apart
	return []Change{
		{"one fen more in a grant, the same in every book", func(a made) { everywhere(a, func(e *api.Grant) { e.Fen++ }) }, fails("MoneyConserved", "AmountsTrue")},
		{"one fen less remaining", func(a made) { a.Summary.Stocks[0].Remaining-- }, fails("MoneyConserved")},
		{"stocks that contradict themselves", func(a made) { a.Summary.Odd = "the counter says 9 taken, 8 hold" }, fails("MoneyConserved")},
		{"more shares taken than there are", func(a made) { a.Summary.Stocks[0].Taken = a.Summary.Stocks[0].Shares + 1 }, fails("NoneBeyondStock")},
		{"a share granted to two users", func(a made) { logged(a, stranger(a.Books[books.Log][0])) }, fails("NoneBeyondStock")},
		{"an order that is no share", func(a made) {
			e := stranger(a.Books[books.Log][0])
			e.Order = api.OrderOf(a.Activity.ID, 0, a.Activity.Gifts[0].Shares)
			logged(a, e)
		}, fails("NoneBeyondStock")},
		{"a user with two shares of a gift", twoShares, fails("OneGrantEach", "Linearizable")},
		{"a user who was shown another share the second time", otherShare, fails("Linearizable", "GrantsKept", "RPO", "AmountsTrue")},
		{"an acknowledged grant lost from the log and from Redis", forgotten, fails("GrantsKept", "RPO")},
		{"a journal line acknowledged whose order nobody has", func(a made) {
			last := a.Attempts[0]
			last.User, last.Order, last.Outcome, last.Code = 1<<40, unclaimed(a), api.Done, api.OK
			last.Gift = last.Order.Gift()
			a.Attempts = append(a.Attempts, last)
		}, fails("GrantsKept", "RPO", "AmountsTrue")},
		{"an order delivered twice", func(a made) { delivered(a, a.Books[books.Ledger][0]) }, fails("GrantsKept")},
		{"a delivery under another order", func(a made) {
			e := a.Books[books.Ledger][0]
			e.Order = unclaimed(a)
			delivered(a, e)
		}, fails("GrantsKept")},
		{"a delivery acknowledged and never made", func(a made) { a.Books[books.Ledger] = a.Books[books.Ledger][1:] }, fails("GrantsKept")},
		{"a queue that no 48 h will empty", func(a made) { a.Rules.DeliveryRate = 1e-4 }, fails("GrantsKept")},
		{"a refused claim that kept its share", func(a made) { refuseOne(a, 0) }, fails("RefusalsChangeNothing")},
		{"a grant that nobody asked for", func(a made) { refuseOne(a, 1<<40) }, fails("RefusalsChangeNothing")},
		{"a synthetic user's grant of a gift that it never claims", watcherTookAnother, fails("RefusalsChangeNothing")},
		{"a claim half done: in Redis alone", func(a made) {
			e := stranger(a.Books[books.Cmem][0])
			e.Order = unclaimed(a)
			a.Books[books.Cmem] = append(a.Books[books.Cmem], e)
		}, fails("RefusalsChangeNothing")},
		{"a claim half done: in the log alone", func(a made) { a.Books[books.Cmem] = a.Books[books.Cmem][1:] }, fails("RefusalsChangeNothing")},
		{"a gift for new users in the hands of a registered one", dearToRegistered, fails("NewcomersOnly")},
		{"a pressure user's grant in real storage", func(a made) { everywhere(a, func(g *api.Grant) { g.User = g.User.Pressure() }) }, fails("TagsApart")},
		{"a real user's delivery in the shadow table", func(a made) {
			a.Books[books.Shadow] = append(a.Books[books.Shadow], a.Books[books.Ledger][0])
			a.Books[books.Ledger] = a.Books[books.Ledger][1:]
		}, fails("TagsApart")},
		{"a writer that met a write without its tag, and refused it", func(a made) {
			a.Gauges[len(a.Gauges)-1].Values[record.PoisonedAt("courier")] = 1
		}, fails("TagsArrive")},
		{"a death that no fault explains", func(a made) {
			a.Deaths = append(a.Deaths, record.Death{Node: "tgw", Why: "ended by itself"})
		}, fails("NobodyDied")},
		{"a panic of the fault's own victim", func(a made) {
			a.Deaths = append(a.Deaths, record.Death{Node: killed, Why: "panic: boom", Panic: true})
		}, fails("NobodyDied")},
		{"a drill that was aborted", func(a made) {
			a.Abort = &record.Abort{Rule: "the money is wrong", Because: "2 shares too many", Clean: 2 * time.Second, At: 2 * time.Second, Quiet: 3 * time.Second, Healed: 3 * time.Second}
		}, fails("Abort")},
		{"containers that nobody looked at", func(a made) { a.Autopsy = false }, doubts("NobodyDied")},
	}
}

// Slows are the changes that make a record one of a system that was not good enough.
func Slows() []Change {
	type made = *drillstest.Apart
	return []Change{
		{"answers that never came", func(a made) { hits(a, calm, hit{time.Millisecond, api.Doubt, 1}) }, fails("Succeeds")},
		{"slow answers", func(a made) { hits(a, calm, hit{time.Second, api.Done, 1}) }, fails("AnswersWithin", "ModelHolds", "ModelRefused")},
		{"half the goodput", func(a made) { hits(a, calm, hit{time.Millisecond, api.Done, 20}) }, fails("Goodput", "ModelHolds", "ModelRefused")},
		{"an answer that the API does not promise", func(a made) { hits(a, night, hit{time.Millisecond, api.Failed, 1}) }, fails("RefusalsExplicit")},
		{"a queue that grows", func(a made) {
			for _, s := range a.Gauges {
				s.Values[record.QueueWait] = s.At.Seconds() / 50
			}
		}, fails("QueueFlat")},
		{"a part that slowed everyone", func(a made) { hits(a, after, hit{time.Second, api.Done, 1}) }, fails("SlowedAtMost")},
		{"lists that name a part as missing while nothing is", func(a made) {
			for _, s := range a.Gauges {
				s.Values[record.DegradedBy("recommend")] = 10 * s.At.Seconds()
			}
		}, fails("Degraded", "Rate")},
		{"an alarm while all is well", func(a made) {
			a.Events = append(a.Events, record.Event{Track: record.Alarm, What: "QueueWait: idc a", Level: "page", Playbook: "P1",
				From: 3 * time.Second, Effective: 3 * time.Second, To: 4 * time.Second})
		}, fails("Silent")},
		{"a monitor that was not looking", func(a made) { a.Monitored = nil }, doubts("Silent")},
		{"no recovery", func(a made) { hits(a, after, hit{time.Millisecond, api.Doubt, 1}) }, fails("RecoversWithin", "RTO")},
		{"probes that are shed from the fault on", func(a made) {
			for i := range a.Probes {
				if p := &a.Probes[i]; p.Owed > step(a).Effective {
					p.Outcome, p.Code = api.Doubt, api.Unknown // of its grant nobody was told
				}
			}
		}, fails("RTO")},
		{"more clicks than the sheet says", moreClicked, fails("ModelHolds", "AsModelled")},
		{"fewer clicks than the sheet says", moreExposed, fails("ModelHolds", "ModelRefused")},
		{"a metric of the gateways is dead", deadMetric, doubts("ModelHolds", "AsModelled")},
		{"exposures that nobody counted", func(a made) { a.Profile.Funnel.Click = 0 }, doubts("ModelHolds", "ModelRefused")},
		{"users who came though the load was to be as it was", func(a made) { hits(a, gone, hit{time.Millisecond, api.Done, 10}) }, fails("Arrivals")},
		{"a step that took long to take effect", func(a made) { step(a).From -= 6 * time.Second }, fails("EffectiveWithin")},
		{"a shard that stays closed", func(a made) {
			for _, s := range a.Gauges {
				if s.At > step(a).Effective {
					s.Values[record.ShardOpen] = 0
				}
			}
		}, fails("ShardReopens")},
		{"a shard that opens under its old epoch", func(a made) {
			for _, s := range a.Gauges {
				s.Values[record.ShardEpoch] = 1
			}
		}, fails("ShardReopens")},
		{"claims that settle late", func(a made) { a.Drain.Took = time.Minute }, fails("Settles")},
		{"claims that never settle", func(a made) { a.Drain = record.Drain{Took: time.Minute, Why: "2 claims are unsettled"} },
			map[string]judge.Status{"Settles": judge.Fail, "MoneyConserved": judge.Inconclusive, "RefusalsChangeNothing": judge.Inconclusive}},
	}
}
