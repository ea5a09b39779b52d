package selftest

import (
	"slices"
	"time"

	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/system/api"
)

// Playbooks are the changes that make a record one of a system whose playbooks came too late, stayed, or did nothing.
func Playbooks() []Change {
	type made = *drillstest.Apart
	trigger := record.TriggerOf(sample)
	return []Change{
		{"a trigger that never came", func(a made) {
			a.Events = slices.DeleteFunc(a.Events, func(e record.Event) bool { return e.What == trigger })
		}, fails("Triggered", "ShedBefore")},
		{"a trigger that came when users had been shed", func(a made) {
			w, _ := a.Window(night)
			event(a, trigger).Effective = w.To - 1
		}, fails("ShedBefore")},
		{"a playbook that stayed", func(a made) { event(a, trigger).To = a.Length() - 1 }, fails("Triggered")},
		{"a platform that nobody saw", func(a made) { silence(a, record.PlaybookActive(sample)) }, doubts("Triggered", "ShedBefore")},
		{"more users shed than was meant", func(a made) {
			w, _ := a.Window(night)
			for at := w.To - time.Second; at < w.To-200*time.Millisecond; at += time.Millisecond {
				for range 10 {
					a.Tally.Record(at, 0, api.List, api.Shed)
				}
			}
		}, fails("Comes")},
		{"a window that is gone", func(a made) {
			a.Windows = slices.DeleteFunc(a.Windows, func(w record.Window) bool { return w.Name == night })
		}, doubts("Comes", "Triggered", "ShedBefore", "RefusalsExplicit", "RecoversWithin")},
	}
}

// Instances are the changes that make a record one of callers that do not keep away from an instance that stands still, and
// of deliveries that stop with it.
func Instances() []Change {
	type made = *drillstest.Apart
	return []Change{
		{"an instance that is ejected late", func(a made) {
			late := event(a, freeze().String()).Effective + 3*time.Second
			reading(a, record.L5(record.L5Ejections, stuck), func(at time.Duration, v float64) float64 {
				if at < late {
					return 0
				}
				return v
			})
		}, fails("Ejected")},
		{"an instance that is never tried again", func(a made) {
			never := func(time.Duration, float64) float64 { return 0 }
			reading(a, record.L5(record.L5Reopens, stuck), never)
			reading(a, record.L5(record.L5Probes, stuck), never)
		}, map[string]judge.Status{"Ejected": judge.Fail, "ProbedGently": judge.Inconclusive}},
		{"an instance that is called while it stands still", func(a made) {
			reading(a, record.L5(record.L5Calls, stuck), func(at time.Duration, _ float64) float64 { return 100 * at.Seconds() })
		}, fails("Avoided")},
		{"an instance that is tried by all who wait for it", func(a made) {
			reading(a, record.L5(record.L5Probes, stuck), func(_ time.Duration, v float64) float64 { return 10 * v })
		}, fails("ProbedGently")},
		{"callers that say nothing of an instance", func(a made) {
			for _, what := range []string{record.L5Calls, record.L5Ejections, record.L5Reopens, record.L5Probes} {
				silence(a, record.L5(what, stuck))
			}
		}, doubts("Ejected", "Avoided", "ProbedGently")},

		{"a game whose deliveries stand still", func(a made) {
			w, _ := a.Window(after)
			var last float64
			reading(a, record.DeliveredIn(1), func(at time.Duration, v float64) float64 {
				if at < w.From {
					last = v
				}
				return last
			})
		}, fails("Delivers")},
		{"a game whose deliveries nobody counts", func(a made) { silence(a, record.DeliveredIn(1)) }, doubts("Delivers")},
	}
}

// reading changes every reading of a gauge, in order of time.
func reading(a *drillstest.Apart, g record.Gauge, change func(at time.Duration, v float64) float64) {
	for _, s := range a.Gauges {
		if v, shown := s.Values[g]; shown {
			s.Values[g] = change(s.At, v)
		}
	}
}

// silence takes away every reading of a gauge.
func silence(a *drillstest.Apart, g record.Gauge) {
	for _, s := range a.Gauges {
		delete(s.Values, g)
	}
}
