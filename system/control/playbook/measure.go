package playbook

import (
	"strings"
	"time"

	"redpacket/system/config"
)

// Metric is something measured once a second from the roles' own metrics.
type Metric string

// The metrics. The first group are shares that triggers ask for; the second are rates that effects are seen in.
const (
	Load           Metric = "load"            // requests/s at the front doors, of config.Capacity.Requests
	StoreBytes     Metric = "store_bytes"     // bytes/s on the links to the stores, of config.Capacity.StoreBytes
	Backlog        Metric = "backlog"         // deliveries queued, of config.Capacity.Backlog
	BacklogAge     Metric = "backlog_age"     // age of the oldest delivery queued, of the promise of 48 h
	Refused        Metric = "refused"         // requests refused by overload protection, of the dynamic ones
	ReportFailures Metric = "report_failures" // reports that could not be sent, of all
	LookupFailures Metric = "lookup_failures" // registration lookups without an answer, of all
	SuccessA       Metric = "success_a"       // dynamic requests of data centre a with an answer that is no failure, of all
	SuccessB       Metric = "success_b"
	Differences    Metric = "differences" // that the last reconciliation found: a number

	LightCalls     Metric = "light_calls"     // calls/s that the ams-light answer
	LightBytes     Metric = "light_bytes"     // bytes/s that they send
	Grants         Metric = "grants"          // shares/s granted for the first time
	NewcomerGrants Metric = "newcomer_grants" // of them, of gifts for new users
	Deliveries     Metric = "deliveries"      // orders/s delivered
	Reports        Metric = "reports"         // reports/s sent
	ArrivalsA      Metric = "arrivals_a"      // requests/s at the front doors of data centre a
	ArrivalsB      Metric = "arrivals_b"
	Arrivals       Metric = "arrivals" // of both
)

// Metrics are all there are.
func Metrics() []Metric {
	return []Metric{Load, StoreBytes, Backlog, BacklogAge, Refused, ReportFailures, LookupFailures, SuccessA, SuccessB, Differences,
		LightCalls, LightBytes, Grants, NewcomerGrants, Deliveries, Reports, ArrivalsA, ArrivalsB, Arrivals}
}

// ofCapacity says that a metric is a share of something that was measured to be the most.
func (m Metric) ofCapacity() bool { return m == Load || m == StoreBytes || m == Backlog }

// promise is the time within which a gift must reach its game.
const promise = 48 * time.Hour

// Series are the names of the metrics that Measure reads; a scrape may leave out all others.
func Series() []string {
	return []string{requests, answers, grants, newcomerGrants, delivered, backlog, backlogAge, proxied, sent, reportsSent, reportsFailed, optional, differences}
}

// Where the metrics come from.
const (
	requests       = "redpacket_requests_total"             // tgw {code,op}
	answers        = "redpacket_answers_total"              // ams {code}
	grants         = "redpacket_grants_total"               // ams-heavy
	newcomerGrants = "redpacket_newcomer_grants_total"      // ams-heavy
	delivered      = "redpacket_delivered_total"            // courier {game}
	backlog        = "redpacket_backlog"                    // courier {game}
	backlogAge     = "redpacket_backlog_age_seconds"        // courier {game}
	proxied        = "toxiproxy_proxy_sent_bytes_total"     // linkd {proxy}
	sent           = "process_network_transmit_bytes_total" // every process
	reportsSent    = "redpacket_reports_sent_total"         // every reporter
	reportsFailed  = "redpacket_reports_failed_total"       // every reporter
	optional       = "redpacket_optional_total"             // ams {outcome,part}: questions to optional parts
	differences    = "redpacket_recon_differences"          // recon {kind}
)

// Instance is one process' readings at a time.
type Instance struct {
	Node, Role, IDC string
	Values          map[string]float64 // by series, as Prometheus writes them: name{label="v"}
}

// Scrape is the readings of all processes that answered, at about one time.
type Scrape struct {
	At        time.Time
	Instances []Instance
}

// Values are the metrics that could be told. A missing one is not known, which is no zero.
type Values map[Metric]float64

// Measure tells the metrics from two scrapes. A process that one of them lacks is left out; a counter that has fallen
// belongs to a process that has started anew, and counts from 0.
func Measure(before, now Scrape, c config.Capacity) Values {
	m := measurer{seconds: now.At.Sub(before.At).Seconds(), before: map[string]Instance{}, now: now.Instances, values: Values{}}
	if m.seconds <= 0 {
		return m.values
	}
	for _, i := range before.Instances {
		m.before[i.Node] = i
	}
	m.front(c)
	m.share(StoreBytes, m.rate(proxied, func(i Instance, s string) bool { return i.Role == "linkd" && strings.Contains(s, "--cmem-") }), c.StoreBytes)
	m.share(Backlog, m.level(backlog, plus), c.Backlog)
	m.share(BacklogAge, m.level(backlogAge, func(a, b float64) float64 { return max(a, b) }), promise.Seconds())
	m.part(ReportFailures, m.rate(reportsFailed, every), m.rate(reportsSent, every))
	lookup := func(answered bool) reading {
		return m.rate(optional, func(_ Instance, s string) bool {
			return strings.Contains(s, `part="registry"`) && strings.Contains(s, `outcome="answered"`) == answered
		})
	}
	m.part(LookupFailures, lookup(false), lookup(true))
	m.share(Differences, m.level(differences, plus), 1)
	light := func(i Instance, _ string) bool { return i.Role == "ams-light" }
	for metric, r := range map[Metric]reading{LightCalls: m.rate(answers, light), LightBytes: m.rate(sent, light), Grants: m.rate(grants, every),
		NewcomerGrants: m.rate(newcomerGrants, every), Deliveries: m.rate(delivered, every), Reports: m.rate(reportsSent, every)} {
		m.share(metric, r, 1)
	}
	return m.values
}

// front measures the front doors. Static parts are no sign of how the system behind them does.
func (m *measurer) front(c config.Capacity) {
	arrivals := m.rate(requests, every)
	m.share(Load, arrivals, c.Requests)
	m.share(Arrivals, arrivals, 1)
	shed := m.rate(requests, dynamic("busy", "closed"))
	all := m.rate(requests, dynamic())
	m.part(Refused, shed, reading{all.value - shed.value, all.known})
	for idc, into := range map[string][2]Metric{"a": {SuccessA, ArrivalsA}, "b": {SuccessB, ArrivalsB}} {
		of := func(which func(Instance, string) bool) reading {
			return m.rate(requests, func(i Instance, s string) bool { return i.IDC == idc && which(i, s) })
		}
		bad, all := of(dynamic("unknown", "?")), of(dynamic())
		m.part(into[0], reading{all.value - bad.value, all.known}, bad)
		m.share(into[1], of(every), 1)
	}
}

// dynamic picks the requests that need more than the gateway's memory, with one of some codes; none: with any.
func dynamic(codes ...string) func(Instance, string) bool {
	return func(_ Instance, series string) bool {
		if strings.Contains(series, `op="static"`) || strings.Contains(series, `op="?"`) {
			return false
		}
		for _, c := range codes {
			if strings.Contains(series, `code="`+c+`"`) {
				return true
			}
		}
		return len(codes) == 0
	}
}

func every(Instance, string) bool { return true }

func plus(a, b float64) float64 { return a + b }

// measurer is two scrapes side by side.
type measurer struct {
	seconds float64
	before  map[string]Instance
	now     []Instance
	values  Values
}

// reading is a sum over series, if there were any.
type reading struct {
	value float64
	known bool
}

// rate is the rise per second of the counters of a name that are picked.
func (m *measurer) rate(name string, pick func(i Instance, series string) bool) (r reading) {
	for _, i := range m.now {
		old, there := m.before[i.Node]
		if !there {
			continue
		}
		for series, v := range i.Values {
			if base, _, _ := strings.Cut(series, "{"); base != name || !pick(i, series) {
				continue
			}
			if was, had := old.Values[series]; had && was <= v {
				v -= was
			}
			r.value, r.known = r.value+v/m.seconds, true
		}
	}
	return r
}

// level joins the gauges of a name.
func (m *measurer) level(name string, join func(a, b float64) float64) (r reading) {
	for _, i := range m.now {
		for series, v := range i.Values {
			if base, _, _ := strings.Cut(series, "{"); base == name {
				r.value, r.known = join(r.value, v), true
			}
		}
	}
	return r
}

// share notes a reading as a share of something known.
func (m *measurer) share(as Metric, r reading, of float64) {
	if r.known && of > 0 {
		m.values[as] = r.value / of
	}
}

// part notes what part of two readings together the first is; of nothing there is no part.
func (m *measurer) part(as Metric, r, rest reading) {
	if all := r.value + rest.value; (r.known || rest.known) && all > 0 {
		m.values[as] = r.value / all
	}
}
