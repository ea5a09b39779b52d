package judge

import (
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

func TestTriggers(t *testing.T) {
	for _, r := range triggerRows() {
		t.Run(r.name, r.run)
	}
}

// active has the platform watched, and P1 active by its trigger from one second to another; 0: never.
func active(from, to time.Duration) func(*made) {
	return func(m *made) {
		for i := range m.gauges {
			m.gauges[i].Values[record.PlaybookActive("P1")] = 0
		}
		if from > 0 {
			m.Events = append(m.Events, record.Event{Track: record.Playbook, What: "trigger P1",
				From: (from - 1) * time.Second, Effective: from * time.Second, To: to * time.Second})
		}
	}
}

func triggerRows() []row {
	came := Triggered{Playbook: "P1", In: "night", Off: 10 * time.Second, After: "night"}
	early := ShedBefore{Playbook: "P1", AtMost: 0.1, In: "night"}
	late := ShedBefore{Playbook: "P1", AtLeast: 0.3, AtMost: 1, In: "night"}
	shedFrom := func(second time.Duration, then func(*made)) func(*made) {
		return func(m *made) {
			m.hits(second*time.Second, 20*time.Second, 0, api.Shed)
			then(m)
		}
	}
	return []row{
		{"came and went", came, active(12, 25), Pass, "2s into"},
		{"never came", came, active(0, 0), Fail, "did not"},
		{"came before its time", came, active(5, 25), Fail, "5s on"},
		{"stayed too long", came, active(12, 35), Fail, "until 15s"},
		{"the load ended before it was closed", Triggered{Playbook: "P1", In: "night", Off: time.Minute, After: "night"}, active(12, 40), Inconclusive, "still active"},
		{"nobody watched the platform", came, nil, Inconclusive, "never seen"},
		{"nothing was shed before it came", early, shedFrom(13, active(13, 25)), Pass, "it was at 13s"},
		{"half was shed before it came", early, shedFrom(10, active(18, 25)), Fail, "from 10s on"},
		{"the damage was done before it came", late, shedFrom(10, active(18, 25)), Pass, "49.689 %"},
		{"the damage was done, and it never came", late, shedFrom(10, active(0, 0)), Pass, "never was"},
		{"no damage", late, active(0, 0), Fail, "in no second"},
		{"nothing was asked before it came", early, active(10, 25), Inconclusive, ""},
		{"no tally", early, func(m *made) { m.tally = nil }, Inconclusive, "no tally"},
		{"nobody watched the platform, so nobody knows when it came", early, nil, Inconclusive, "never seen"},
	}
}
