// Package estimate turns exposures into clicks, clicks into requests, and requests into the load of every node: the
// capacity sheet of an event, with its honest range instead of one number.
package estimate

import (
	"errors"
	"fmt"
	"time"
)

// Range is a figure that is not known: its lowest and highest credible value, and the one in between.
type Range struct{ Low, Mid, High float64 }

// One is a figure that is known.
func One(x float64) Range { return Range{x, x, x} }

// Times is the product of two ranges of figures that are 0 or more.
func (r Range) Times(s Range) Range { return r.each(s, func(a, b float64) float64 { return a * b }) }

func (r Range) each(s Range, f func(a, b float64) float64) Range {
	return Range{f(r.Low, s.Low), f(r.Mid, s.Mid), f(r.High, s.High)}
}

func (r Range) sound() bool { return r.Low >= 0 && r.Low <= r.Mid && r.Mid <= r.High }

// Sheet is what goes into the estimate of one event.
type Sheet struct {
	Exposures Range   // per second, of all channels together
	Click     Range   // p: clicks per exposure, 0 … 1
	Requests  Range   // k = ks + kd: static and dynamic requests per click
	Static    float64 // the static share of k, 0 … 1
	Offline   float64 // h: the share of static requests that a CDN or an offline package serves, 0 … 1
	Fail      float64 // f: the share of requests that fail as clients see it, 0 … 1
	Retries   float64 // R: how often a client tries again after a failure, on average
	Built     float64 // requests per second that the whole is built for
	Observed  float64 // what came on the night, requests per second; 0: not known yet
	Rows      []Row
	Delivery  Delivery
}

// Row is one node behind one link, and what an entry request costs there.
type Row struct {
	Node      string // the role's name
	From      string // who calls it
	Instances int
	Calls     float64       // calls per entry request, over all paths, after caches: the sum of q·m·(1-H)
	PerClick  float64       // calls per click, besides: what does not grow with the requests per click
	Capacity  float64       // calls per second, all instances together, at the utilisation allowed
	RT        time.Duration // of one call
	Bytes     float64       // of one call, there and back
}

// Delivery is the queue that the peak fills and the following hours empty.
type Delivery struct {
	Wins     float64       // grants per click
	Limit    float64       // grants per second that the games take, together
	Peak     time.Duration // how long the peak lasts
	Promise  time.Duration // within which every grant is delivered
	Message  float64       // bytes of one grant in the queue
	Replicas int
}

// Check returns every mistake in the sheet, joined, or nil.
func (s Sheet) Check() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("estimate: "+format, args...))
		}
	}
	share := func(what string, x float64) { bad(!(x >= 0 && x <= 1), "%s is %g; want 0 to 1", what, x) }
	for what, r := range map[string]Range{"exposures": s.Exposures, "clicks per exposure": s.Click, "requests per click": s.Requests} {
		bad(!r.sound(), "%s are %+v; want low, middle and high in this order, 0 or more", what, r)
	}
	share("the most clicks per exposure", s.Click.High)
	share("the static share", s.Static)
	share("the offline share", s.Offline)
	share("the failing share", s.Fail)
	bad(!(s.Retries >= 0), "%g retries", s.Retries)
	bad(!(s.Built > 0), "it is built for %g requests/s", s.Built)
	for _, r := range s.Rows {
		bad(r.Node == "" || !(r.Calls >= 0) || !(r.PerClick >= 0) || !(r.Capacity > 0) || r.RT < 0 || !(r.Bytes >= 0), "row %+v", r)
	}
	d := s.Delivery
	bad(!(d.Limit > 0) || !(d.Wins >= 0) || d.Peak < 0 || d.Promise <= 0, "delivery %+v", d)
	return errors.Join(errs...)
}
