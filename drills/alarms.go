package drills

import (
	"context"
	"time"

	"redpacket/drills/record"
)

// Alarm is one alarm of the system's own monitor, for as long as it fired.
type Alarm struct {
	What     string // the rule and what it is about, such as "TargetDown: cmem-1"
	Level    string // page, ticket or note
	Playbook string // P1 … P10, or none
	From, To time.Time
}

// Noticed is what the monitor noticed in a span.
type Noticed struct {
	Alarms []Alarm
	Looked []Stretch // when it was looking, in order
}

// Stretch is a stretch of time on the clock.
type Stretch struct{ From, To time.Time }

// alarmEvents writes down what the monitor noticed, from the drill's begin to the end of the drain, and when it was looking. A
// monitor that cannot be asked is a note, not a trouble: of nearly all drills nothing hangs on it.
func (r *run) alarmEvents(ctx context.Context) {
	now := time.Now()
	found, err := r.on.Alarms(ctx, r.m.Began, now)
	if err != nil {
		r.m.Notes = append(r.m.Notes, "the monitor could not be asked for its alarms: "+err.Error())
		return
	}
	since := func(at time.Time) time.Duration { return min(max(0, at.Sub(r.m.Began)), now.Sub(r.m.Began)) }
	for _, l := range found.Looked {
		r.m.Monitored = append(r.m.Monitored, record.Span{From: since(l.From), To: since(l.To)})
	}
	for _, a := range found.Alarms {
		if a.To.Before(r.m.Began) {
			continue // of the time when the system was being stood up
		}
		e := record.Event{Track: record.Alarm, What: a.What, From: since(a.From), Effective: since(a.From), To: since(a.To),
			Level: a.Level, Playbook: a.Playbook}
		r.note(func() { r.m.Events = append(r.m.Events, e) })
	}
}
