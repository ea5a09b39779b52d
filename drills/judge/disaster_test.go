package judge

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
)

const lost = "kill cmem-1" // at 15 s

// probed adds a probe each 10 ms of the users of both data centres; those of a are shed from a time to another.
func probed(from, to time.Duration) func(*made) {
	return func(m *made) {
		m.ProbeEvery = 10 * time.Millisecond
		for owed := time.Duration(0); owed < m.Record().Length(); owed += m.ProbeEvery {
			for home := range activity.IDC(activity.IDCs) {
				p := loadprofiles.Probe{Home: home, Sent: owed + 1, Answered: owed + time.Millisecond,
					Attempt: loadprofiles.Attempt{Owed: owed, Took: time.Millisecond, Outcome: api.Done, Code: api.OK}}
				if home == activity.A && owed >= from && owed < to {
					p.Outcome, p.Code = api.Shed, api.Closed
				}
				m.probes = append(m.probes, p)
			}
		}
	}
}

// Record is what the manifest alone tells.
func (m *made) Record() *record.Record { return &record.Record{Manifest: m.Manifest} }

func ordered(what string, from, effective time.Duration) func(*made) {
	return func(m *made) {
		m.Events = append(m.Events, record.Event{Track: record.Playbook, What: what, From: from, Effective: effective, To: effective})
	}
}

// queued has so much wait for delivery, by time; a negative figure is one that nobody could read.
func queued(backlog func(at time.Duration) float64) func(*made) {
	return func(m *made) {
		for _, s := range m.gauges {
			if n := backlog(s.At); n >= 0 {
				s.Values[record.Backlog] = n
			}
		}
	}
}

// until is one figure until a time, and then another.
func until(end time.Duration, first, then float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		if at < end {
			return first
		}
		return then
	}
}

// arriving has 100 users of a arrive each second, so many of 100 at a's own door, by time.
func arriving(share func(at time.Duration) float64) func(*made) {
	return func(m *made) {
		var here, there float64
		for i, g := range m.gauges {
			n := 100 * SampleEvery.Seconds()
			here, there = here+n*share(g.At), there+n*(1-share(g.At))
			m.gauges[i].Values[record.ArrivedAt("a", "a")], m.gauges[i].Values[record.ArrivedAt("a", "b")] = here, there
		}
	}
}

func disasterRows() []row {
	rto := RTO{Within: 5 * time.Second, After: lost, AtLeast: 0.99, Answers: 100 * time.Millisecond, Seconds: 10, Felt: true}
	with := func(change func(*RTO)) RTO {
		r := rto
		change(&r)
		return r
	}
	out := probed(15*time.Second, 18*time.Second)
	shed := func(from, to time.Duration) func(*made) {
		return then(out, func(m *made) { m.hits(from, to, time.Millisecond, api.Shed) })
	}
	paced := ProbesOnTime{LateBy: 20 * time.Millisecond}
	rpo := RPO{After: lost}
	tenth := Arrive{IDC: "a", Share: 0.1, Off: 0.05, Since: 2 * time.Second, In: "night"}
	staged := func(at time.Duration) float64 { // nobody, then a tenth, then all
		switch {
		case at <= 10*time.Second:
			return 0
		case at <= 20*time.Second:
			return 0.1
		}
		return 1
	}
	gone := func(m *made) { m.attempts = append(m.attempts, acked(grantOf(30, 0, 9, 0))) }
	return []row{
		{"recovered", rto, out, Pass, "first claim acknowledged 3.00 s after an outage of 3s, service lasts from 3.00 s on"},
		{"detected by what the system did", rto, out, Pass, "detected 0.50 s (a shard was closed), it heals by itself"},
		{"all as before", rto, out, Pass, "all as before 3.50 s"},
		{"drained as well", rto, then(out, queued(func(at time.Duration) float64 {
			return until(15100*time.Millisecond, 5, until(26*time.Second, 500, 4)(at))(at)
		})), Pass, "lasts from 3.00 s on, all as before 11.00 s"},
		{"drained to what there was at the most, not at the last", rto, then(out, queued(func(at time.Duration) float64 {
			return until(2*time.Second, 40, until(15100*time.Millisecond, 5, until(26*time.Second, 500, 39)(at))(at))(at)
		})), Pass, "all as before 11.00 s"},
		{"what waits is never drained", rto, then(out, queued(until(15100*time.Millisecond, 5, 6))), Pass, "lasts from 3.00 s on, all as before never"},
		{"more is granted than games accept", rto, then(out, queued(time.Duration.Seconds)), Pass, "all as before never"},
		{"nobody tells any more what waits", rto, then(out, queued(until(15100*time.Millisecond, 5, -1))), Pass, "all as before never"},
		{"an order was given", rto, then(out, ordered("take over the users of a", 16*time.Second, 17500*time.Millisecond)), Pass,
			`"take over the users of a" issued 1.00 s, in force everywhere 2.50 s`},
		{"an order that came later is none of it", rto, then(out, ordered("give back", 30*time.Second, 31*time.Second)), Pass, "it heals by itself"},
		{"an alarm was first", rto, then(out, func(m *made) {
			m.Events = append(m.Events, record.Event{Track: record.Alarm, What: "ShardClosed: idc a", Level: "page", From: 15200 * time.Millisecond},
				record.Event{Track: record.Alarm, What: "ReportsFail", Level: "ticket", From: 15100 * time.Millisecond},
				record.Event{Track: record.Alarm, What: "QueueWait", Level: "page", From: 2 * time.Second})
		}), Pass, "detected 0.20 s (alarm ShardClosed: idc a)"},
		{"too late", with(func(r *RTO) { r.Within = 2 * time.Second }), out, Fail, "3.00 s"},
		{"the load suffers longer", rto, shed(15*time.Second, 21*time.Second), Fail, "service lasts from 6"},
		{"a relapse", rto, shed(26*time.Second, 27*time.Second), Fail, "service lasts from 12"},
		{"slow for long", rto, then(out, func(m *made) { m.hits(15*time.Second, 22*time.Second, time.Second, api.Done) }), Fail, "service lasts from 7"},
		{"never", rto, probed(15*time.Second, 40*time.Second), Fail, "not recovered in 25s"},
		{"the users of the other one felt nothing", with(func(r *RTO) { r.Home = "b" }), out, Inconclusive, "no outage was seen"},
		{"nothing was felt, nor had to be", with(func(r *RTO) { r.Home, r.Felt = "b", false }), out, Pass, "after an outage of 0s"},
		{"an outage much later is none of it", rto, probed(20*time.Second, 21*time.Second), Inconclusive, "no outage was seen"},
		{"not watched for long enough", with(func(r *RTO) { r.Within = 20 * time.Second }), probed(15*time.Second, 38*time.Second), Inconclusive, "that were watched"},
		{"nobody probed", rto, nil, Inconclusive, "no probe"},
		{"no tally", rto, then(out, func(m *made) { m.tally = nil }), Inconclusive, "no probe was owed after it, or no tally"},
		{"nothing done", rto, then(out, func(m *made) { m.tally = tally.New(time.Minute) }), Fail, "not recovered"},
		{"no effect", rto, then(out, func(m *made) { m.Events[0].Effective = 0 }), Inconclusive, "no effect"},
		{"it asks for nothing", RTO{Within: time.Second, After: lost}, out, Inconclusive, "ask for nothing"},
		{"probes torn", rto, then(out, func(m *made) { m.broken = errors.New("torn") }), Inconclusive, "torn"},

		{"on time", paced, out, Pass, "8000 probes of the users of 2 data centres, 7700 acknowledged"},
		{"late", paced, then(out, func(m *made) {
			for i := range m.probes {
				m.probes[i].Sent += time.Second
			}
		}), Inconclusive, "p99 of those left 1s late"},
		{"a hole in the pace", paced, then(out, func(m *made) { m.probes = slices.Delete(m.probes, 2000, 2002) }), Inconclusive, "was owed from 9.99s to 10.01s"},
		{"ended early", paced, then(out, func(m *made) { m.probes = m.probes[:6000] }), Inconclusive, "before the end of the load"},
		{"none acknowledged", paced, then(probed(0, time.Minute), func(m *made) {
			m.probes = slices.DeleteFunc(m.probes, loadprofiles.Probe.Acked)
		}), Inconclusive, "no probe was acknowledged"},
		{"nobody probed", paced, nil, Inconclusive, "nobody probed"},

		{"a tenth is back", tenth, arriving(staged), Pass, "10 %: 75 came to a and 675 to b"},
		{"all are back", Arrive{IDC: "a", Share: 1, Since: 2 * time.Second, In: "after"}, arriving(staged), Pass, "100 %: 1750 came to a and 0 to b"},
		{"nobody is back yet", Arrive{IDC: "a", In: "before"}, arriving(staged), Pass, "0 %: 0 came to a"},
		{"they come before they are asked to", Arrive{IDC: "a", In: "before"}, arriving(func(time.Duration) float64 { return 0.02 }), Fail, "2 %: "},
		{"all at once", tenth, arriving(func(at time.Duration) float64 {
			return math.Round(staged(at) + 0.45)
		}), Fail, "100 %: 750 came to a"},
		{"a stage that does nothing", tenth, arriving(func(time.Duration) float64 { return 0 }), Fail, "0 %: 0 came to a and 750 to b"},
		{"a stage that ends too soon", tenth, arriving(func(at time.Duration) float64 {
			return staged(at + 5*time.Second)
		}), Fail, "64 %"},
		{"some stay away", Arrive{IDC: "a", Share: 1, Since: 2 * time.Second, In: "after"}, arriving(func(time.Duration) float64 { return 0.99 }), Fail, "99 %: "},
		{"the other one's users were not counted", Arrive{IDC: "b", Share: 1, In: "after"}, arriving(staged), Inconclusive, "0 readings"},
		{"hardly anybody came", Arrive{IDC: "a", Share: 1, Since: 19 * time.Second, In: "after"}, arriving(staged), Inconclusive, "50 users came anywhere"},
		{"a gateway began anew", tenth, then(arriving(staged), func(m *made) {
			m.gauges[34].Values[record.ArrivedAt("a", "a")], m.gauges[39].Values[record.ArrivedAt("a", "a")] = 1, 0
		}), Inconclusive, "one began anew"},
		{"the door was dead", tenth, then(arriving(staged), func(m *made) {
			for _, g := range m.gauges {
				delete(g.Values, record.ArrivedAt("a", "a"))
			}
		}), Inconclusive, "0 readings"},
		{"no such window", Arrive{IDC: "a", In: "dawn"}, arriving(staged), Inconclusive, "dawn"},

		{"nothing is gone", rpo, nil, Pass, "0 of 8 acknowledged grants and 0 fen are gone, reaching back 0 s; 8 were"},
		{"a grant is gone", rpo, gone, Fail, "1 of 9 acknowledged grants and 200 fen are gone, reaching back 15.00 s"},
		{"a grant may be gone", RPO{After: lost, Grants: 1, Fen: 200}, gone, Pass, "1 of 9"},
		{"not so much money", RPO{After: lost, Grants: 1, Fen: 199}, gone, Fail, "200 fen"},
		{"a probe's grant is gone", rpo, func(m *made) {
			m.probes = []loadprofiles.Probe{{Attempt: acked(grantOf(30, 0, 9, 0))}}
		}, Fail, "1 of 9"},
		{"nothing could be lost", rpo, func(m *made) {
			for i := range m.attempts {
				m.attempts[i].Owed = 20 * time.Second
			}
		}, Inconclusive, "nothing was acknowledged before it"},
		{"the log was not read", rpo, func(m *made) { delete(m.Shelves, books.Log) }, Inconclusive, "not read"},
		{"no such step", RPO{After: "kill tgw"}, nil, Inconclusive, "kill tgw"},
	}
}

func TestDisasters(t *testing.T) {
	for _, r := range disasterRows() {
		t.Run(TypeOf(r.asks)+" "+r.name, r.run)
	}
}

func TestSplitsAreThoseThatARecordAsks(t *testing.T) {
	m := sound()
	probed(15*time.Second, 18*time.Second)(m)
	claims, err := Encode([]Assertion{Settles{Within: time.Second}, RTO{Within: time.Second, After: lost, AtLeast: 0.99, Seconds: 5}})
	if err != nil {
		t.Fatal(err)
	}
	m.Claims = claims
	all, err := Splits(m.record())
	if err != nil || len(all) != 1 || all[0].After != lost || all[0].Acked.Round(time.Millisecond*10) != 3*time.Second {
		t.Errorf("%+v, %v", all, err)
	}
	m.Events = nil
	if _, err := Splits(m.record()); err == nil || !strings.Contains(err.Error(), lost) {
		t.Errorf("a step that there was not: %v", err)
	}
}
