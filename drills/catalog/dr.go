package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults"
	"redpacket/faults/idc"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/topology"
)

// The drills on disaster recovery run small: what they ask hangs on no rate, and the data centre that is left must have room
// for everybody, and for the probes, which are as many claims again.
const (
	drScale  = 0.05
	drRate   = loadprofiles.Estimate / 4
	drProbe  = 10 * time.Millisecond
	drLate   = 50 * time.Millisecond  // that 99 of 100 probes may be: the machine has few cores
	drAfter  = 100 * time.Millisecond // from the last second that must be whole to the loss: what is under way is lost, too
	drStart  = 600 * time.Millisecond // between two nodes of a data centre that is started again
	drStage  = 5 * time.Second        // of a staged return
	drDecide = 3 * time.Second        // from the loss to the order: what looking at it and deciding takes
	drCuts   = 1000                   // connections that clients may lose: each is tried anew for as long as its door is dead
	drMoved  = 2 * time.Second        // from an order to the name service until users have gone: its TTL, and connections to the new door
	drWatch  = 0.02                   // share of arrivals that are not by weight: synthetic users walk through their own door
	// drGames is what each game accepts, deliveries/s: at this scale some ten times the probes of a data centre, which are all
	// for one game. By the event's own limits more is granted than delivered from the first second on, as it is meant to be
	// on the night, and that a loss has been drained could never be seen.
	drGames = 20_000
)

// disaster is what a drill on disaster recovery adds to its words.
type disaster struct {
	hurts      []faults.Fault
	before     time.Duration // how long it is watched before
	lost, back time.Duration // how long the faults last, and how long it is watched until all should be as before; 0: they last for good
	stages     []portion     // in which users are sent home after that; all of them are in the last phase
	within     time.Duration // the RTO
	seconds    int           // that service must last
	felt       bool          // users must have felt it
}

// portion is a stage of a staged return.
type portion struct {
	name    string
	percent int     // of the users, who are sent home again
	off     float64 // by how much their share may be off: the name service sends networks, of which there are 64, and users come by chance
}

// recovered is a drill in which faults come at once, last, and are healed one after the other. The first of them is the one
// whose effect begins the recovery time.
func (e disaster) recovered(asked time.Duration, d drills.Drill) drills.Drill {
	d.Group, d.Scale, d.Probe = "dr", drScale, drProbe
	d.Phases = []drills.Phase{
		warm(drRate),
		hold("before", drRate, length(asked, e.before)),
		hold("lost", drRate, e.lost),
	}
	if e.back > 0 {
		d.Phases = append(d.Phases, hold("return", drRate, e.back))
	}
	for _, s := range e.stages {
		d.Phases = append(d.Phases, hold(s.name, drRate, drStage))
		d.Assertions = append(d.Assertions, judge.Succeeds{AtLeast: 0.999, In: s.name})
	}
	d.Phases = append(d.Phases, hold("after", drRate, length(asked, 5*time.Second)))
	windows := d.Windows()
	for i, f := range e.hurts {
		one := drills.Injection{At: windows[2].From + drAfter, Fault: f}
		if e.back > 0 {
			one.For = e.lost - drAfter + time.Duration(i)*drStart
		}
		d.Injections = append(d.Injections, one)
	}
	first := e.hurts[0].String()
	d.Assertions = append([]judge.Assertion{judge.StepsEffective{}, judge.GeneratorKeptUp{Dropped: drCuts}, judge.ProbesOnTime{LateBy: drLate},
		judge.Succeeds{AtLeast: 0.999, In: "before"}, judge.Succeeds{AtLeast: 0.999, In: "after"},
		judge.RTO{Within: e.within, After: first, AtLeast: 0.99, Seconds: e.seconds, Felt: e.felt}, judge.RPO{After: first}}, d.Assertions...)
	steps := d.Steps
	d = event(d)
	d.Steps, d.Topology = steps, topology.TwoIDC()
	d.Rules.DeliveryRate = drGames
	return d
}

// single is a loss that the system sees to by itself.
func single(felt bool, hurts ...faults.Fault) disaster {
	return disaster{hurts: hurts, before: 5 * time.Second, lost: 12 * time.Second, back: 8 * time.Second, within: 10 * time.Second, seconds: 5, felt: felt}
}

// IDCDead is DR-1, and FI-7 of the fault drills: everything in data centre a dies at once. Its users are sent to b, which takes
// them over with what they have; then a comes back, node by node, learns what they were granted meanwhile, and decides for
// them again; and then, in stages, they come to its door again.
func IDCDead(asked time.Duration) drills.Drill {
	const whole = 10 * time.Second // until a's last node answers
	e := idcDead(18*time.Second, whole+4*time.Second)
	e.stages = []portion{{"a tenth", 10, 0.06}, {"half", 50, 0.1}}
	d := e.recovered(asked, drills.Drill{ID: "dr-1", Name: "data centre a dies, b takes over, a comes back in stages",
		Why: "the loss of a data centre costs users their gifts, or gives them a second one; or its return hurts all of them at once"})
	w := d.Windows()
	lost, back := d.Injections[0].At, w[3].From
	d.Steps = []drills.Timed{
		{At: lost + drDecide, Step: drills.TakeOver{Home: "a"}},
		{At: lost + drDecide + time.Second, Step: drills.Shift{Region: "a", B: 100}}, // else all come back the moment a's door opens
		{At: back + whole, Step: drills.GiveBack{Home: "a"}},
	}
	d.Assertions = append(d.Assertions,
		judge.Steered{IDC: "a", Share: 1, Off: drWatch, In: "before"},
		judge.Steered{IDC: "a", Share: 0, Off: drWatch, In: "return"})
	for i, s := range append(e.stages, portion{"after", 100, drWatch}) {
		d.Steps = append(d.Steps, drills.Timed{At: w[4+i].From, Step: drills.Shift{Region: "a", A: s.percent, B: 100 - s.percent}})
		d.Assertions = append(d.Assertions, judge.Steered{IDC: "a", Share: float64(s.percent) / 100, Off: s.off, Since: drMoved, In: s.name})
	}
	return d
}

// idcDead is the death of every node of a at the same moment.
func idcDead(lost, back time.Duration) disaster {
	e := disaster{before: 5 * time.Second, lost: lost, back: back, within: 15 * time.Second, seconds: 10, felt: true}
	for _, n := range topology.TwoIDC().Nodes {
		if n.IDC == "a" {
			e.hurts = append(e.hurts, node.Killed{Node: n.Name})
		}
	}
	return e
}

// IDCGone is DR-9: data centre a dies and stays dead. What its users have is known by its mirror and by b's marks alone, and
// the money is counted from those. It is short, for the suite repeats it: the worst of its recovery times counts.
func IDCGone(asked time.Duration) drills.Drill {
	e := idcDead(14*time.Second, 0)
	e.before = 3 * time.Second
	d := e.recovered(asked, drills.Drill{ID: "dr-9", Name: "data centre a dies for good",
		Why: "what a dead data centre promised cannot be told from what is left"})
	d.Steps = []drills.Timed{{At: d.Injections[0].At + drDecide, Step: drills.TakeOver{Home: "a"}}}
	return d
}

// IDCSecluded is DR-2: no user reaches data centre a any more; nothing in it is hurt. The
// name service sends its users to b, and their claims are decided at home all the same.
func IDCSecluded(asked time.Duration) drills.Drill {
	return single(true, idc.Secluded{IDC: "a", Gateways: topology.TwoIDC().RoleIn("tgw", "a"), Probers: []string{"gslb"}}).recovered(asked, drills.Drill{ID: "dr-2", Name: "data centre a is cut off from users",
		Why: "users stay with a door that does not open, though the other one does"})
}

// IDCParted is DR-3: nothing passes between the data centres any more. Each goes on alone, and what they missed of each other is
// made up for when the line is back.
func IDCParted(asked time.Duration) drills.Drill {
	return single(true, idc.Parted{Carrier: "linkd-between", Links: between(topology.TwoIDC())}).recovered(asked, drills.Drill{ID: "dr-3", Name: "the data centres are cut off from each other",
		Why: "two data centres that need each other for every grant are worse than one"})
}

// between are the links that cross from one data centre to the other.
func between(t topology.Topology) (links []string) {
	for _, l := range t.Links {
		if l.Group == "between" {
			links = append(links, l.Name)
		}
	}
	return links
}

// StoreLost is DR-4: the Redis that decides for a's users dies.
func StoreLost(asked time.Duration) drills.Drill {
	kill := node.Killed{Node: "cmem-a1"}
	return single(true, kill).recovered(asked, drills.Drill{ID: "dr-4", Name: "a primary Redis is lost",
		Why: "what only Redis knew was promised to somebody"})
}

// LogLost is DR-5: the log server of a dies, with a's log and the mirror of b's.
func LogLost(asked time.Duration) drills.Drill {
	return single(true, node.Killed{Node: "log-a"}).recovered(asked, drills.Drill{ID: "dr-5", Name: "a log is lost",
		Why: "grants stop with a log though there is another, or go on where nobody would find them again"})
}

// LedgerLost is DR-6: nothing can be delivered for a while, and nobody who claims may notice.
func LedgerLost(asked time.Duration) drills.Drill {
	return single(false, node.Killed{Node: "ledger"}).recovered(asked, drills.Drill{ID: "dr-6", Name: "the ledger is lost",
		Why: "a delivery that has to wait makes a grant wait, or is made twice"})
}

// ControlLost is DR-7: the control store, which is the witness of both data centres too, is away, and nobody may notice.
func ControlLost(asked time.Duration) drills.Drill {
	return single(false, node.Killed{Node: "control"}).recovered(asked, drills.Drill{ID: "dr-7", Name: "the control store is lost",
		Why: "what is there to manage the system stops it"})
}

// StoreAndLogLost is DR-8: Redis and the log of a die at the same time. The spool and the mirror are what is left.
func StoreAndLogLost(asked time.Duration) drills.Drill {
	e := single(true, node.Killed{Node: "cmem-a1"}, node.Killed{Node: "log-a"})
	e.back = 16 * time.Second // the log that came back is brought level with the other one; grants stop for a moment when it counts again
	return e.recovered(asked, drills.Drill{ID: "dr-8",
		Name: "a primary Redis and a log are lost at once", Why: "two losses at once leave nobody who knows what was granted"})
}
