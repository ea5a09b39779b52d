package linkd

import (
	"net/http"
	"strings"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/relay"
)

// openRelays carries the links of datagrams; those that were opened before an error are returned beside it.
func openRelays(links []config.Forward) (relay.Links, error) {
	all := relay.Links{}
	for _, l := range links {
		if !l.Datagrams {
			continue
		}
		r, err := relay.Open(l.Name, l.Listen, l.To)
		if err != nil {
			return all, err
		}
		all[l.Name] = r
	}
	return all, nil
}

// routes are both APIs: the relays' under their path, and Toxiproxy's.
func routes(relays relay.Links, proxies http.Handler) http.Handler {
	own := relays.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == relay.Path || strings.HasPrefix(r.URL.Path, relay.Path+"/") {
			own.ServeHTTP(w, r)
			return
		}
		proxies.ServeHTTP(w, r)
	})
}

// publish shows what became of all links' datagrams; the API tells them apart.
func publish(relays relay.Links, m admin.Registry) {
	m.Counters("redpacket_datagrams_total", "Datagrams of all links and both ways: in and doubled, and what became of them.", "fate", func(yield func(string, float64)) {
		var sum relay.Counts
		for _, r := range relays {
			s := r.State()
			sum = sum.Plus(s.Requests).Plus(s.Replies)
		}
		for fate, n := range map[string]int64{"in": sum.In, "doubled": sum.Doubled, "out": sum.Out, "lost": sum.Lost, "overtaken": sum.Overtaken,
			"overflow": sum.Overflow, "failed": sum.Failed} {
			yield(fate, float64(n))
		}
	})
}
