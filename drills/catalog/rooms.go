package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/idc"
	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/topology"
)

// RoomsParted is FI-8: the two data centres do not hear each other. Each has its own users, so each goes on with them, once
// its keeper has agreed with the witness to do without the mirror; nothing is granted in between. When they hear each other
// again, each brings the other's mirror level.
func RoomsParted(asked time.Duration) drills.Drill {
	rate := loadprofiles.Estimate / 2
	parted := idc.Parted{Carrier: "linkd-between"}
	for _, l := range topology.TwoIDC().Links {
		if l.Group == "between" {
			parted.Links = append(parted.Links, l.Name)
		}
	}
	d := onPath(rate,
		hold("parting", rate, 6*time.Second),
		hold("parted", rate, length(asked, 8*time.Second)),
		hold("joining", rate, 12*time.Second),
		hold("after", rate, 8*time.Second))
	d.ID, d.Name = "fi-8", "the data centres are parted"
	d.Why = "two data centres that do not hear each other grant the same thing twice, or both stop"
	w := d.Windows()
	at := w[2].From + 100*time.Millisecond
	d.Injections = []drills.Injection{{At: at, For: w[3].To - at, Fault: parted}}
	claims, lists := []api.Op{api.Claim}, []api.Op{api.List, api.Select}
	d.Assertions = append(d.Assertions,
		judge.Comes{Ops: claims, Outcome: api.Shed, From: 0.01, To: 0.6, In: "parting"},
		judge.Succeeds{Ops: lists, AtLeast: 0.95, In: "parting"}, // some stand in a pipeline behind claims that wait for the other one
		judge.RecoversWithin{Ops: claims, AtLeast: 0.99, Limit: 5 * time.Second, After: parted.String()},
		judge.Succeeds{AtLeast: 0.99, In: "parted"},
		judge.RecoversWithin{Ops: claims, AtLeast: 0.99, Limit: 10 * time.Second, After: d.Injections[0].Heals()},
		judge.Succeeds{AtLeast: 0.999, In: "after"})
	d = event(d)
	d.Topology = topology.TwoIDC()
	return d
}
