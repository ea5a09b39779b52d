package judge

import (
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

func TestPromotions(t *testing.T) {
	for _, r := range promotionRows() {
		t.Run(r.name, r.run)
	}
}

// stopped has a promotion bring half of the users at once, its valve be closed by P6 from 12 s and opened from 25 s on, and the
// generator follow: who is kept away is not owed.
func stopped(then func(*made)) func(*made) {
	return func(m *made) {
		step := func(what string, at time.Duration) record.Event {
			return record.Event{Track: record.Playbook, What: what, From: at, Effective: at + 40*time.Millisecond, To: at + 40*time.Millisecond}
		}
		m.Events = append(m.Events, step("activate P6", 12*time.Second), step("roll back P6", 25*time.Second))
		m.Profile = loadprofiles.Estimate96k(time.Second)
		m.Profile.Curve = loadprofiles.Hold(600, 40*time.Second)
		m.Profile.Promotion = loadprofiles.Promotion{Share: 0.5}
		m.Yield.Valve = loadprofiles.Turns{{}, {At: 12100 * time.Millisecond, Closed: true}, {At: 25030 * time.Millisecond}}
		c := Case{Record: m.record()}
		_, m.Yield.Withheld = c.keptAway()
		then(m)
	}
}

func promotionRows() []row {
	followed := ValveFollowed{Close: "activate P6", Open: "roll back P6", Within: time.Second}
	forGood := ValveFollowed{Close: "activate P6", Within: time.Second}
	offered := LoadOffered{AtLeast: 0.99, LateBy: 50 * time.Millisecond, LateTo: 0.01}
	fell := Arrivals{In: "after", Of: "before", AtLeast: 0.2, AtMost: 0.6}
	// lists has ten lists a second until a time, and from 20 s on so many.
	lists := func(until time.Duration, then int) func(*made) {
		return func(m *made) {
			m.tally = tally.New(time.Minute)
			m.hits(0, until, time.Millisecond, api.Done)
			for n := range 20 * then {
				m.tally.Record(20*time.Second+time.Duration(n)*time.Second/time.Duration(then), time.Millisecond, api.List, api.Shed)
			}
		}
	}
	return []row{
		{"the valve was followed", followed, stopped(func(*made) {}), Pass, "were not shown"},
		{"and those kept away are not missing", offered, stopped(func(*made) {}), Pass, "411 of 411"},
		{"users kept away by a valve that was open", offered, func(m *made) { m.Yield.Withheld = 9 }, Inconclusive, "never closed"},
		{"users kept away who had seen it", followed, stopped(func(m *made) { m.Yield.Withheld++ }), Inconclusive, "by what it heard it is"},
		{"users who came and had not seen it", followed, stopped(func(m *made) { m.Yield.Withheld -= 9 }), Inconclusive, "by what it heard it is"},
		{"a generator that never heard", followed, stopped(func(m *made) { m.Yield.Valve = m.Yield.Valve[:1] }), Inconclusive, "0 turns"},
		{"a load without a promotion", followed, stopped(func(m *made) { m.Yield.Valve = nil }), Inconclusive, "turns"},
		{"a generator that heard late", followed, stopped(func(m *made) { m.Yield.Valve[1].At += 2 * time.Second }), Inconclusive, "activate P6 was seen"},
		{"a generator that knew before", followed, stopped(func(m *made) { m.Yield.Valve[2].At -= time.Second }), Inconclusive, "roll back P6 was seen"},
		{"a generator that heard the contrary", followed, stopped(func(m *made) { m.Yield.Valve[1].Closed = false }), Inconclusive, "closed: false"},
		{"a valve that nobody was to open", forGood, stopped(func(*made) {}), Inconclusive, "2 turns"},
		{"a valve that stays closed", forGood, stopped(func(m *made) {
			m.Yield.Valve = m.Yield.Valve[:2]
			_, m.Yield.Withheld = (&Case{Record: m.record()}).keptAway()
		}), Pass, "were not shown"},
		{"a step that had no effect", followed, stopped(func(m *made) { m.Events[1].Effective = 0 }), Inconclusive, "no effect"},

		{"half came", fell, lists(20*time.Second, 5), Pass, "5/s of 10/s"},
		{"as many came as before", fell, nil, Fail, "10/s of 11/s"},
		{"nobody came", fell, lists(20*time.Second, 0), Fail, "0/s"},
		{"nothing to compare with", fell, lists(0, 5), Inconclusive, "nothing came"},
		{"no tally", fell, func(m *made) { m.tally = nil }, Inconclusive, "nothing came"},
		{"no such window", Arrivals{In: "dawn", Of: "before"}, nil, Inconclusive, "dawn"},
	}
}
