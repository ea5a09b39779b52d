package judge

import (
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

func TestFaulty(t *testing.T) {
	for _, r := range faultyRows() {
		t.Run(r.name, r.run)
	}
}

// faulty is a record in which instance x is ejected 2 s after the fault at 15 s, tried again each second from then on, with
// three calls, and game 1 stands still in "after".
func faulty(change func(at time.Duration, values map[record.Gauge]float64)) func(*made) {
	return func(m *made) {
		for i := range m.gauges {
			at, v := m.gauges[i].At, m.gauges[i].Values
			v[record.L5(record.L5Calls, "y")] = 100 * at.Seconds()
			v[record.L5(record.L5Calls, "x")] = 100 * min(at, 17*time.Second).Seconds()
			v[record.L5(record.L5Ejections, "x")], v[record.L5(record.L5Reopens, "x")], v[record.L5(record.L5Probes, "x")] = 0, 0, 0
			if at >= 17*time.Second {
				tried := float64(int((at - 17*time.Second).Seconds()))
				v[record.L5(record.L5Ejections, "x")], v[record.L5(record.L5Reopens, "x")], v[record.L5(record.L5Probes, "x")] = 1, tried, 3*tried
			}
			v[record.DeliveredIn(0)], v[record.DeliveredIn(1)] = 10*at.Seconds(), 10*min(at, 20*time.Second).Seconds()
			if change != nil {
				change(at, v)
			}
		}
	}
}

func faultyRows() []row {
	sick := faulty(nil)
	ejected := Ejected{Peer: "x", Within: 3 * time.Second, After: "kill cmem-1", Reopens: 3}
	avoided := Avoided{Peer: "x", Pool: []string{"x", "y"}, AtMost: 0.1, In: "after"}
	gentle := ProbedGently{Peer: "x", Most: 3}
	shed := Comes{Outcome: api.Shed, From: 0.3, To: 0.7, In: "night"}
	hits := func(out api.Outcome) func(*made) {
		return func(m *made) { m.hits(10*time.Second, 20*time.Second, time.Millisecond, out) }
	}
	return []row{
		{"as many as expected", shed, hits(api.Shed), Pass, "100 shed"},
		{"none", shed, nil, Fail, "0 %"},
		{"too many", shed, func(m *made) { hits(api.Shed)(m); hits(api.Shed)(m); hits(api.Shed)(m) }, Fail, "300 shed"},
		{"no such window", Comes{In: "dawn"}, nil, Inconclusive, "before, night, after"},
		{"nothing asked", Comes{Ops: []api.Op{api.Receipt}, To: 1, In: "night"}, nil, Inconclusive, "nothing to look at"},

		{"ejected", ejected, sick, Pass, "ejected after 2s"},
		{"ejected late", Ejected{Peer: "x", Within: time.Second, After: "kill cmem-1"}, sick, Fail, "ejected after 2s"},
		{"never ejected", ejected, faulty(func(_ time.Duration, v map[record.Gauge]float64) { v[record.L5(record.L5Ejections, "x")] = 0 }), Fail, "not ejected in 24"},
		{"ejected before, not since", ejected, faulty(func(_ time.Duration, v map[record.Gauge]float64) { v[record.L5(record.L5Ejections, "x")] = 5 }), Fail, "not ejected"},
		{"never tried again", ejected, faulty(func(_ time.Duration, v map[record.Gauge]float64) { v[record.L5(record.L5Reopens, "x")] = 0 }), Fail, "failed 0 times"},
		{"not watched long enough", ejected, func(m *made) { sick(m); m.gauges = m.gauges[:33] }, Inconclusive, "that were watched"},
		{"nobody told", ejected, nil, Inconclusive, "nobody told"},
		{"the fault had no effect", ejected, func(m *made) { sick(m); m.Events[0].Effective = 0 }, Inconclusive, "no effect"},

		{"avoided", avoided, sick, Pass, "0 of"},
		{"not avoided", avoided, faulty(func(at time.Duration, v map[record.Gauge]float64) {
			v[record.L5(record.L5Calls, "x")] = 50 * at.Seconds()
		}), Fail, "66"},
		{"calls that nobody counted", avoided, nil, Inconclusive, "nobody told"},
		{"nobody called", avoided, faulty(func(_ time.Duration, v map[record.Gauge]float64) {
			v[record.L5(record.L5Calls, "x")], v[record.L5(record.L5Calls, "y")] = 1, 1
		}), Inconclusive, "nobody was called"},

		{"a few probes", gentle, sick, Pass, "times"},
		{"a storm of probes", gentle, faulty(func(at time.Duration, v map[record.Gauge]float64) {
			v[record.L5(record.L5Probes, "x")] = 10 * at.Seconds()
		}), Fail, "calls"},
		{"never probed", gentle, faulty(func(_ time.Duration, v map[record.Gauge]float64) { v[record.L5(record.L5Probes, "x")] = 0 }), Inconclusive, "never tried"},
		{"probes that nobody counted", gentle, nil, Inconclusive, "nobody told"},

		{"the others go on", Delivers{Games: []uint8{0}, AtLeast: 0.9, In: "after", Than: "before"}, sick, Pass, "1 of 1"},
		{"one stands still", Delivers{Games: []uint8{0, 1}, AtLeast: 0.9, In: "after", Than: "before"}, sick, Fail, "1 of 2"},
		{"it stands still, as it should", Delivers{Games: []uint8{1}, Below: 0.3, In: "after", Than: "before"}, sick, Pass, "1 of 1"},
		{"it does not stand still", Delivers{Games: []uint8{0}, Below: 0.3, In: "after", Than: "before"}, sick, Fail, "0 of 1"},
		{"nobody counts deliveries", Delivers{Games: []uint8{0}, In: "after", Than: "before"}, nil, Inconclusive, "to compare with"},
		{"no such window to compare with", Delivers{Games: []uint8{0}, In: "after", Than: "dawn"}, sick, Inconclusive, "before, night, after"},
	}
}
