// Package loadprofiles says who asks for what, and how often: curves of arrivals, the funnel of a journey, the
// population, and how clients retry. It is arithmetic only; volley fires it.
package loadprofiles

import (
	"errors"
	"fmt"
	"time"

	"redpacket/system/api"
	"redpacket/system/gray"
)

// Profile is a load in event units: requests per second of the whole event, before a run's scale.
type Profile struct {
	Name   string
	Curve  Curve // requests per second, all ops together, unscaled
	Funnel Funnel
	Users  Population
	// Packages say which share of the users has the static parts in an offline package, and so asks for none: one entry for
	// each change, in order of time. None: nobody ever has it. The curve is that of requests without packages.
	Packages Packages `json:",omitzero"`
	// Promotion is what brings a part of the users, and has a valve. The zero value: everybody comes by himself.
	Promotion Promotion `json:",omitzero"`
	Retry     Retry
	// Patience is how long a client waits for one reply before it counts the request as unknown.
	Patience time.Duration
	// Conns is how many client connections each class of requests shares, as behind an L4 layer that multiplexes users.
	Conns Conns
	// Cohorts tell users apart by gray.Bucket where a new version is released to a share of them: the ends of the cohorts, in percent,
	// rising, the last one 100. None: nobody is told apart. Each bucket needs a connection of its own, so that no answer of one version
	// waits behind one of the other.
	Cohorts []int `json:",omitempty"`
	// LateBy is the bound on the lateness p99 of an honest run.
	LateBy time.Duration
}

// Funnel is a journey: what follows on what. An exposure may become a click. A click fetches Statics static parts and the gift list; then each step is
// taken by a share of the users who passed the one before.
type Funnel struct {
	Statics                int     // static parts of a click: 3
	Select, Claim, Receipt float64 // select/list, claim/select, receipt/claim: 0 … 1
	// Click is how many clicks an exposure makes, 0 … 1. At 0 there is no exposure stage: users come by clicks alone.
	Click float64 `json:",omitempty"`
	// First is the step a click comes straight to (Select, Claim or Receipt), without statics and what stands before it. The
	// zero value is a whole journey: the static parts, and the list.
	First api.Op
	// Presses is how often an impatient user asks for that first step, all at once: 1 … 64, or 0, which is once. What
	// follows, follows the first press alone.
	Presses int
}

// Festival is the funnel of the case studies: three static and, on average, three dynamic requests a click.
var Festival = Funnel{Statics: 3, Select: 0.80, Claim: 0.90, Receipt: 2.0 / 3}

// Share is how many requests of an op one click makes on average.
func (f Funnel) Share(op api.Op) float64 {
	first := f.begin()
	switch {
	case op == api.Static:
		return float64(f.Statics)
	case op < first || op >= api.Ops:
		return 0
	}
	share := 1.0
	for i, passes := range [...]float64{f.Select, f.Claim, f.Receipt} {
		if step := api.Select + api.Op(i); step > first && step <= op {
			share *= passes
		}
	}
	if op == first {
		share *= float64(f.Asked())
	}
	return share
}

// Asked is how often a click asks for its first dynamic step: Presses, and at least once.
func (f Funnel) Asked() int { return max(1, f.Presses) }

// begin is the first dynamic step of a click.
func (f Funnel) begin() api.Op { return max(api.List, f.First) }

// PerClick is how many requests one click makes on average when nothing is refused.
func (f Funnel) PerClick() float64 {
	sum := 0.0
	for op := range api.Ops {
		sum += f.Share(op)
	}
	return sum
}

// Exposed is how many exposures one click comes of on average: 1 without an exposure stage.
func (f Funnel) Exposed() float64 {
	if f.Click > 0 {
		return 1 / f.Click
	}
	return 1
}

// Population is who clicks. Users are numbered 1 … Size. A share of the clicks comes from the hot users, who come again
// and again; gifts are chosen by a Zipf law.
type Population struct {
	Size     uint64
	Hot      uint64  // how many users are hot: 1 … Size
	HotShare float64 // share of clicks made by hot users: 0 … 1
	GiftSkew float64 // exponent of the Zipf law over the gifts on offer: > 1, or 0 for an even choice
	Gifts    []api.Gift
	// Tagged is the share of the clicks that are pressure traffic: by pressure users, who say so: 0 … 1.
	Tagged float64 `json:",omitempty"`
	// Neighbour are those who come for another activity of the platform.
	Neighbour Neighbour `json:",omitzero"`
}

// Neighbour is a share of the clicks for the first activity that stands beside the main one. Their requests are tallied
// apart, as the neighbour's ops (api.Op.Beside), and go over connections of their own, one a class: each pipeline answers
// in order, so on the others' they would wait for the others.
type Neighbour struct {
	Activity uint16  // its id
	Share    float64 // of all clicks: 0 … 1
	Gifts    []api.Gift
}

// Retry is what a client does after a refusal by overload protection (shed) or an unknown outcome.
type Retry struct {
	Most  int           // how often at most; 0: never
	After time.Duration // naive: this long after the answer. 0: polite, as the answer's Retry-After and spread ask
}

// Conns is the number of client connections per class; an ordered pipeline makes a refusal wait behind an admitted
// call, so the classes do not share connections.
type Conns struct{ Static, Read, Claim int }

// All is the number of client connections.
func (c Conns) All() int { return c.Static + c.Read + c.Claim }

// The limits of a profile. They keep its arithmetic exact and the generator's memory bounded, whoever wrote it.
const (
	maxRate      = 1e7 // requests/s of the whole event
	maxLength    = 7 * 24 * time.Hour
	maxStretches = 1000
	maxConns     = 1 << 16 // of a class
	maxUsers     = 1 << 61
	maxSkew      = 100
	maxRetries   = 100
	leastClick   = 1e-4
)

// Check returns every mistake in the profile, joined, or nil.
func (p Profile) Check() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("profile %q: "+format, append([]any{p.Name}, args...)...))
		}
	}
	bad(p.Name == "", "it has no name")
	bad(p.Curve.Length() <= 0, "its curve is empty")
	for _, s := range p.Curve {
		bad(s.For < 0 || s.For > maxLength || !(s.From >= 0 && s.To >= 0) || max(s.From, s.To) > maxRate,
			"its curve has the stretch %+v; rates are 0 to %g/s, lengths 0 to %s", s, maxRate, maxLength)
	}
	bad(len(p.Curve) > maxStretches || p.Curve.Length() > maxLength, "its curve has %d stretches of %s; at most %d and %s", len(p.Curve),
		p.Curve.Length(), maxStretches, maxLength)
	bad(p.Patience <= 0, "patience is %s; a client must give up some day", p.Patience)
	bad(p.LateBy <= 0, "the bound on lateness is %s", p.LateBy)
	bad(p.Conns.Static < 1 || p.Conns.Read < 1 || p.Conns.Claim < 1, "each class needs a connection: %+v", p.Conns)
	bad(max(p.Conns.Static, p.Conns.Read, p.Conns.Claim) > maxConns, "at most %d connections a class: %+v", maxConns, p.Conns)
	bad(p.Users.Size == 0 || p.Users.Size > maxUsers || p.Users.Hot > p.Users.Size, "%d users of whom %d are hot; 1 to %d", p.Users.Size, p.Users.Hot, maxUsers)
	bad(!(p.Users.GiftSkew >= 0 && p.Users.GiftSkew <= maxSkew), "the skew over the gifts is %g; want 0 to %d", p.Users.GiftSkew, maxSkew)
	if n := len(p.Cohorts); n > 0 {
		rising := true
		for i := range n - 1 {
			rising = rising && p.Cohorts[i] < p.Cohorts[i+1]
		}
		bad(!rising || p.Cohorts[0] < 1 || p.Cohorts[n-1] != gray.Buckets, "its cohorts end at %v percent; want rising numbers, the last one %d", p.Cohorts, gray.Buckets)
		bad(p.Conns.Read%gray.Buckets != 0 || p.Conns.Claim%gray.Buckets != 0, "its cohorts need a multiple of %d connections a class: %+v", gray.Buckets, p.Conns)
	}
	bad(len(p.Users.Gifts) == 0, "its users want no gift")
	bad(p.Funnel.Statics < 0 || p.Funnel.Statics > 16, "%d static parts a click; want 0 to 16", p.Funnel.Statics)
	bad(p.Funnel.Presses < 0 || p.Funnel.Presses > 64, "%d presses of the first step; want 0 to 64", p.Funnel.Presses)
	bad(p.Funnel.First >= api.Ops || p.Funnel.First > api.List && p.Funnel.Statics > 0, "its clicks come straight to %s, with %d static parts; want none", p.Funnel.First, p.Funnel.Statics)
	bad(p.Retry.Most < 0 || p.Retry.Most > maxRetries || p.Retry.After < 0, "retries are %+v; want 0 to %d", p.Retry, maxRetries)
	bad(p.Funnel.Click > 0 && p.Funnel.Click < leastClick, "an exposure makes %g clicks; want %g to 1, or 0 for no exposures", p.Funnel.Click, leastClick)
	bad(p.Funnel.Click >= leastClick && p.Exposures().Peak() > maxRate, "it needs %g exposures/s; at most %g", p.Exposures().Peak(), maxRate)
	errs = append(errs, p.Packages.check(p.Name), p.Promotion.check(p.Name))
	n := p.Users.Neighbour
	bad(n.Share > 0 && (n.Activity == 0 || len(n.Gifts) == 0), "its neighbour is activity %d with %d gifts", n.Activity, len(n.Gifts))
	for _, share := range []float64{p.Funnel.Click, p.Funnel.Select, p.Funnel.Claim, p.Funnel.Receipt, p.Users.HotShare, p.Users.Tagged, n.Share} {
		bad(!(share >= 0 && share <= 1), "a share is %g; want 0 to 1", share)
	}
	return errors.Join(errs...)
}
