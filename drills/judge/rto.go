package judge

import (
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// RTO asks how soon after a fault claims are granted again, and go on being granted. It reads the probes of the users at
// home in one data centre, or of everybody, and the whole load.
type RTO struct {
	Within  time.Duration // from the fault's effect to service that lasts
	After   string        // the step, as the script writes it
	Home    string        // a or b; empty: both
	AtLeast float64       // share of the critical path that succeeds, and of the probes that are acknowledged, in each good second
	Answers time.Duration // bound on the critical path's p99 in each good second; 0: none
	Seconds int           // good seconds in a row that are service that lasts
	Felt    bool          // an outage must have been seen: else the fault has hit nothing
}

// String is the promise.
func (a RTO) String() string {
	whose, slo := "users", ""
	if a.Home != "" {
		whose += " of " + a.Home
	}
	if a.Answers > 0 {
		slo = say(" and p99 within %s", a.Answers)
	}
	return say("RTO: within %s after %q, claims of %s are granted again, and for %d s at least %s of the critical path and the probes succeed%s",
		a.Within, a.After, whose, a.Seconds, percent(a.AtLeast), slo)
}

// Kind is Recovery.
func (RTO) Kind() Kind { return Recovery }

// Windows are the steps it asks about.
func (a RTO) Windows() []string { return []string{a.After} }

// Check splits the time up. A load that ends before the limit and before recovery leaves doubt.
func (a RTO) Check(c *Case) (Finding, error) {
	if a.Seconds < 1 || a.AtLeast <= 0 {
		return unsure(0, "%d good seconds of %s would ask for nothing", a.Seconds, percent(a.AtLeast)), nil
	}
	s, probes, err := a.split(c.Record)
	if err != nil {
		return Finding{}, err
	}
	looked := uint64(probes)
	watched := c.Length() - s.Effect
	switch {
	case probes == 0 || c.Tally == nil:
		return unsure(0, "no probe was owed after it, or no tally was kept"), nil
	case a.Felt && s.Out == 0:
		return unsure(looked, "no outage was seen, so the fault has hit nothing that users need"), nil
	case s.Sustained < 0 && watched < a.Within+time.Duration(a.Seconds)*time.Second:
		return unsure(looked, "not recovered in the %s that were watched; %s", round(watched), s), nil
	case s.Sustained < 0:
		return failed(looked, "not recovered in %s; %s", round(watched), s), nil
	}
	return held(s.Sustained <= a.Within, looked, "%s", s), nil
}

// The bounds of what is looked at.
const (
	outLeast = 250 * time.Millisecond // a shorter gap between two acknowledgements may be a disk's doing, and is no outage
	slide    = 200 * time.Millisecond // between two moments at which lasting service may begin
	atOnce   = 2 * time.Second        // an outage that begins later than that after a fault is not called its
)

// split also returns how many probes were owed after the effect.
func (a RTO) split(r *record.Record) (Split, int, error) {
	c := &Case{Record: r}
	effect, err := c.since(a.After)
	if err != nil {
		return Split{}, 0, err
	}
	probes, err := a.probes(r)
	if err != nil {
		return Split{}, 0, err
	}
	s := Split{After: a.After, Home: a.Home, Within: a.Within, Effect: felt(r, a.After, effect, probes), Issued: never, Everywhere: never, Acked: never, Sustained: never, Balanced: never}
	after := 0
	for _, p := range probes {
		if p.Owed >= s.Effect {
			after++
		}
	}
	effect = s.Effect
	s.outage(r, probes)
	if s.Acked >= 0 && r.Tally != nil {
		s.Sustained = a.lasting(r, probes, effect+s.Acked) - effect
		s.Sustained = max(s.Sustained, never)
	}
	s.Signal, s.Detected = detected(r, effect)
	s.issued(r)
	if s.Sustained >= 0 {
		s.Balanced = balanced(r, effect, effect+s.Sustained)
	}
	return s, after, nil
}

// probes are those of the users that it asks about, in no order.
func (a RTO) probes(r *record.Record) (all []loadprofiles.Probe, err error) {
	if r.Probes == nil {
		return nil, nil
	}
	for p, err := range r.Probes() {
		if err != nil {
			return nil, err
		}
		if a.Home == "" || a.Home == p.Home.String() {
			all = append(all, p)
		}
	}
	return all, nil
}

// felt is when a fault took effect: when it was seen to, or when users felt it, if that was before, while it was being injected.
func felt(r *record.Record, after string, seen time.Duration, probes []loadprofiles.Probe) time.Duration {
	e, there := r.Event(after)
	if !there {
		return seen
	}
	first := seen
	for _, of := range byHome(probes) { // in any order: the least counts
		for _, o := range loadprofiles.Outages(of, r.ProbeEvery, outLeast) {
			if o.From >= e.From {
				first = min(first, o.From)
			}
		}
	}
	return first
}

// byHome are the probes of each data centre's users.
func byHome(probes []loadprofiles.Probe) map[string][]loadprofiles.Probe {
	all := map[string][]loadprofiles.Probe{}
	for _, p := range probes {
		all[p.Home.String()] = append(all[p.Home.String()], p)
	}
	return all
}

// outage finds the one that the fault began: of several, such as those of two data centres' users, the one that ends last.
func (s *Split) outage(r *record.Record, probes []loadprofiles.Probe) {
	s.Acked = 0
	for _, of := range byHome(probes) { // in any order: the last counts
		for _, o := range loadprofiles.Outages(of, r.ProbeEvery, outLeast) {
			if o.To <= s.Effect || o.From > s.Effect+atOnce {
				continue
			}
			s.Out = max(s.Out, o.To-o.From)
			if o.Open {
				s.Acked = never
			} else if s.Acked >= 0 {
				s.Acked = max(s.Acked, o.To-s.Effect)
			}
		}
	}
}

// lasting is when the first of enough good seconds in a row begins, at from or later; 0: never.
func (a RTO) lasting(r *record.Record, probes []loadprofiles.Probe, from time.Duration) time.Duration {
	known := map[time.Duration]bool{}
	good := func(at time.Duration) bool {
		if _, asked := known[at]; !asked {
			known[at] = a.good(r, probes, record.Span{From: at, To: at + time.Second})
		}
		return known[at]
	}
	length := time.Duration(a.Seconds) * time.Second
	for at := from; at+length <= r.Length(); at += slide {
		run := 0
		for run < a.Seconds && good(at+time.Duration(run)*time.Second) {
			run++
		}
		if run == a.Seconds {
			return at
		}
	}
	return 0
}

// good says whether the service level was met in a second.
func (a RTO) good(r *record.Record, probes []loadprofiles.Probe, s record.Span) bool {
	n := count(r.Tally, s, Critical())
	if n[api.Done] == 0 || ratio(n[api.Done]+n[api.Refused], n.all()) < a.AtLeast {
		return false
	}
	var acked, owed uint64
	for _, p := range probes {
		if p.Owed >= s.From && p.Owed < s.To {
			owed++
			if p.Acked() {
				acked++
			}
		}
	}
	if ratio(acked, owed) < a.AtLeast {
		return false
	}
	answered := record.Which{Ops: Critical(), Outcomes: []api.Outcome{api.Done, api.Refused, api.Doubt}}
	return a.Answers == 0 || r.Tally.Quantile(s, answered, 0.99) <= a.Answers
}

// issued finds the first playbook, or order, after the fault and before service lasts.
func (s *Split) issued(r *record.Record) {
	for _, e := range r.Events {
		late := s.Sustained >= 0 && e.From > s.Effect+s.Sustained
		if e.Track != record.Playbook || e.From < s.Effect || late || s.Playbook != "" && e.From-s.Effect >= s.Issued {
			continue
		}
		s.Playbook, s.Issued, s.Everywhere = e.What, e.From-s.Effect, never
		if e.Effective > 0 {
			s.Everywhere = e.Effective - s.Effect
		}
	}
}

// paging is the level of alarms that call people. Tickets and notes come and go, and nobody acts on them at once.
const paging = "page"

// detected is what was first noticed of a fault, and when: an alarm that began after it, or a change that the system made.
func detected(r *record.Record, effect time.Duration) (by string, at time.Duration) {
	by, at = "nothing", never
	tell := func(what string, when time.Duration) {
		if at < 0 || when < at {
			by, at = what, when
		}
	}
	for _, e := range r.Events {
		if e.Track == record.Alarm && e.Level == paging && e.From > effect {
			tell("alarm "+e.What, e.From-effect)
		}
	}
	before := lastBefore(r, effect)
	for _, s := range r.Gauges {
		if s.At <= effect {
			continue
		}
		for _, g := range signals() {
			was, knew := before[g.gauge]
			if now, ok := s.Values[g.gauge]; ok && knew && now != was {
				tell(g.says, s.At-effect)
			}
		}
	}
	return by, at
}

// signal is a gauge that changes when the system has noticed something by itself, and what that says.
type signal struct {
	gauge record.Gauge
	says  string
}

func signals() []signal {
	return []signal{
		{record.Doors, "the name service left a front door"}, {record.ShardOpen, "a shard was closed"},
		{record.ShardEpoch, "a shard was rebuilt"}, {record.ShardMode, "a log was left out"},
	}
}

// lastBefore are the gauges as they were read last before a time.
func lastBefore(r *record.Record, at time.Duration) map[record.Gauge]float64 {
	var last map[record.Gauge]float64
	for _, s := range r.Gauges {
		if s.At <= at && s.Err == "" {
			last = s.Values
		}
	}
	return last
}

// balanced is when, from a time on, nothing is unsettled, no more waits for its delivery than ever did before the fault, and
// doors, shards and owners are as they were then. Where more is granted than games accept, that is never: what an outage
// of deliveries cost is not made up for while the load lasts.
func balanced(r *record.Record, effect, from time.Duration) time.Duration {
	before, waited := lastBefore(r, effect), 0.0
	for _, p := range r.Series(record.Backlog, record.Span{To: effect + 1}) {
		waited = max(waited, p.Value)
	}
	for _, s := range r.Gauges {
		if s.At < from || s.Err != "" {
			continue
		}
		waits, told := s.Values[record.Backlog]
		_, knew := before[record.Backlog]
		same := s.Values[record.Unsettled] == 0 && s.Values[record.ShardOpen] == 1 && told == knew && waits <= waited
		for _, g := range []record.Gauge{record.Doors, record.ShardMode, record.TakenOver} {
			was, knew := before[g]
			now, shown := s.Values[g]
			same = same && knew == shown && was == now
		}
		if same {
			return s.At - effect
		}
	}
	return never
}
