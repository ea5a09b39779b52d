package tgw

import (
	"redpacket/system/admin"
	"redpacket/system/api"
)

// metrics publishes what the gateway counts.
func (g *gateway) metrics() admin.Registry {
	r := admin.NewRegistry()
	for op := range api.Ops + 1 { // Ops itself: no request of the API
		for code := range api.Codes {
			r.Counter("redpacket_requests_total", "Requests answered.", admin.Labels{"op": op.String(), "code": code.String()},
				func() float64 { return float64(g.front.Count(op, code)) })
		}
	}
	r.Gauge("redpacket_admitted_share", "Share of the users whose requests pass.", nil, g.admission.Share)
	r.Gauge("redpacket_queue_wait_seconds", "Mean queue wait of the most loaded pool in the last 100 ms.", nil,
		func() float64 { return float64(g.wait.Load()) / 1e6 })
	r.Gauge("redpacket_front_connections", "Connections of users.", nil, func() float64 { return float64(g.front.Conns()) })
	r.Counter("redpacket_gate_forgotten_total", "Claims that the full gate forgot too early.", nil,
		func() float64 { return float64(g.gate.Forgotten()) })
	r.Counter("redpacket_sampled_total", "List and select calls answered by a default, because switches say to carry out one of some.", nil,
		func() float64 { return float64(g.sampled.Load()) })
	for i := range g.pools {
		p := &g.pools[i]
		r.Gauge("redpacket_links_up", "Links to a pool that are up.", admin.Labels{"pool": p.name}, func() float64 { return float64(p.up()) })
	}
	return r
}
