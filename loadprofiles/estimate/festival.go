package estimate

import (
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/topology"
)

// Festival is the sheet of the case studies on a topology. The range of clicks per exposure and of requests per click
// is what was credible before the event; the night's 200,000/s lie inside it. The funnel is loadprofiles.Festival, and
// each node is built for what 146,000 requests/s bring it: a one-line rule, to be replaced by what a drill measures.
func Festival(t topology.Topology) Sheet {
	s := Sheet{
		Exposures: One(loadprofiles.Game),
		Click:     Range{0.15, 0.20, 0.30},
		Requests:  Range{6, 6, 9},
		Static:    0.5,
		Built:     loadprofiles.Built,
		Observed:  loadprofiles.Night,
		Delivery: Delivery{Wins: 0.5, Limit: 2000, Peak: 2000 * time.Second, Promise: 48 * time.Hour, Message: 1000,
			Replicas: 3},
	}
	f := loadprofiles.Festival
	share := func(ops ...api.Op) (sum float64) {
		for _, op := range ops {
			sum += f.Share(op) / f.PerClick()
		}
		return sum
	}
	add := func(r Row) {
		r.Instances = len(t.Role(r.Node))
		if r.Capacity == 0 {
			r.Capacity = s.Built * (r.Calls + r.PerClick/f.PerClick())
		}
		s.Rows = append(s.Rows, r)
	}
	add(Row{Node: "tgw", From: "users", Calls: 1, RT: 2 * time.Millisecond, Bytes: 700})
	add(Row{Node: "ams-light", From: "tgw", Calls: share(api.List, api.Select, api.Receipt), RT: 2 * time.Millisecond, Bytes: 250})
	add(Row{Node: "ams-heavy", From: "tgw", Calls: share(api.Claim), RT: 10 * time.Millisecond, Bytes: 250})
	add(Row{Node: "cmem", From: "ams", Calls: share(api.Claim, api.Receipt), RT: time.Millisecond, Bytes: 60})
	add(Row{Node: "log", From: "ams-heavy", PerClick: s.Delivery.Wins, RT: 5 * time.Millisecond, Bytes: 40})
	add(Row{Node: "idip", From: "courier", PerClick: s.Delivery.Wins, Capacity: s.Delivery.Limit, RT: 50 * time.Millisecond, Bytes: 300})
	return s
}
