package estimate

import "time"

// Result is what follows from a sheet. Rates are per second.
type Result struct {
	Exposures Range // N, all channels
	Clicks    Range
	PerClick  Mix   // requests of each kind per click that reach the system
	Requests  Range // k: all requests per click that reach the entry
	Entry     Range // L: requests that reach the entry, without retries
	Amplified Range // L' = L·(1 + f·R)
	Headroom  Range // built / L; below 1 the entry is overloaded
	RhoMax    Range // built / L - 1: the share of retries up to which it stays stable; negative: retries must be off
	Night     Night
	Lines     []Line
	Backlog   Backlog
}

// Mix is how many requests of each kind follow one click, and how many grants.
type Mix struct{ Static, List, Select, Claim, Win, Receipt Range }

// dynamic are the kinds that the pages' own parts answer: kd.
func (m Mix) dynamic() Range { return m.List.plus(m.Select).plus(m.Claim).plus(m.Receipt) }

// requests are all kinds that reach the entry.
func (m Mix) requests() Range { return m.Static.plus(m.dynamic()) }

// Night compares the estimate's middle with what came. It is all zero when that is not known.
type Night struct {
	Times    float64 // what came, as a multiple of the middle
	Headroom float64 // built / what came
	RhoMax   float64
	Inside   bool // it was inside the range: the range was honest
}

// Line is one link's load.
type Line struct {
	Link
	Load      Range // calls per second
	Headroom  Range // capacity / load
	InFlight  Range // calls at one time: load × RT (Little)
	Bandwidth Range // bits per second
}

// Backlog is what the peak leaves in the delivery queue.
type Backlog struct {
	Grants   Range // per second
	Growth   Range // per second while the peak lasts
	Depth    Range // when the peak ends
	Drain    [3]time.Duration
	Spool    Range   // bytes, all replicas
	Promised float64 // how many grants the limit delivers within the promise
	Kept     bool    // even the highest backlog drains within the promise
}

// Mix is what follows one click by the sheet.
func (s Sheet) Mix() Mix {
	m := Mix{Static: s.Statics.Times(One(1 - s.Offline)), List: s.Steps.List}
	m.Select = m.List.Times(s.Steps.Select)
	m.Claim = m.Select.Times(s.Steps.Claim)
	m.Win = m.Claim.Times(s.Steps.Win)
	m.Receipt = m.Win.Times(s.Steps.Receipt)
	return m
}

// Compute works the sheet out.
func (s Sheet) Compute() Result {
	r := Result{PerClick: s.Mix()}
	for _, c := range s.Channels {
		r.Exposures = r.Exposures.plus(c.Exposures)
	}
	r.Clicks = r.Exposures.Times(s.Click)
	r.Requests = r.PerClick.requests()
	r.Entry = r.Clicks.Times(r.Requests)
	amplify := One(1 + s.Fail*s.Retries)
	r.Amplified = r.Entry.Times(amplify)
	r.Headroom = One(s.Built).each(r.Entry, ratio)
	r.RhoMax = r.Headroom.each(One(1), minus)
	if s.Observed > 0 {
		r.Night = Night{Times: ratio(s.Observed, r.Entry.Mid), Headroom: s.Built / s.Observed, RhoMax: s.Built/s.Observed - 1,
			Inside: s.Observed >= r.Entry.Low && s.Observed <= r.Entry.High}
	}
	for _, link := range s.Links {
		perClick := link.Calls.of(r.PerClick, amplify).Times(One(1 - link.Hit))
		r.Lines = append(r.Lines, link.line(r.Clicks.Times(perClick)))
	}
	r.Backlog = s.Delivery.after(r.Clicks.Times(r.PerClick.Win))
	return r
}

// of is the calls per click, before caches: the sum of q·m, retries and all. A grant is made once, however often its claim
// was tried again.
func (c Calls) of(m Mix, amplify Range) Range {
	sum := m.Static.Times(One(c.Static)).plus(m.List.Times(One(c.List))).plus(m.Select.Times(One(c.Select))).
		plus(m.Claim.Times(One(c.Claim))).plus(m.Receipt.Times(One(c.Receipt)))
	return sum.Times(amplify).plus(m.Win.Times(One(c.Win)))
}

// Times is every number of calls times a factor.
func (c Calls) Times(factor float64) Calls {
	for _, one := range c.named() {
		*one.value *= factor
	}
	return c
}

func (l Link) line(load Range) Line {
	return Line{
		Link:      l,
		Load:      load,
		Headroom:  One(l.Capacity).each(load, ratio),
		InFlight:  load.Times(One(l.RT.Seconds())),
		Bandwidth: load.Times(One(8 * l.Bytes)),
	}
}

// after is the queue's state after a peak of so many grants per second. Nothing comes in while it drains.
func (d Delivery) after(grants Range) Backlog {
	b := Backlog{Grants: grants, Promised: d.Limit * d.Promise.Seconds()}
	b.Growth = b.Grants.each(One(d.Limit), func(in, out float64) float64 { return max(0, in-out) })
	b.Depth = b.Growth.Times(One(d.Peak.Seconds()))
	b.Spool = b.Depth.Times(One(d.Message * float64(d.Replicas)))
	for i, depth := range []float64{b.Depth.Low, b.Depth.Mid, b.Depth.High} {
		b.Drain[i] = seconds(depth / d.Limit)
	}
	b.Kept = b.Depth.High <= b.Promised
	return b
}

// seconds is a time; one that no Duration holds is the longest that one does.
func seconds(s float64) time.Duration {
	const longest = 1<<63 - 1
	if !(s < longest/float64(time.Second)) {
		return longest
	}
	return time.Duration(s * float64(time.Second))
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func minus(a, b float64) float64 { return a - b }
