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
	r.Gauge("redpacket_beyond_admitted_share", "Share of the users passed whose claims the other data centre decides, of those admitted here.", nil, g.beyond.Share)
	r.Counter("redpacket_forwarded_total", "Calls sent to the other data centre, which decides their users' claims.", nil,
		func() float64 { return float64(g.forwarded.Load()) })
	r.Gauge("redpacket_queue_wait_seconds", "Mean queue wait of the most loaded pool in the last 100 ms.", nil,
		func() float64 { return float64(g.wait.Load()) / 1e6 })
	r.Gauge("redpacket_front_connections", "Connections of users.", nil, func() float64 { return float64(g.front.Conns()) })
	r.Counter("redpacket_gate_forgotten_total", "Claims that the full gate forgot too early.", nil,
		func() float64 { return float64(g.gate.Forgotten()) })
	for i := range g.pools {
		p := &g.pools[i]
		r.Gauge("redpacket_links_up", "Links to a pool that are up.", admin.Labels{"pool": p.name}, func() float64 { return float64(p.up()) })
	}
	return r
}
