package tgw

import (
	"redpacket/system/activity"
	"redpacket/system/admin"
	"redpacket/system/api"
	"redpacket/system/l5"
)

// totals tells what the gateway reports: how many requests of each kind were answered with each code.
func (g *gateway) totals(add func(series string, total uint64)) {
	for op := range api.Ops {
		for code := range api.Codes {
			add("tgw."+op.String()+"."+code.String(), uint64(g.front.Count(op, code)))
		}
	}
}

// metrics publishes what the gateway counts.
func (g *gateway) metrics() admin.Registry {
	r := admin.NewRegistry()
	for op := range api.Ops + 1 { // Ops itself: no request of the API
		for code := range api.Codes {
			r.Counter("redpacket_requests_total", "Requests answered.", admin.Labels{"op": op.String(), "code": code.String()},
				func() float64 { return float64(g.front.Count(op, code)) })
		}
	}
	r.Counter("redpacket_forwarded_total", "Calls sent to the other data centre, which decides their users' claims.", nil,
		func() float64 { return float64(g.forwarded.Load()) })
	r.Counter("redpacket_poisoned_total", "Requests refused because their user and their tag contradict each other.", admin.Labels{"at": "tgw"},
		func() float64 { return float64(g.tagless.Load()) })
	r.Counter("redpacket_astray_total", "Calls of the new version's users that the old one answered, because no instance of the new one could be reached.", nil,
		func() float64 { return float64(g.astray.Load()) })
	r.Gauge("redpacket_admitted_share", "Share of the users who may begin a journey.", nil,
		func() float64 { return g.admission.Share(api.List) })
	for op := api.List; op < api.Ops; op++ {
		r.Gauge("redpacket_admitted_op_share", "Share of the users whose requests for a page pass.", admin.Labels{"op": op.String()},
			func() float64 { return g.admission.Share(op) })
		r.Gauge("redpacket_beyond_op_share", "The same by the other data centre's pools, for the users whom it owns.", admin.Labels{"op": op.String()},
			func() float64 { return g.beyond.Share(op) })
	}
	r.Gauge("redpacket_queue_wait_seconds", "Mean queue wait of the most loaded pool in the last 100 ms.", nil,
		func() float64 { return float64(g.wait.Load()) / 1e6 })
	r.Gauge("redpacket_front_connections", "Connections of users.", nil, func() float64 { return float64(g.front.Conns()) })
	r.Counter("redpacket_gate_forgotten_total", "Claims that the full gate forgot too early.", nil,
		func() float64 { return float64(g.gate.Forgotten()) })
	r.Counter("redpacket_sampled_total", "List and select calls answered by a default, because switches say to carry out one of some.", nil,
		func() float64 { return float64(g.sampled.Load()) })
	for home := range activity.IDC(activity.IDCs) {
		r.Counter("redpacket_arrivals_total", "Lists asked for, with which journeys begin, by users who are at home in a data centre of two.",
			admin.Labels{"home": home.String()}, func() float64 { return float64(g.arrived[home].Load()) })
		r.Gauge("redpacket_taken_over", "1 while the other data centre decides for the users who are at home in this one.", admin.Labels{"home": home.String()},
			func() float64 {
				if g.taken[home].Load() {
					return 1
				}
				return 0
			})
	}
	for i := range g.pools {
		p := &g.pools[i]
		r.Gauge("redpacket_links_up", "Links to a pool that are up.", admin.Labels{"pool": p.name}, func() float64 { return float64(p.up()) })
		p.judged(r)
	}
	return r
}

// judged publishes what l5 thinks of the instances. How many calls a caller makes decides which way a faulty one goes, so
// they are counted too.
func (p *pool) judged(r admin.Registry) {
	r.Gauge("redpacket_l5_all_tried", "1 when no instance of the pool works, so that all are tried; 0 in a pool without any.", admin.Labels{"pool": p.name},
		func() float64 {
			if len(p.peers.Names()) > 0 && p.peers.AllTried() {
				return 1
			}
			return 0
		})
	for i, name := range p.peers.Names() {
		peer := admin.Labels{"peer": name}
		r.Gauge("redpacket_l5_listed", "1 while the instance is on the list of those that there are.", peer, func() float64 {
			if p.peers.Listed(i) {
				return 1
			}
			return 0
		})
		r.Gauge("redpacket_l5_state", "0 closed, 1 half-open, 2 open: the instance is ejected.", peer,
			func() float64 { return float64(p.peers.Seen(i).State) })
		for _, c := range []struct {
			name, help string
			read       func(l5.Seen) uint64
		}{
			{"answered_total", "Calls that were answered in time.", func(s l5.Seen) uint64 { return s.Answered }},
			{"failures_total", "Calls without an answer by their deadline, or with none that the API promises, or without a link.",
				func(s l5.Seen) uint64 { return s.Failures }},
			{"ejections_total", "How often the instance was ejected.", func(s l5.Seen) uint64 { return s.Ejections }},
			{"reopens_total", "How often it failed while half-open.", func(s l5.Seen) uint64 { return s.Reopens }},
			{"probes_total", "Calls let through while half-open.", func(s l5.Seen) uint64 { return s.Probes }},
		} {
			r.Counter("redpacket_l5_"+c.name, c.help, peer, func() float64 { return float64(c.read(p.peers.Seen(i))) })
		}
	}
}
