// Package loadprofiles says who asks for what, and how often: curves of arrivals, the funnel of a journey, the
// population, and how clients retry. It is arithmetic only; volley fires it.
package loadprofiles

import (
	"errors"
	"fmt"
	"time"

	"redpacket/system/api"
)

// Profile is a load in event units: requests per second of the whole event, before a run's scale.
type Profile struct {
	Name   string
	Curve  Curve // requests per second, all ops together, unscaled
	Funnel Funnel
	Users  Population
	Retry  Retry
	// Patience is how long a client waits for one reply before it counts the request as unknown.
	Patience time.Duration
	// Conns is how many client connections each class of requests shares, as behind an L4 layer that multiplexes users.
	Conns Conns
	// LateBy is the bound on the lateness p99 of an honest run.
	LateBy time.Duration
}

// Funnel is a journey: what follows on what. A click fetches Statics static parts and the gift list; then each step is
// taken by a share of the users who passed the one before.
type Funnel struct {
	Statics                int     // static parts of a click: 3
	Select, Claim, Receipt float64 // select/list, claim/select, receipt/claim: 0 … 1
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

// Population is who clicks. Users are numbered 1 … Size. A share of the clicks comes from the hot users, who come again
// and again; gifts are chosen by a Zipf law.
type Population struct {
	Size     uint64
	Hot      uint64  // how many users are hot: 1 … Size
	HotShare float64 // share of clicks made by hot users: 0 … 1
	GiftSkew float64 // exponent of the Zipf law over the gifts on offer: > 1, or 0 for an even choice
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
	maxUsers     = 1 << 62
	maxSkew      = 100
	maxRetries   = 100
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
	bad(len(p.Users.Gifts) == 0, "its users want no gift")
	bad(p.Funnel.Statics < 0 || p.Funnel.Statics > 16, "%d static parts a click; want 0 to 16", p.Funnel.Statics)
	bad(p.Funnel.Presses < 0 || p.Funnel.Presses > 64, "%d presses of the first step; want 0 to 64", p.Funnel.Presses)
	bad(p.Funnel.First >= api.Ops || p.Funnel.First > api.List && p.Funnel.Statics > 0, "its clicks come straight to %s, with %d static parts; want none", p.Funnel.First, p.Funnel.Statics)
	bad(p.Retry.Most < 0 || p.Retry.Most > maxRetries || p.Retry.After < 0, "retries are %+v; want 0 to %d", p.Retry, maxRetries)
	for _, share := range []float64{p.Funnel.Select, p.Funnel.Claim, p.Funnel.Receipt, p.Users.HotShare} {
		bad(!(share >= 0 && share <= 1), "a share is %g; want 0 to 1", share)
	}
	return errors.Join(errs...)
}
