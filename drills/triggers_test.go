package drills

import (
	"reflect"
	"testing"
	"time"

	"redpacket/drills/record"
)

func TestPlaybooksThatComeOfThemselvesAreEvents(t *testing.T) {
	watch := newTriggers([]Timed{{Step: Activate{"P10"}}})
	for at, shown := range []map[string]float64{
		{"P1": 0, "P7": 0, "P10": 0}, {"P1": 1, "P10": 1}, {}, {"P1": 1, "P10": 1}, {"P1": 0}, {"P1": 0, "P7": 1}, {"P1": 1, "P7": 1},
	} {
		s := record.Sample{At: time.Duration(at) * time.Second, Values: map[record.Gauge]float64{}}
		for id, v := range shown {
			s.Values[record.PlaybookActive(id)] = v
		}
		watch.step(s)
	}
	event := func(id string, from, effective, to time.Duration) record.Event {
		return record.Event{Track: record.Playbook, What: "trigger " + id, From: from * time.Second, Effective: effective * time.Second, To: to * time.Second}
	}
	want := []record.Event{event("P1", 0, 1, 4), event("P7", 0, 5, 9), event("P1", 5, 6, 9)}
	if got := watch.all(9 * time.Second); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
