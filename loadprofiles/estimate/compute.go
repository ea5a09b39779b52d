package estimate

import "time"

// Result is what follows from a sheet. Rates are per second.
type Result struct {
	Clicks    Range
	Entry     Range // L: requests that reach the entry, without retries
	Amplified Range // L' = L·(1 + f·R)
	Headroom  Range // built / L; below 1 the entry is overloaded
	RhoMax    Range // built / L - 1: the share of retries up to which it stays stable; negative: retries must be off
	Night     Night
	Lines     []Line
	Backlog   Backlog
}

// Night compares the estimate's middle with what came. It is all zero when that is not known.
type Night struct {
	Times    float64 // what came, as a multiple of the middle
	Headroom float64 // built / what came
	RhoMax   float64
	Inside   bool // it was inside the range: the range was honest
}

// Line is one row's load.
type Line struct {
	Row
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

// Compute works the sheet out.
func (s Sheet) Compute() Result {
	perClick := 1 - s.Static*s.Offline
	r := Result{Clicks: s.Exposures.Times(s.Click)}
	r.Entry = r.Clicks.Times(s.Requests).Times(One(perClick))
	r.Amplified = r.Entry.Times(One(1 + s.Fail*s.Retries))
	r.Headroom = One(s.Built).each(r.Entry, ratio)
	r.RhoMax = r.Headroom.each(One(1), minus)
	if s.Observed > 0 {
		r.Night = Night{Times: ratio(s.Observed, r.Entry.Mid), Headroom: s.Built / s.Observed, RhoMax: s.Built/s.Observed - 1,
			Inside: s.Observed >= r.Entry.Low && s.Observed <= r.Entry.High}
	}
	for _, row := range s.Rows {
		r.Lines = append(r.Lines, row.line(r))
	}
	r.Backlog = s.Delivery.after(r.Clicks)
	return r
}

func (row Row) line(r Result) Line {
	perClick := r.Clicks.Times(One(row.PerClick))
	load := r.Amplified.Times(One(row.Calls)).each(perClick, func(a, b float64) float64 { return a + b })
	return Line{
		Row:       row,
		Load:      load,
		Headroom:  One(row.Capacity).each(load, ratio),
		InFlight:  load.Times(One(row.RT.Seconds())),
		Bandwidth: load.Times(One(8 * row.Bytes)),
	}
}

// after is the queue's state after a peak of so many clicks per second. Nothing comes in while it drains.
func (d Delivery) after(clicks Range) Backlog {
	b := Backlog{Grants: clicks.Times(One(d.Wins)), Promised: d.Limit * d.Promise.Seconds()}
	b.Growth = b.Grants.each(One(d.Limit), func(in, out float64) float64 { return max(0, in-out) })
	b.Depth = b.Growth.Times(One(d.Peak.Seconds()))
	b.Spool = b.Depth.Times(One(d.Message * float64(d.Replicas)))
	for i, depth := range []float64{b.Depth.Low, b.Depth.Mid, b.Depth.High} {
		b.Drain[i] = time.Duration(depth / d.Limit * float64(time.Second))
	}
	b.Kept = b.Depth.High <= b.Promised
	return b
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func minus(a, b float64) float64 { return a - b }
