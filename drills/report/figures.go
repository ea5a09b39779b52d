package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// lines is one chart's data as the page's script takes it: x in seconds, then one list a series; a hole is null.
type lines struct {
	Title  string       `json:"title"`
	Unit   string       `json:"unit"`
	Names  []string     `json:"names"`
	Stack  bool         `json:"stack"`
	X      []float64    `json:"x"`
	Values [][]*float64 `json:"values"`
}

// band is a shaded stretch or a marker (From equals To) on every chart.
type band struct {
	Track string  `json:"track"`
	What  string  `json:"what"`
	From  float64 `json:"from"`
	To    float64 `json:"to"`
}

// mostPoints bounds a chart; longer drills are drawn in coarser steps.
const mostPoints = 600

// step is the width of a point: half a second, or more in a long drill.
func step(length time.Duration) time.Duration {
	step := 500 * time.Millisecond
	for length/step > mostPoints {
		step *= 2
	}
	return step
}

// charts are the drill's figures over time; without a tally only the gauges are left.
func charts(r *record.Record) []lines {
	var all []lines
	if r.Tally != nil && r.Length() > 0 {
		all = append(all, rates(r), outcomes(r), waits(r))
	}
	return append(all,
		dial{"Queue wait in ams", "ms", 1000}.of(r, record.QueueWait),
		dial{"Grants not yet delivered", "", 1}.of(r, record.Backlog),
		dial{"Age of the oldest undelivered grant", "s", 1}.of(r, record.BacklogAge),
		dial{"Admitted share of users", "%", 100}.of(r, record.Admitted),
		dial{"Shard: epoch, and open (1) or closed (0)", "", 1}.of(r, record.ShardEpoch, record.ShardOpen),
		processors(r))
}

// each calls show for each point of the load.
func each(r *record.Record, show func(s record.Span)) {
	width := step(r.Length())
	for at := time.Duration(0); at < r.Length(); at += width {
		show(record.Span{From: at, To: at + width})
	}
}

func (l *lines) add(at time.Duration, values ...float64) {
	l.X = append(l.X, at.Seconds())
	for i := range values {
		l.Values[i] = append(l.Values[i], &values[i])
	}
}

func rates(r *record.Record) lines {
	l := lines{Title: "Requests per second", Unit: "/s", Names: []string{"planned", "offered", "answered", "goodput"}, Values: make([][]*float64, 4)}
	each(r, func(s record.Span) {
		seconds := s.Length().Seconds()
		per := func(out ...api.Outcome) float64 {
			return tenth(float64(r.Tally.Count(s, record.Which{Outcomes: out})) / seconds)
		}
		planned := (r.Profile.Curve.Due(s.To) - r.Profile.Curve.Due(s.From)) * r.Scale
		planned -= float64(r.Tally.Happened(s, tally.Withheld)) * r.Profile.Funnel.PerClick() / r.Profile.Funnel.Exposed() // whom a valve kept away
		l.add(s.From, tenth(max(0, planned)/seconds), per(), per(api.Done, api.Refused, api.Shed, api.Failed), per(api.Done))
	})
	return l
}

func outcomes(r *record.Record) lines {
	order := []api.Outcome{api.Done, api.Refused, api.Shed, api.Failed, api.Doubt}
	l := lines{Title: "Outcomes of the critical path (list, select, claim, receipt)", Unit: "/s", Stack: true, Values: make([][]*float64, len(order))}
	for _, out := range order {
		l.Names = append(l.Names, out.String())
	}
	each(r, func(s record.Span) {
		var values []float64
		for _, out := range order {
			n := r.Tally.Count(s, record.Which{Ops: judge.Critical(), Outcomes: []api.Outcome{out}})
			values = append(values, tenth(float64(n)/s.Length().Seconds()))
		}
		l.add(s.From, values...)
	})
	return l
}

func waits(r *record.Record) lines {
	l := lines{Title: "Response time of the critical path, from when it was owed", Unit: "ms", Names: []string{"p50", "p99", "p99.9"}, Values: make([][]*float64, 3)}
	each(r, func(s record.Span) {
		got := responses(r.Tally, s, judge.Critical())
		l.add(s.From, got.P50, got.P99, got.P999)
	})
	return l
}

// dial is how gauges are shown: their values times a factor are of the unit.
type dial struct {
	title, unit string
	factor      float64
}

// of draws gauges as they were read; a reading that lacks one is a hole.
func (d dial) of(r *record.Record, gauges ...record.Gauge) lines {
	l := lines{Title: d.title, Unit: d.unit, Values: make([][]*float64, len(gauges))}
	for _, g := range gauges {
		l.Names = append(l.Names, strings.TrimSuffix(string(g), "_s")) // the dial has a unit of its own
	}
	every := 1 + len(r.Gauges)/mostPoints
	for n, s := range r.Gauges {
		if n%every != 0 {
			continue
		}
		l.X = append(l.X, s.At.Seconds())
		for i, g := range gauges {
			var p *float64
			if v, ok := s.Values[g]; ok {
				v *= d.factor
				p = &v
			}
			l.Values[i] = append(l.Values[i], p)
		}
	}
	return l
}

// processors draws what each role used, and leaves out roles that never used a twentieth of a core.
func processors(r *record.Record) lines {
	var busy []record.Gauge
	for _, role := range []string{"tgw", "ams-light", "ams-heavy", "cmem", "keeper", "log", "courier", "idip", "ledger", "gslb", "linkd"} {
		for _, s := range r.Gauges {
			if s.Values[record.CPUOf(role)] >= 0.05 {
				busy = append(busy, record.CPUOf(role))
				break
			}
		}
	}
	return dial{"Processor cores used, by role", "cores", 1}.of(r, busy...)
}

// bands are the events as they are drawn: a fault or a playbook lasts while it has its effect.
func bands(r *record.Record) []band {
	all := []band{}
	for _, e := range happened(r) {
		from := e.From
		if e.Track == record.Fault || e.Track == record.Playbook {
			from = max(e.From, e.Effective)
		}
		all = append(all, band{string(e.Track), e.What, from.Seconds(), max(from, e.To).Seconds()})
	}
	return all
}

// happened are the events in order of time.
func happened(r *record.Record) []record.Event {
	events := slices.Clone(r.Events)
	slices.SortStableFunc(events, func(a, b record.Event) int { return cmp.Compare(a.From, b.From) })
	return events
}
