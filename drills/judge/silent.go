package judge

import (
	"time"

	"redpacket/drills/record"
)

// Silent asks whether the system's own monitor looked all the time in a window and raised no alarm, of any level. An alarm that
// sounds while all is well teaches people to look away.
type Silent struct {
	In      string
	AtLeast time.Duration // the window must be so long
}

// heardTo is the share of a window in which the monitor must have been looking.
const heardTo = 0.99

// String is the promise.
func (a Silent) String() string {
	return say("no alarm fires in %q, which lasts %s at least, and the monitor looks all the time", a.In, a.AtLeast)
}

// Kind is Hypothesis.
func (Silent) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Silent) Windows() []string { return []string{a.In} }

// Check counts the seconds in which the monitor looked, and names the alarms that fired in one of the window's.
func (a Silent) Check(c *Case) (Finding, error) {
	s, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	var fired []string
	for _, e := range c.Events {
		if e.Track == record.Alarm && e.From < s.To && e.To >= s.From {
			fired = append(fired, say("%s (%s), from %s to %s", e.What, e.Level, round(e.From), round(e.To)))
		}
	}
	var looked time.Duration
	for _, m := range c.Monitored {
		looked += max(0, min(m.To, s.To)-max(m.From, s.From))
	}
	seconds := uint64(looked / time.Second)
	switch {
	case len(fired) > 0:
		f := failed(max(1, seconds), "%d alarms fired, the first: %s", len(fired), fired[0])
		f.Examples = few(fired)
		return f, nil
	case looked < time.Duration(heardTo*float64(s.Length())):
		return unsure(seconds, "the monitor looked for %s of %s", round(looked), round(s.Length())), nil
	case s.Length() < a.AtLeast:
		return unsure(seconds, "the window lasted %s", round(s.Length())), nil
	}
	return passed(seconds, "no alarm in %s", round(looked)), nil
}
