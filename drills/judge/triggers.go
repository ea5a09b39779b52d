package judge

import (
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// Triggered asks whether a playbook came by its own trigger in a window, and went by its closing condition in time.
type Triggered struct {
	Playbook string
	In       string
	Off      time.Duration // after the end of the window After it is taken back within this
	After    string
}

// String is the promise.
func (a Triggered) String() string {
	return say("%s is activated by its trigger in %q, and closed within %s after %q", a.Playbook, a.In, a.Off, a.After)
}

// Kind is Hypothesis.
func (Triggered) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a Triggered) Windows() []string { return []string{a.In, a.After} }

// Check reads the event that the record has of it, and whether the platform was watched at all.
func (a Triggered) Check(c *Case) (Finding, error) {
	in, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	after, err := c.where(a.After)
	if err != nil {
		return Finding{}, err
	}
	looked := uint64(len(c.Series(record.PlaybookActive(a.Playbook), everything())))
	e, came := c.Record.Event(record.TriggerOf(a.Playbook))
	switch took := e.To - after.To; {
	case looked == 0:
		return unsure(0, "the platform was never seen"), nil
	case !came:
		return failed(looked, "its trigger did not activate it"), nil
	case e.Effective < in.From || e.Effective >= in.To:
		return failed(looked, "it was active from %s on, outside of %q", round(e.Effective), a.In), nil
	case e.To >= c.Length() && took < a.Off:
		return unsure(looked, "still active %s after %q, when the load ended", round(took), a.After), nil
	default:
		return held(took <= a.Off, looked, "active from %s, %s into %q, until %s after %q", round(e.Effective), round(e.Effective-in.From), a.In,
			round(took), a.After), nil
	}
}

// ShedBefore asks how much was shed before a playbook was in force: what share of a window's critical path, up to then.
// Where its trigger lies below the capacity it is little; where it lies above, the damage is done before it comes.
type ShedBefore struct {
	Playbook        string
	AtLeast, AtMost float64
	In              string
}

// String is the promise.
func (a ShedBefore) String() string {
	return say("of the critical path in %q, %s to %s are shed before %s is in force", a.In, percent(a.AtLeast), percent(a.AtMost), a.Playbook)
}

// Kind is Hypothesis.
func (ShedBefore) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a ShedBefore) Windows() []string { return []string{a.In} }

// Check counts until the playbook's event, or the window's end when there is none, and says when the shedding began.
func (a ShedBefore) Check(c *Case) (Finding, error) {
	in, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	if c.Tally == nil {
		return unsure(0, "no tally was kept"), nil
	}
	if len(c.Series(record.PlaybookActive(a.Playbook), everything())) == 0 {
		return unsure(0, "the platform was never seen"), nil
	}
	when := "it never was"
	if e, came := c.Record.Event(record.TriggerOf(a.Playbook)); came {
		in.To = max(in.From, min(in.To, e.Effective))
		when = say("it was at %s", round(e.Effective))
	}
	n := count(c.Tally, in, Critical())
	share := ratio(n[api.Shed], n.all())
	return held(share >= a.AtLeast && share <= a.AtMost, n.all(), "%s were shed (%s); %s", percent(share), a.began(c, in), when), nil
}

// began tells at which rate shedding began: the first second in which a hundredth of the critical path was shed.
func (a ShedBefore) began(c *Case, in record.Span) string {
	for at := in.From; at+time.Second <= in.To; at += time.Second {
		n := count(c.Tally, record.Span{From: at, To: at + time.Second}, Critical())
		if ratio(n[api.Shed], n.all()) >= 0.01 {
			return say("from %s on, when %d/s were asked for, at scale %g", round(at), n.all(), c.Scale)
		}
	}
	return "in no second a hundredth"
}
