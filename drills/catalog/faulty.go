package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults"
	"redpacket/faults/app"
	"redpacket/faults/clock"
	"redpacket/faults/node"
	"redpacket/faults/resource"
	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/topology"
)

// The drills on instances that do not work, or not as they should. They are small: what they ask hangs on no rate.

// around is a drill on faults that are all there in "hurt", and gone in "after". In "hurting" they bite, in "mending" the
// system comes back; what is expected of either is the drill's own to say.
func around(rate float64, long time.Duration, hurts ...faults.Fault) drills.Drill {
	d := onPath(rate,
		hold("hurting", rate, 3*time.Second),
		hold("hurt", rate, long),
		hold("mending", rate, 4*time.Second),
		hold("after", rate, 8*time.Second))
	w := d.Windows()
	d.Assertions = append(d.Assertions, judge.Succeeds{AtLeast: 0.999, In: "after"})
	for _, f := range hurts {
		at := w[2].From + 100*time.Millisecond
		d.Injections = append(d.Injections, drills.Injection{At: at, For: w[3].To - at, Fault: f})
	}
	return d
}

// byOne is a rate that one of two instances carries by itself, as it does while the other one is ejected.
const byOne = 0.8 * loadprofiles.Built / 2

// reads are the ops that ams-light answers.
func reads() []api.Op { return []api.Op{api.List, api.Select, api.Receipt} }

// lightPool are the instances of ams-light.
func lightPool() []string { return topology.OneIDC().Role("ams-light") }

// NodeFlaps is FI-2: one of two instances fails six calls in ten. By a row of failures, not by its mean, its callers find
// out, and go on looking whether it works again.
func NodeFlaps(asked time.Duration) drills.Drill {
	flap := app.Failing{Node: lightPool()[0], Share: 0.6}
	d := around(byOne, length(asked, 20*time.Second), flap)
	d.ID, d.Name = "fi-2", "an instance fails 60 % of its calls"
	d.Why = "an instance that still answers keeps its users, and fails most of them for as long as it lives"
	d.Assertions = append(d.Assertions,
		judge.Comes{Ops: reads(), Outcome: api.Failed, From: 0.0005, To: 0.6 / 2, In: "hurting"},
		judge.Ejected{Peer: flap.Node, Within: 5 * time.Second, After: flap.String(), Reopens: 3},
		judge.Avoided{Peer: flap.Node, Pool: lightPool(), AtMost: 0.1, In: "hurt"},
		judge.ProbedGently{Peer: flap.Node, Most: 3},
		judge.Succeeds{AtLeast: 0.98, In: "hurt"},
		judge.Succeeds{Ops: []api.Op{api.Claim}, AtLeast: 0.99, In: "hurt"})
	return event(d)
}

// NodeSlow is FI-3: one of two instances answers two seconds late, which is later than anybody waits.
func NodeSlow(asked time.Duration) drills.Drill {
	slow := app.Slow{Node: lightPool()[0], By: 2 * time.Second}
	d := around(byOne, length(asked, 15*time.Second), slow)
	d.ID, d.Name = "fi-3", "an instance answers two seconds late"
	d.Why = "an instance that is slow is worse than one that is dead: all who come to it wait, and what they wait for piles up"
	d.Assertions = append(d.Assertions,
		judge.Comes{Ops: reads(), Outcome: api.Shed, From: 0.0005, To: 0.5, In: "hurting"},
		judge.Ejected{Peer: slow.Node, Within: 5 * time.Second, After: slow.String(), Reopens: 2},
		judge.Avoided{Peer: slow.Node, Pool: lightPool(), AtMost: 0.1, In: "hurt"},
		judge.ProbedGently{Peer: slow.Node, Most: 3},
		judge.Succeeds{AtLeast: 0.98, In: "hurt"},
		judge.AnswersWithin{Quantile: 0.99, Limit: 2 * slo, In: "hurt"},
		judge.QueueFlat{Slack: 0.05, In: "hurt"})
	return event(d)
}

// PoolDead is FI-4: all instances of a part that can be done without die, and all of one that cannot.
func PoolDead(asked time.Duration) drills.Drill {
	heavy := topology.OneIDC().Role("ams-heavy")
	last := node.Killed{Node: heavy[len(heavy)-1]}
	d := around(0.3*loadprofiles.Built, length(asked, 8*time.Second), node.Killed{Node: "recommend"}, node.Killed{Node: heavy[0]}, last)
	d.ID, d.Name = "fi-4", "all instances of a service die"
	d.Why = "callers hang on what is not there, or do not find back when it is there again"
	d.Phases[4] = hold("mending", 0.3*loadprofiles.Built, 8*time.Second) // until those have come back who were told to come later
	claims := []api.Op{api.Claim}
	d.Assertions = append(d.Assertions,
		judge.Degraded{Part: "recommend", Op: api.List, From: 0.9, To: 1.1, In: "hurt"},
		judge.Succeeds{Ops: []api.Op{api.List, api.Select}, AtLeast: 0.999, In: "hurt"},
		judge.Comes{Ops: claims, Outcome: api.Shed, From: 0.99, To: 1, In: "hurt"},
		judge.RefusalsExplicit{Ops: claims, AtLeast: 0.99, In: "hurt"},
		judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "hurt"},
		judge.RecoversWithin{Ops: claims, AtLeast: 0.99, Limit: 5 * time.Second, After: drills.Injection{Fault: last}.Heals()})
	return event(d)
}

// HalfOpen is FI-5: an instance dies, and comes back failing one call in ten. It is tried by a few calls at a time, and is
// back for good when it fails no more.
func HalfOpen(asked time.Duration) drills.Drill {
	one := lightPool()[0]
	kill, limp := node.Killed{Node: one}, app.Failing{Node: one, Share: 0.1}
	d := around(byOne, 4*time.Second, kill)
	d.ID, d.Name = "fi-5", "an instance that died comes back limping"
	d.Why = "the instance that comes back is drowned by all who were waiting for it"
	d.Phases = append(d.Phases[:5:5], hold("limping", byOne, length(asked, 10*time.Second)), hold("healing", byOne, 9*time.Second), hold("after", byOne, 8*time.Second))
	w := d.Windows()
	d.Injections = append(d.Injections, drills.Injection{At: w[5].From, For: w[5].To - w[5].From, Fault: limp})
	d.Assertions = append(d.Assertions,
		judge.Ejected{Peer: one, Within: 3 * time.Second, After: kill.String()},
		judge.ProbedGently{Peer: one, Most: 3},
		judge.Comes{Ops: reads(), Outcome: api.Failed, From: 0.0005, To: 0.1 / 2 * 1.5, In: "limping"},
		judge.Succeeds{AtLeast: 0.92, In: "limping"},
		judge.RecoversWithin{AtLeast: 0.999, Limit: 9 * time.Second, After: drills.Injection{Fault: limp}.Heals()})
	return event(d)
}

// GameSlow is FI-13: one game takes five seconds for each request. Its orders wait; nobody else's do.
func GameSlow(asked time.Duration) drills.Drill {
	slow := app.Slow{Node: "idip", By: 5 * time.Second, Part: "3"}
	d := around(0.8*loadprofiles.Built, length(asked, 15*time.Second), slow)
	d.ID, d.Name = "fi-13", "one game takes five seconds for each request"
	d.Why = "one slow game holds up the deliveries of all"
	others := []uint8{0, 1, 2, 4, 5, 6, 7, 8, 9, 10}
	d.Assertions = append(d.Assertions,
		judge.Delivers{Games: []uint8{3}, Below: 0.5, In: "hurt", Than: "before"},
		judge.Delivers{Games: others, AtLeast: 0.8, In: "hurt", Than: "before"},
		judge.Delivers{Games: []uint8{3}, AtLeast: 0.8, In: "after", Than: "before"},
		judge.Succeeds{AtLeast: 0.999, In: "hurt"},
		judge.Goodput{In: "hurt", AtLeast: 0.97, Of: "before"})
	return event(d)
}

// SpoolFull is FI-16: the disk of one ams-heavy's spool is full. Its users are refused in words, and nothing is granted that
// is not durable; when there is room again, it goes on by itself.
func SpoolFull(asked time.Duration) drills.Drill {
	full := resource.DiskFull{Node: "ams-heavy-1"}
	d := around(byOne, length(asked, 10*time.Second), full) // so that there is room for those who come back when they may
	d.ID, d.Name = "fi-16", "the disk of a spool is full"
	d.Why = "grants are told that are on no disk, or a full disk needs a person before anything is granted again"
	claims := []api.Op{api.Claim}
	d.Assertions = append(d.Assertions,
		judge.Comes{Ops: claims, Outcome: api.Shed, From: 0.3, To: 0.7, In: "hurt"},
		judge.RefusalsExplicit{Ops: claims, AtLeast: 0.99, In: "hurt"},
		judge.Succeeds{Ops: []api.Op{api.List, api.Select}, AtLeast: 0.999, In: "hurt"},
		judge.RecoversWithin{Ops: claims, AtLeast: 0.99, Limit: 5 * time.Second, After: drills.Injection{Fault: full}.Heals()})
	d = event(d)
	for i, n := range d.Topology.Nodes {
		if n.Name == full.Node {
			d.Topology.Nodes[i].DiskMiB = spoolDisk
		}
	}
	return d
}

// spoolDisk is the disk of a spool that is to be filled, in MiB: more than a small drill writes.
const spoolDisk = 64

// ClockWrong is FI-20: the gateway's clock is a day and an hour behind, and then as much ahead. Tokens lapse by it, so all
// are refused; nothing else hangs on it.
func ClockWrong(asked time.Duration) drills.Drill {
	const day = 25 * time.Hour
	behind, ahead := clock.Skewed{Node: "tgw", Ahead: -day}, clock.Skewed{Node: "tgw", Ahead: day}
	rate := 0.3 * loadprofiles.Built
	d := around(rate, length(asked, 6*time.Second), behind)
	d.ID, d.Name = "fi-20", "the gateway's clock is 25 hours off"
	d.Why = "a clock that jumps grants what it should not, or locks users out for as long as it jumped"
	d.Phases = append(d.Phases[:5:5], hold("turning", rate, time.Second), hold("ahead", rate, length(asked, 6*time.Second)),
		hold("turned back", rate, time.Second), hold("after", rate, 8*time.Second))
	w := d.Windows()
	at := w[5].From + 100*time.Millisecond
	d.Injections = append(d.Injections, drills.Injection{At: at, For: w[6].To - at, Fault: ahead})
	d.Assertions = append(d.Assertions,
		judge.Succeeds{AtLeast: 0.999, In: "hurt"},
		judge.Comes{Outcome: api.Failed, From: 0.99, To: 1, In: "ahead"},
		judge.RecoversWithin{AtLeast: 0.999, Limit: 3 * time.Second, After: drills.Injection{Fault: ahead}.Heals()})
	return event(d)
}
