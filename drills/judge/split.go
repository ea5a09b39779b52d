package judge

import (
	"time"

	"redpacket/drills/record"
)

// Split is the way from a fault to service as it was. But for Effect, which is since the drill began, times are since then;
// never is a negative one. What gauges tell is as old as a reading of them, half a second.
type Split struct {
	After, Home string
	Within      time.Duration // the bound on Sustained
	Effect      time.Duration
	Detected    time.Duration // by an alarm, or by what the system itself did
	Signal      string        // which
	Issued      time.Duration // a playbook, or an order of people
	Playbook    string        // which; empty: it heals by itself
	Everywhere  time.Duration // and was in force in every process
	Acked       time.Duration // the first claim acknowledged after the outage
	Out         time.Duration // how long none was: from when the next one was due
	Sustained   time.Duration // from when on service lasts
	Balanced    time.Duration // drained, and as before: nothing unsettled, no more to deliver than there ever was, doors, shards and owners as they were
}

// never says that something was not seen.
const never = time.Duration(-1)

// String is the split in one line.
func (s Split) String() string {
	how := "it heals by itself"
	if s.Playbook != "" {
		how = say("%q issued %s, in force everywhere %s", s.Playbook, When(s.Issued), When(s.Everywhere))
	}
	return say("detected %s (%s), %s, first claim acknowledged %s after an outage of %s, service lasts from %s on, all as before %s",
		When(s.Detected), s.Signal, how, When(s.Acked), round(s.Out), When(s.Sustained), When(s.Balanced))
}

// Part is one moment of a split.
type Part struct {
	Name   string
	At     time.Duration // since the effect; negative: never
	Note   string
	Within time.Duration // the bound on it; 0: none
}

// Parts are the moments of a split, in the order in which they should come.
func (s Split) Parts() []Part {
	issued, everywhere := Part{"playbook issued", s.Issued, s.Playbook, 0}, Part{"in force everywhere", s.Everywhere, "echoed by every process that lives", 0}
	if s.Playbook == "" {
		issued.Note, everywhere.Note = "it heals by itself", ""
	}
	return []Part{
		{"detected", s.Detected, s.Signal, 0}, issued, everywhere,
		{"first claim acknowledged", s.Acked, say("none for %s before", s.Out.Round(10*time.Millisecond)), 0},
		{"service lasts from", s.Sustained, "the load and the probes", s.Within},
		{"all as before", s.Balanced, "nothing unsettled, nothing more to deliver; doors, shards and owners as they were", 0},
	}
}

// When writes a time of a split.
func When(t time.Duration) string {
	if t < 0 {
		return "never"
	}
	return say("%.2f s", t.Seconds())
}

// Splits are those of the RTOs that a record asserts.
func Splits(r *record.Record) (all []Split, err error) {
	asked, err := asserted[RTO](r)
	for _, rto := range asked {
		s, _, err := rto.split(r)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, err
}
