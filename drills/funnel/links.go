package funnel

import (
	"fmt"
	"slices"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// reading is a count that grows: how much it grew between two samples of the gauges, and the gauges it is made of.
type reading struct {
	from  []record.Gauge
	value func(a, b record.Sample) float64
}

// grown is 0 where a sample lacks the gauge.
func grown(a, b record.Sample, g record.Gauge) float64 {
	from, known := a.Values[g]
	to, still := b.Values[g]
	if !known || !still {
		return 0
	}
	return to - from
}

// requests are those of the ops that the gateways answered, each op that the system's own watchers asked for left out. Each
// counts times a factor.
func (m measuring) requests(factor float64, ops ...api.Op) reading {
	r := reading{}
	for _, op := range ops {
		r.from = append(r.from, record.RequestsOf(op))
	}
	r.value = func(a, b record.Sample) float64 {
		sum := -float64(len(ops)) * grown(a, b, record.Watchers)
		for _, g := range r.from {
			sum += grown(a, b, g)
		}
		return factor * sum
	}
	return r
}

// calls are those that a role answered; the watchers' own, so many a journey, are left out.
func (m measuring) calls(role string, aJourney float64) reading {
	g := record.CallsOf(role)
	return reading{[]record.Gauge{g}, func(a, b record.Sample) float64 { return grown(a, b, g) - aJourney*grown(a, b, record.Watchers) }}
}

// fact is something that the clients counted themselves.
func (m measuring) fact(f tally.Fact) reading {
	return reading{value: func(a, b record.Sample) float64 {
		return between(a, b, func(s record.Span) uint64 { return m.r.Tally.Happened(s, f) })
	}}
}

// done is how many requests clients saw come to an outcome; none: any.
func (m measuring) done(op api.Op, outcomes ...api.Outcome) reading {
	return reading{value: func(a, b record.Sample) float64 {
		return between(a, b, func(s record.Span) uint64 {
			return m.r.Tally.Count(s, record.Which{Ops: []api.Op{op}, Outcomes: outcomes})
		})
	}}
}

// between counts from one sample to another. A tally knows tenths of a second, and samples are taken at any moment, so of the
// first and the last tenth the part counts that lies between.
func between(a, b record.Sample, count func(record.Span) uint64) float64 {
	from, to := a.At.Truncate(tally.Slot), b.At.Truncate(tally.Slot)
	part := func(slot, at time.Duration) float64 {
		return float64(count(record.Span{From: slot, To: slot + tally.Slot})) * float64(at-slot) / float64(tally.Slot)
	}
	return float64(count(record.Span{From: from, To: to})) + part(to, b.At) - part(from, a.At)
}

// sum is several readings together.
func sum(all ...reading) reading {
	r := reading{}
	for _, one := range all {
		r.from = append(r.from, one.from...)
	}
	r.value = func(a, b record.Sample) (total float64) {
		for _, one := range all {
			total += one.value(a, b)
		}
		return total
	}
	return r
}

func (r reading) times(factor float64) reading {
	return reading{r.from, func(a, b record.Sample) float64 { return factor * r.value(a, b) }}
}

// links are how often each link was called, for once that the sheet says.
func (m measuring) links() []Row {
	var rows []Row
	for i, l := range m.sheet.Links {
		rows = append(rows, m.link(i, l))
		if g := record.CachedBefore(l.To); l.Hit > 0 {
			rows = append(rows, m.cache(l, g))
		}
	}
	return rows
}

// own says how a role's calls are counted, and how many of them a journey of the system's watchers makes.
func own(to string) (aJourney float64, counted bool) {
	switch to {
	case "ams-light":
		return 3, true
	case "ams-heavy", "log": // a watcher claims what it has, and that is logged again
		return 1, true
	case "registry":
		return 0, true
	}
	return 0, false
}

func (m measuring) link(i int, l estimate.Link) Row {
	name, of := fmt.Sprintf("calls of %s by %s", l.To, l.From), "calls by the sheet"
	var calls reading
	base := m.base(l, m.requests)
	switch aJourney, counted := own(l.To); {
	case l.From == "users":
		calls, base = m.requests(1, api.Static, api.List, api.Select, api.Claim, api.Receipt), m.base(l, m.sent)
	case !counted:
		return Row{Name: name, Of: of, Sheet: 1, Held: Shown, Missing: "no part of the system counts these calls: they follow from the steps"}
	default:
		calls = m.calls(l.To, aJourney)
	}
	row := m.counted(Row{Name: name, Of: of, Sheet: 1}, calls, base)
	row.apply = func(s *estimate.Sheet, row Row) {
		if row.Held == Off {
			s.Links[i].Calls = s.Links[i].Calls.Times(row.Measured.Mid)
		}
	}
	return row
}

// sent are the requests of ops that clients made.
func (m measuring) sent(factor float64, ops ...api.Op) reading {
	var all []reading
	for _, op := range ops {
		all = append(all, m.done(op).times(factor))
	}
	return sum(all...)
}

// base is the calls that the sheet makes of the requests there were.
func (m measuring) base(l estimate.Link, requests func(float64, ...api.Op) reading) reading {
	c := l.Calls
	var all []reading
	for op, each := range map[api.Op]float64{api.Static: c.Static, api.List: c.List, api.Select: c.Select, api.Claim: c.Claim, api.Receipt: c.Receipt} {
		if each > 0 {
			all = append(all, requests(each, op))
		}
	}
	if c.Win > 0 {
		all = append(all, m.done(api.Claim, api.Done).times(c.Win))
	}
	return sum(all...).times(1 - l.Hit)
}

// cache is a row to be read: what a cache misses is in the calls behind it, which are judged.
func (m measuring) cache(l estimate.Link, g record.Gauge) Row {
	hits := reading{[]record.Gauge{g}, func(a, b record.Sample) float64 { return grown(a, b, g) }}
	row := m.counted(Row{Name: "cache hits before " + l.To, Of: "questions", Sheet: l.Hit}, hits, sum(hits, m.calls(l.To, 0)))
	row.Held = Shown
	return row
}

// counted fills a row in out of counters of the system and of the clients, read in blocks of a second. A counter that nobody read,
// that stood still though it should have moved, or that fell, is missing: the row then says so, and is no verdict.
func (m measuring) counted(row Row, y, x reading) Row {
	blocks, missing := m.blocks(y, x)
	row.over(blocks)
	if dead := m.dead(append(slices.Clone(y.from), x.from...)); missing == "" && row.Sheet > 0 {
		missing = dead
	}
	if missing != "" {
		row.Missing = missing
	}
	row.How = "by the second, counters"
	return row
}

func (m measuring) blocks(y, x reading) (blocks []block, missing string) {
	gauges := append(slices.Clone(y.from), x.from...)
	var last *record.Sample
	for i := range m.r.Gauges {
		s := &m.r.Gauges[i]
		if s.At < m.span.From || s.At >= m.span.To || !has(*s, gauges) {
			continue
		}
		if last == nil {
			last = s
		}
		// A little less than a second, for readings are not on the dot.
		if s.At-last.At >= 900*time.Millisecond {
			blocks = append(blocks, block{y.value(*last, *s), x.value(*last, *s)})
			last = s
		}
	}
	if last == nil {
		return nil, fmt.Sprintf("nobody read %s", list(gauges))
	}
	return blocks, ""
}

// dead says which counter tells nothing: it fell, or it stood still while users clicked; empty: none.
func (m measuring) dead(gauges []record.Gauge) string {
	for _, g := range gauges {
		line := m.r.Series(g, m.span)
		for i := range line[min(1, len(line)):] {
			if line[i+1].Value < line[i].Value {
				return fmt.Sprintf("%s fell: a process began anew", g)
			}
		}
		if n := len(line); n > 1 && line[n-1].Value == line[0].Value && m.r.Tally.Happened(m.span, tally.Clicked) > 0 {
			return fmt.Sprintf("%s stood still while users clicked: the metric is dead", g)
		}
	}
	return ""
}

func has(s record.Sample, gauges []record.Gauge) bool {
	for _, g := range gauges {
		if _, ok := s.Values[g]; !ok {
			return false
		}
	}
	return true
}
