package catalog

import (
	"math/rand/v2"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// The drills on a node of the path. They are as small as those on the optional parts, for the same reason.

// onPath is a drill on a part of the path of a claim: warm and before at a rate, then hurting, hurt and what follows, whose
// windows the caller names and asks about.
func onPath(rate float64, then ...drills.Phase) drills.Drill {
	d := drills.Drill{Group: "fault", Scale: sideScale, Phases: append([]drills.Phase{warm(rate), hold("before", rate, 6*time.Second)}, then...)}
	d.Assertions = []judge.Assertion{judge.StepsEffective{}, judge.Succeeds{AtLeast: 0.999, In: "before"}}
	return d
}

// InstanceKilled is FI-1: one of two instances that decide claims is killed. Its share of the claims under way is unknown
// for a second at most; then the other one, which has room for all of them, decides every claim. When it is back, both
// carry what one could not.
func InstanceKilled(asked time.Duration) drills.Drill {
	const n = 2
	one, both := 0.8*loadprofiles.Built/n, 0.8*loadprofiles.Built
	d := onPath(one,
		hold("hurting", one, 2*time.Second),
		hold("hurt", one, length(asked, 8*time.Second)),
		hold("mending", one, 4*time.Second),
		hold("after", both, 12*time.Second))
	d.ID, d.Name = "fi-1", "one of two instances dies hard"
	d.Why = "a dead instance goes on being asked, or what it had decided is granted again"
	kill := node.Killed{Node: "ams-heavy-1"}
	hurting, mending := d.Windows()[2], d.Windows()[4]
	d.Injections = []drills.Injection{{At: hurting.From + 100*time.Millisecond, For: mending.From - hurting.From, Fault: kill}}
	claims := []api.Op{api.Claim}
	d.Assertions = append(d.Assertions,
		// 1/n of the claims for a second of the two, and as much for the time that the kill itself takes to be seen.
		judge.Succeeds{Ops: claims, AtLeast: 1 - 1.2/n/2, In: "hurting"},
		judge.RecoversWithin{Ops: claims, AtLeast: 0.99, Limit: time.Second, After: kill.String()},
		judge.Succeeds{AtLeast: 0.999, In: "hurt"},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 45 * time.Second, After: d.Injections[0].Heals()},
		judge.Succeeds{AtLeast: 0.99, In: "after"})
	return event(d)
}

// ColdRestart is FI-12: the store that decides is there again at once, and has forgotten everything. Nothing is granted before it
// was filled from the log: no user is given a second share, and no share a second user.
func ColdRestart(asked time.Duration) drills.Drill {
	rate := 0.8 * loadprofiles.Built
	d := onPath(rate, hold("cold", rate, length(asked, 15*time.Second)), hold("after", rate, 8*time.Second))
	d.ID, d.Name = "fi-12", "the store starts cold"
	d.Why = "a store that forgot who has what gives everything away again"
	restart := node.Killed{Node: "cmem-1"}
	d.Injections = []drills.Injection{{At: d.Windows()[2].From, For: 200 * time.Millisecond, Fault: restart}}
	d.Assertions = append(d.Assertions,
		// What was under way when it died nobody can know: a part of a second's claims, beside seconds of refusals.
		judge.RefusalsExplicit{Ops: []api.Op{api.Claim}, AtLeast: 0.8, In: "cold"},
		judge.ShardReopens{Within: 15 * time.Second, After: restart.String()},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 15 * time.Second, After: restart.String()},
		judge.Succeeds{AtLeast: 0.99, In: "after"})
	return event(d)
}

// CrashBetweenSteps is FI-19: whoever has a part in a grant is killed once, at a moment drawn by chance, in the middle of its work: between the
// decision, the spool, the log, the delivery, the ledger and its answer. A second later it is there again.
func CrashBetweenSteps(asked time.Duration) drills.Drill {
	const between = 4 * time.Second
	rate := 0.3 * loadprofiles.Built
	parts := []string{"ams-heavy-1", "log", "ams-heavy-2", "courier", "idip", "ledger", "keeper"}
	d := onPath(rate, hold("crashes", rate, max(length(asked, 0), time.Duration(len(parts))*between)), hold("after", rate, 12*time.Second))
	d.ID, d.Name = "fi-19", "every part of a grant crashes in the middle of its work"
	d.Why = "a grant that was half done is lost, or done twice"
	chance := rand.New(rand.NewPCG(seed, uint64(len(parts))))
	for i, part := range parts {
		at := d.Windows()[2].From + time.Duration(i)*between + time.Duration(chance.Int64N(int64(between/4)))
		d.Injections = append(d.Injections, drills.Injection{At: at.Round(time.Millisecond), For: time.Second, Fault: node.Killed{Node: part}})
	}
	last := d.Injections[len(parts)-1]
	d.Assertions = append(d.Assertions,
		judge.RefusalsExplicit{AtLeast: 0.5, In: "crashes"},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 5 * time.Second, After: last.Heals()},
		judge.Succeeds{AtLeast: 0.95, In: "after"})
	return event(d)
}
