package judge

import (
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
	"redpacket/system/books"
)

func TestValidity(t *testing.T) {
	for _, r := range validityRows() {
		t.Run(r.name, r.run)
	}
}

func validityRows() []row {
	offered := LoadOffered{AtLeast: 0.99, LateBy: 50 * time.Millisecond, LateTo: 0.01}
	return []row{
		{"offered", offered, nil, Pass, "411 of 411"},
		{"requests missing", offered, func(m *made) { m.Yield.Launched = 400 }, Inconclusive, "400 of 411"},
		{"clicks missing", offered, func(m *made) { m.Yield.Clicks.Launched = 390 }, Inconclusive, "390 of 400"},
		{"late", offered, func(m *made) { m.Yield.LateP99 = time.Second }, Inconclusive, "1s"},
		{"many late", offered, func(m *made) { m.Yield.LateOver = 0.2 }, Inconclusive, "20 %"},
		{"nothing owed", offered, func(m *made) { m.Yield.Owed, m.Yield.Launched = 0, 0 }, Inconclusive, "0 of 0"},

		{"kept up", GeneratorKeptUp{}, nil, Pass, "411 requests"},
		{"connections lost", GeneratorKeptUp{}, func(m *made) { m.Yield.Dropped = 1 }, Inconclusive, "1 connections"},
		{"ended early", GeneratorKeptUp{}, func(m *made) { m.Yield.Length = 30 * time.Second }, Inconclusive, "30s"},
		{"stopped", GeneratorKeptUp{}, func(m *made) { m.Yield.Stopped = true }, Inconclusive, "stopped"},
		{"not all counted", GeneratorKeptUp{}, func(m *made) { m.Yield.Launched = 500 }, Inconclusive, "411 are counted"},
		{"no tally", GeneratorKeptUp{}, func(m *made) { m.tally = nil }, Inconclusive, "no tally"},

		{"watched", Watched{AtLeast: 0.8}, nil, Pass, "80 readings"},
		{"half watched", Watched{AtLeast: 0.8}, func(m *made) { m.gauges = m.gauges[:40] }, Inconclusive, "40 readings"},
		{"trouble", Watched{AtLeast: 0.8}, func(m *made) { m.Troubles = []string{"disk full"} }, Inconclusive, "disk full"},

		{"books read", BooksRead{}, nil, Pass, "9 entries in the log"},
		{"a shelf unread", BooksRead{}, func(m *made) { delete(m.Shelves, books.Ledger) }, Inconclusive, "ledger"},
		{"a shelf empty", BooksRead{}, func(m *made) { m.Shelves[books.Ledger] = 0 }, Inconclusive, "empty"},
		{"journal short", BooksRead{}, func(m *made) { m.attempts = m.attempts[:8] }, Inconclusive, "8 claims of 11"},

		{"steps bit", StepsEffective{}, nil, Pass, "1 steps"},
		{"a step that failed", StepsEffective{}, func(m *made) { m.Events[0].Err = "no such node" }, Inconclusive, "no such node"},
		{"a step without effect", StepsEffective{}, func(m *made) { m.Events[0].Effective = 0 }, Inconclusive, "no effect"},
		{"no steps", StepsEffective{}, func(m *made) { m.Events = nil }, Inconclusive, "nothing to look at"},
	}
}

func TestHypotheses(t *testing.T) {
	for _, r := range hypothesisRows() {
		t.Run(r.name, r.run)
	}
}

func hypothesisRows() []row {
	night := func(out api.Outcome, took time.Duration) func(*made) {
		return func(m *made) { m.hits(10*time.Second, 20*time.Second, took, out) }
	}
	none := func(m *made) { m.tally = tally.New(time.Minute) }
	slow := AnswersWithin{Quantile: 0.99, Limit: 100 * time.Millisecond, In: "night"}
	slowed := SlowedAtMost{Quantile: 0.9, By: 20 * time.Millisecond, In: "night", Than: "before"}
	missing := func(from, to float64) Degraded {
		return Degraded{Part: "recommend", Op: api.List, From: from, To: to, In: "night"}
	}
	told := RefusalsExplicit{AtLeast: 0.9, In: "night"}
	silent := Silent{In: "night", AtLeast: 10 * time.Second}
	alarm := func(from, to time.Duration) record.Event {
		return record.Event{Track: record.Alarm, What: "TargetDown: tgw", Level: "ticket", From: from, Effective: from, To: to}
	}
	rate := func(least, most float64) Rate {
		return Rate{Gauge: record.DegradedBy("recommend"), In: "night", AtLeast: least, AtMost: most}
	}
	rateOf := func(least, most float64) Rate {
		r := rate(least, most)
		r.Of = "before"
		return r
	}
	still := func(from time.Duration, at float64) func(*made) {
		return func(m *made) {
			for i := range m.gauges {
				if m.gauges[i].At >= from {
					m.gauges[i].Values[record.DegradedBy("recommend")] = at
				}
			}
		}
	}
	return []row{
		{"succeeds", Succeeds{AtLeast: 0.9, In: "before"}, nil, Pass, "99.091 %"},
		{"half shed", Succeeds{AtLeast: 0.9, In: "night"}, night(api.Shed, 0), Fail, "100 shed"},
		{"all refused", Succeeds{AtLeast: 0.9, In: "night"}, func(m *made) {
			m.tally = tally.New(time.Minute)
			m.hits(10*time.Second, 20*time.Second, 0, api.Refused)
		}, Fail, "100 refused"},
		{"nothing asked", Succeeds{AtLeast: 0.9, In: "night"}, none, Inconclusive, "nothing to look at"},
		{"no such window", Succeeds{AtLeast: 0.9, In: "dawn"}, nil, Inconclusive, "before, night, after"},
		{"an op by name", Succeeds{Ops: []api.Op{api.Claim}, AtLeast: 0.99, In: "before"}, nil, Fail, "1 shed"},

		{"quick", slow, nil, Pass, "1ms"},
		{"slow", slow, night(api.Done, time.Second), Fail, "1"},
		{"never heard", slow, night(api.Doubt, time.Second), Fail, "1"},
		{"shed is not waited for", slow, night(api.Shed, time.Second), Pass, ""},
		{"nothing answered", slow, none, Inconclusive, ""},

		{"goodput held", Goodput{In: "night", AtLeast: 0.9, Of: "before"}, nil, Pass, "scale, 0.5"},
		{"goodput fell", Goodput{In: "before", AtLeast: 0.9, Of: "night"}, func(m *made) { night(api.Done, 0)(m) }, Fail, ""},
		{"of what was asked", Goodput{In: "night", AtLeast: 0.9}, night(api.Shed, 0), Fail, ""},
		{"nothing to compare", Goodput{In: "night", AtLeast: 0.9, Of: "before"}, none, Inconclusive, "nothing was done"},

		{"told", told, night(api.Shed, 0), Pass, "100 shed"},
		{"not told", told, night(api.Doubt, 0), Fail, "101 unknown"},
		{"one failed", told, func(m *made) {
			night(api.Shed, 0)(m)
			m.tally.Record(11*time.Second, 0, api.List, api.Failed)
		}, Fail, "1 failed"},
		{"nobody refused", RefusalsExplicit{AtLeast: 0.9, In: "after"}, nil, Inconclusive, "nothing to look at"},

		{"flat", QueueFlat{Slack: 0.01, In: "night"}, nil, Pass, "0.004"},
		{"growing", QueueFlat{Slack: 0.01, In: "night"}, func(m *made) {
			for i := range m.gauges {
				m.gauges[i].Values[record.QueueWait] = m.gauges[i].At.Seconds() / 100
			}
		}, Fail, "last"},
		{"silent", silent, nil, Pass, "no alarm in 10s"},
		{"an alarm before, and one after", silent, func(m *made) {
			m.Events = append(m.Events, alarm(2*time.Second, 9*time.Second), alarm(20*time.Second, 30*time.Second))
		}, Pass, ""},
		{"an alarm that went on", silent, func(m *made) { m.Events = append(m.Events, alarm(2*time.Second, 11*time.Second)) }, Fail, "1 alarms"},
		{"an alarm at its end", silent, func(m *made) { m.Events = append(m.Events, alarm(19*time.Second, 30*time.Second)) }, Fail, "TargetDown: tgw"},
		{"an alarm, heard by a monitor that looked for a moment", silent, func(m *made) {
			m.Monitored, m.Events = m.Monitored[:0], append(m.Events, alarm(12*time.Second, 13*time.Second))
		}, Fail, "1 alarms"},
		{"a monitor that did not look for a second", silent, func(m *made) {
			m.Monitored = []record.Span{{From: 0, To: 14 * time.Second}, {From: 15 * time.Second, To: 40 * time.Second}}
		}, Inconclusive, "looked for 9s of 10s"},
		{"no monitor", silent, func(m *made) { m.Monitored = nil }, Inconclusive, "looked for 0s"},
		{"silent, and too short", Silent{In: "night", AtLeast: time.Minute}, nil, Inconclusive, "lasted 10s"},
		{"unread", QueueFlat{Slack: 0.01, In: "night"}, func(m *made) { m.gauges = nil }, Inconclusive, "readings"},
		{"no slower", slowed, nil, Pass, "1ms after 1ms"},
		{"slower by as much as it may be", slowed, func(m *made) { m.hits(10*time.Second, 20*time.Second, 20*time.Millisecond, api.Done) }, Pass, ""},
		{"slower", slowed, func(m *made) { m.hits(10*time.Second, 20*time.Second, 40*time.Millisecond, api.Done) }, Fail, "after 1ms"},
		{"slower half of the time", slowed, func(m *made) {
			m.hits(10*time.Second, 15*time.Second, 40*time.Millisecond, api.Done)
		}, Inconclusive, "not quiet enough"},
		{"slower before", slowed, func(m *made) { m.hits(0, 10*time.Second, time.Second, api.Done) }, Pass, ""},
		{"nothing to compare with", SlowedAtMost{Ops: []api.Op{api.Receipt}, Quantile: 0.99, In: "night", Than: "before"}, nil, Inconclusive, "0 answers"},
		{"slower, in no window", SlowedAtMost{Quantile: 0.99, In: "night", Than: "dawn"}, nil, Inconclusive, "before, night, after"},

		{"degraded, as it should be", missing(0.15, 0.25), nil, Pass, ": 20"},
		{"degraded too little", missing(0.5, 1), nil, Fail, ": 20"},
		{"degraded too much", missing(0, 0.1), nil, Fail, ": 20"},
		{"never degraded", missing(0.1, 1), func(m *made) {
			for i := range m.gauges {
				m.gauges[i].Values[record.DegradedBy("recommend")] = 7
			}
		}, Fail, "0 of"},
		{"nobody counted", Degraded{Part: "registry", Op: api.Claim, To: 1, In: "night"}, nil, Inconclusive, "0 readings"},
		{"nobody asked", missing(0, 1), none, Inconclusive, "nothing to look at"},
		{"rises as it should", rate(1, 3), nil, Pass, "by 2 a second"},
		{"rises without a bound", rate(1, 0), nil, Pass, "by 2 a second"},
		{"rises too slowly", rate(3, 0), nil, Fail, "by 2 a second"},
		{"rises too fast", rate(0, 1), nil, Fail, "by 2 a second"},
		{"should stand still", rate(0, 0), nil, Fail, "by 2 a second"},
		{"stands still", rate(0, 0), still(10*time.Second, 7), Pass, "by 0 a second"},
		{"rises as before", rateOf(0.9, 1.1), nil, Pass, "100 % of the 2 before"},
		{"stands still, unlike before", rateOf(0, 0), still(10*time.Second, 7), Pass, "0 % of the 2 before"},
		{"stands still, and should go on", rateOf(0.9, 0), still(10*time.Second, 7), Fail, "0 % of the 2 before"},
		{"stood still before, too", rateOf(0, 0), still(0, 7), Inconclusive, "did not rise"},
		{"began anew", rate(0, 0), func(m *made) { still(12*time.Second, 1)(m) }, Inconclusive, "or it fell"},
		{"nobody read it", Rate{Gauge: record.Delivered, In: "night"}, nil, Inconclusive, "too few readings"},
		{"rises in no window", Rate{Gauge: record.Delivered, In: "dawn"}, nil, Inconclusive, "before, night, after"},
		{"another gauge", QueueFlat{Gauge: record.Unsettled, In: "night"}, nil, Pass, ""},
	}
}

func TestRecovery(t *testing.T) {
	for _, r := range recoveryRows() {
		t.Run(r.name, r.run)
	}
}

func recoveryRows() []row {
	const kill = "kill cmem-1"
	back := RecoversWithin{AtLeast: 0.99, Limit: 5 * time.Second, After: "night"}
	bad := func(from, to time.Duration) func(*made) {
		return func(m *made) { m.hits(from, to, time.Millisecond, api.Doubt) }
	}
	reopens := ShardReopens{Within: 5 * time.Second, After: kill}
	return []row{
		{"at once", back, nil, Pass, "after 0s"},
		{"after a while", back, bad(20*time.Second, 23*time.Second), Pass, "after 3s"},
		{"too late", back, bad(20*time.Second, 28*time.Second), Fail, "after 8s"},
		{"a relapse starts it anew", back, bad(22*time.Second, 29*time.Second), Fail, "after 9s"},
		{"never", back, bad(20*time.Second, 40*time.Second), Fail, "not recovered in 20s"},
		{"not long enough watched", RecoversWithin{AtLeast: 0.99, Limit: time.Minute, After: "night"}, bad(20*time.Second, 40*time.Second), Inconclusive, "that were watched"},
		{"after a step", RecoversWithin{AtLeast: 0.99, Limit: 5 * time.Second, After: kill}, nil, Pass, "after 0s"},
		{"after a step without effect", RecoversWithin{AtLeast: 0.99, Limit: time.Second, After: kill}, func(m *made) { m.Events[0].Effective = 0 }, Inconclusive, "no effect"},

		{"reopened", reopens, nil, Pass, "epoch 2 after 3.5 s"},
		{"reopened late", ShardReopens{Within: 2 * time.Second, After: kill}, nil, Fail, "3.5 s"},
		{"never reopened", reopens, func(m *made) {
			for i := range m.gauges {
				m.gauges[i].Values[record.ShardEpoch] = 1
			}
		}, Fail, "not open again"},
		{"not watched", reopens, func(m *made) { m.gauges = m.gauges[:32] }, Inconclusive, "that were watched"},
		{"no gauges", reopens, func(m *made) { m.gauges = nil }, Inconclusive, "no epoch"},
	}
}
