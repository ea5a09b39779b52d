package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/faults"
	"redpacket/faults/link"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// The drills on what is between the parts, and on those that are behind the path of a claim.

// every hits all connections to a node, or of a link, both ways.
func every(on string) link.Hit { return link.Hit{On: on, Share: 1} }

// RecommendSilent is FI-9: recommend hangs. Its connections stand and nothing comes; lists are in the default order, at
// most 20 ms later, and say so.
func RecommendSilent(asked time.Duration) drills.Drill {
	d := RecommendFrozen(asked)
	d.ID, d.Name = "fi-9", "recommend hangs"
	d.Load.Name = d.ID
	d.Injections[0].Fault = link.Silent{Hit: every("recommend")}
	return d
}

// ReportsLost is FI-17's other half: every report is lost on its way, and nobody notices but those who look at the figures.
func ReportsLost(asked time.Duration) drills.Drill {
	d := aside(asked, sideLoad*loadprofiles.Built, link.Lossy{Stray: link.Stray{On: "report", Way: link.Requests, Share: 1, Seed: seed}}, true)
	d.ID, d.Name = "fi-17b", "every report is lost on its way"
	d.Why = "counting what happened gets in the way of what happens"
	d.Assertions = append(d.Assertions, unslowed(api.List, api.Select, api.Receipt), unslowed(api.Claim),
		judge.Rate{Gauge: record.ReportsHeard, In: "before", AtLeast: 1},
		judge.Rate{Gauge: record.ReportsHeard, In: "hurt"},
		judge.Rate{Gauge: record.DatagramsLost, In: "hurt", AtLeast: 1},
		judge.Rate{Gauge: record.ReportsHeard, In: "after", Of: "before", AtLeast: 0.7},
		judge.Goodput{In: "hurt", AtLeast: 0.97, Of: "before"})
	return event(d)
}

// behind is a drill on what comes after a claim is decided: users are served as before, whatever is done to it.
func behind(asked time.Duration, hurt faults.Fault) drills.Drill {
	d := aside(max(asked, 8*time.Second), sideLoad*loadprofiles.Built, hurt, true)
	d.Assertions = append(d.Assertions, unslowed(api.List, api.Select, api.Receipt),
		judge.Goodput{In: "hurt", AtLeast: 0.97, Of: "before"},
		judge.Rate{Gauge: record.Delivered, In: "before", AtLeast: 1})
	return d
}

// resumed asks that deliveries go on after the heal as before it. A lane asks again within 3 s.
func resumed() judge.Assertion {
	return judge.Rate{Gauge: record.Delivered, In: "after", Of: "before", AtLeast: 0.9}
}

// ReplyLost is FI-14: games deliver, and their answers are lost. The courier asks for the same orders until it is answered,
// and what was delivered stays delivered once.
func ReplyLost(asked time.Duration) drills.Drill {
	d := behind(asked, link.Limited{Hit: link.Hit{On: "courier--idip", Way: link.Replies, Share: 1}})
	d.ID, d.Name = "fi-14", "games' answers are lost after they delivered"
	d.Why = "an order whose answer was lost is delivered again, or never asked about"
	d.Assertions = append(d.Assertions, resumed(),
		judge.Rate{Gauge: record.Delivered, In: "hurt", Of: "before", AtMost: 0.01},
		judge.Rate{Gauge: record.DeliveriesFailed, In: "hurt", AtLeast: 1},
		judge.Rate{Gauge: record.DeliveredAgain, In: "hurt", AtLeast: 1})
	return event(d)
}

// LedgerErrors is FI-18, as far as one ledger goes: each statement ends its connection. Nothing is delivered meanwhile, and
// nothing twice afterwards.
func LedgerErrors(asked time.Duration) drills.Drill {
	d := behind(asked, link.Reset{Hit: every("idip--ledger")})
	d.ID, d.Name = "fi-18", "every statement to the ledger fails"
	d.Why = "a ledger that fails costs a user a gift, or gives two"
	d.Assertions = append(d.Assertions, resumed(),
		judge.Rate{Gauge: record.Delivered, In: "hurt", Of: "before", AtMost: 0.01},
		judge.Rate{Gauge: record.DeliveriesFailed, In: "hurt", AtLeast: 1},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 10 * time.Second, After: d.Injections[0].Heals()})
	return event(d)
}

// LogDown is FI-15: the only log that counts lets nobody in. What was decided waits on the spool and is told to nobody;
// claims are refused in words, reads go on, and afterwards the spool is emptied and everything is delivered. Those who were
// refused come back for as long as their patience lasts, so more is asked then than is built for: as much is done as before, and
// the rest is told so.
func LogDown(asked time.Duration) drills.Drill {
	rate := sideLoad * loadprofiles.Built
	d := onPath(rate,
		hold("hurting", rate, 2*time.Second),
		hold("hurt", rate, max(length(asked, 8*time.Second), 5*time.Second)),
		hold("mending", rate, 5*time.Second),
		hold("after", rate, 8*time.Second))
	d.ID, d.Name = "fi-15", "the log lets nobody in"
	d.Why = "grants are told that are in no log, or are stuck on a spool for ever"
	cut := link.Cut{On: "log"}
	hurting, mending := d.Windows()[2], d.Windows()[4]
	d.Injections = []drills.Injection{{At: hurting.From + 100*time.Millisecond, For: mending.From - hurting.From, Fault: cut}}
	claims := []api.Op{api.Claim}
	d.Assertions = append(d.Assertions,
		judge.RefusalsExplicit{Ops: claims, AtLeast: 0.99, In: "hurt"},
		judge.Goodput{Ops: []api.Op{api.List, api.Select}, In: "hurt", AtLeast: 0.9, Of: "before"},
		judge.Rate{Gauge: record.CallsOf("log"), In: "hurt", Of: "before", AtMost: 0.01},
		judge.RecoversWithin{Ops: claims, AtLeast: 0.7, Limit: 5 * time.Second, After: d.Injections[0].Heals()},
		judge.Goodput{Ops: claims, In: "after", AtLeast: 0.99, Of: "before"},
		judge.RefusalsExplicit{AtLeast: 0.99, In: "after"},
		judge.Rate{Gauge: record.Delivered, In: "after", Of: "before", AtLeast: 0.9})
	return event(d)
}

// storeDead is FI-11: the primary store is dead, in one of four kinds, and comes back. Until the shard is open elsewhere claims
// are refused in words; so are some users from their first request on, by admission, for claims that wait fill the queue,
// and the reads of the others go on. No grant is lost or made twice, by the store that comes back either.
func storeDead(asked time.Duration, id, name string, hurt faults.Fault) drills.Drill {
	rate := sideLoad * loadprofiles.Built
	d := onPath(rate,
		hold("hurt", rate, max(length(asked, 15*time.Second), 10*time.Second)),
		hold("mending", rate, 4*time.Second),
		hold("after", rate, 8*time.Second))
	d.ID, d.Name = id, "the primary store is "+name
	d.Why = "a dead store loses grants that users were shown, or the one that comes back grants them again"
	reads := []api.Op{api.List, api.Select}
	at, mending := d.Windows()[2], d.Windows()[3]
	d.Injections = []drills.Injection{{At: at.From + 100*time.Millisecond, For: mending.From - at.From, Fault: hurt}}
	d.Assertions = append(d.Assertions,
		judge.ShardReopens{Within: 15 * time.Second, After: hurt.String()},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 15 * time.Second, After: hurt.String()},
		judge.Goodput{Ops: reads, In: "hurt", AtLeast: 0.7, Of: "before"},
		judge.RefusalsExplicit{Ops: reads, AtLeast: 0.99, In: "hurt"},
		// Claims under way, and those that meet silence until the keeper acts, are unknown; all others are told.
		judge.RefusalsExplicit{Ops: []api.Op{api.Claim}, AtLeast: 0.5, In: "hurt"},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 5 * time.Second, After: d.Injections[0].Heals()},
		judge.Succeeds{AtLeast: 0.99, In: "after"})
	return event(d)
}

// StoreKilled is FI-11 by a crash.
func StoreKilled(asked time.Duration) drills.Drill {
	return storeDead(asked, "fi-11", "killed", node.Killed{Node: "cmem-1"})
}

// StoreDisabled is FI-11 by refusal: it runs, and nobody gets a connection to it.
func StoreDisabled(asked time.Duration) drills.Drill {
	return storeDead(asked, "fi-11b", "disabled", link.Cut{On: "cmem-1"})
}

// StoreFrozen is FI-11 by a stall: connections stand, and it does nothing.
func StoreFrozen(asked time.Duration) drills.Drill {
	return storeDead(asked, "fi-11c", "frozen", node.Frozen{Node: "cmem-1"})
}

// StoreUnreachable is FI-11 by silence: it runs, connections stand, and nothing arrives.
func StoreUnreachable(asked time.Duration) drills.Drill {
	return storeDead(asked, "fi-11d", "unreachable", link.Silent{Hit: every("cmem-1")})
}
