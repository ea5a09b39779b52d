// Package estimate turns exposures into clicks, clicks into requests, and requests into the load of every link: the
// capacity sheet of an event, with its honest range instead of one number. A sheet is a file that people edit and review.
package estimate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Range is a figure that is not known: its lowest and highest credible value, and the one in between.
type Range struct{ Low, Mid, High float64 }

// One is a figure that is known.
func One(x float64) Range { return Range{x, x, x} }

// Times is the product of two ranges of figures that are 0 or more.
func (r Range) Times(s Range) Range { return r.each(s, func(a, b float64) float64 { return a * b }) }

func (r Range) plus(s Range) Range { return r.each(s, func(a, b float64) float64 { return a + b }) }

func (r Range) each(s Range, f func(a, b float64) float64) Range {
	return Range{f(r.Low, s.Low), f(r.Mid, s.Mid), f(r.High, s.High)}
}

func (r Range) sound() bool { return r.Low >= 0 && r.Low <= r.Mid && r.Mid <= r.High }

// Sheet is what goes into the estimate of one event. The symbols are those of the domain brief, section 5.1.
type Sheet struct {
	Event    string
	Channels []Channel // N: where exposures come from
	Click    Range     // p: clicks per exposure, 0 … 1
	Statics  Range     // ks: static requests per click
	Offline  float64   // h: the share of static requests that a CDN or an offline package serves, 0 … 1
	Steps    Steps     // what follows a click; kd, the dynamic requests per click, follows from it
	Fail     float64   // f: the share of requests that fail as clients see it, 0 … 1
	Retries  float64   // R: how often a client tries again after a failure, on average
	Built    float64   // requests per second that the whole is built for
	Observed float64   // what came on the night, requests per second; 0: not known yet
	Links    []Link
	Delivery Delivery
}

// Channel is one way of showing the event to users.
type Channel struct {
	Name      string
	Exposures Range // per second, at the peak
}

// Steps is a journey: each figure is requests of a step per request, or per success, of the one before.
type Steps struct {
	List    Range // lists per click; more than 1 when users come back to the page
	Select  Range // selects per list, 0 … 1
	Claim   Range // claims per select, 0 … 1
	Win     Range // granted claims per claim, 0 … 1
	Receipt Range // receipts per granted claim, 0 … 1
}

// Link is one hop: who asks whom, how often, and what the one asked can carry.
type Link struct {
	To, From string // roles' names; From may be users
	Calls    Calls
	Hit      float64       // H: the share of the calls that a cache before the link answers, 0 … 1
	Nodes    int           // instances of To
	Capacity float64       // calls per second, all instances together, at the utilisation allowed
	RT       time.Duration // of one call
	Bytes    float64       // of one call, there and back
}

// Calls is how many calls of a link one request of each kind makes, before caches: the m of the formulas.
type Calls struct {
	Static, List, Select, Claim, Receipt float64
	Win                                  float64 // per granted claim: what retries do not multiply
}

// Delivery is the queue that the peak fills and the following hours empty.
type Delivery struct {
	Limit    float64       // grants per second that the games take, together
	Peak     time.Duration // how long the peak lasts
	Promise  time.Duration // within which every grant is delivered
	Message  float64       // bytes of one grant in the queue
	Replicas int
}

// Hash is the SHA-256 of the sheet's figures, in hex: two files that differ in remarks alone have the same.
func (s Sheet) Hash() string {
	text, err := json.Marshal(s)
	if err != nil {
		return "" // a figure that no file can hold, such as NaN; Check names it
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Check returns every mistake in the sheet, joined, or nil.
func (s Sheet) Check() error {
	var errs []error
	for _, m := range s.mistakes() {
		errs = append(errs, fmt.Errorf("estimate: %s: %s", m.at, m.text))
	}
	return errors.Join(errs...)
}

// mistake is what is wrong with the figure at a path of keys, such as steps.select_per_list.
type mistake struct{ at, text string }

// The largest figures that a sheet may name. They keep its arithmetic finite.
const (
	mostRate    = 1e9
	mostStatics = 100
	mostLists   = 100
	mostCalls   = 1e4
	mostBytes   = 1e9
	mostTime    = 365 * 24 * time.Hour
	mostRows    = 200
)

// mistakes looks at every figure.
func (s Sheet) mistakes() []mistake {
	var all []mistake
	bad := func(wrong bool, at, text string, args ...any) {
		if wrong {
			all = append(all, mistake{at, fmt.Sprintf(text, args...)})
		}
	}
	figure := func(at string, x, most float64) {
		bad(!(x >= 0 && x <= most), at, "%g; want 0 to %g", x, most)
	}
	span := func(at string, r Range, most float64) {
		bad(!r.sound() || !(r.High <= most), at, "low %g, mid %g, high %g; want them in this order, 0 to %g", r.Low, r.Mid, r.High, most)
	}
	positive := func(at string, x, most float64) {
		bad(!(x > 0 && x <= most), at, "%g; want more than 0, at most %g", x, most)
	}
	bad(strings.TrimSpace(s.Event) == "", "event", "the sheet says of no event")
	bad(len(s.Channels) == 0 || len(s.Channels) > mostRows, "exposures_per_s", "%d channels; want 1 to %d", len(s.Channels), mostRows)
	for _, c := range s.Channels {
		span("exposures_per_s."+c.Name, c.Exposures, mostRate)
	}
	span("click_through", s.Click, 1)
	span("statics_per_click", s.Statics, mostStatics)
	figure("offline_share", s.Offline, 1)
	span("steps.list_per_click", s.Steps.List, mostLists)
	span("steps.select_per_list", s.Steps.Select, 1)
	span("steps.claim_per_select", s.Steps.Claim, 1)
	span("steps.win_per_claim", s.Steps.Win, 1)
	span("steps.receipt_per_win", s.Steps.Receipt, 1)
	figure("failing_share", s.Fail, 1)
	figure("retries_per_failure", s.Retries, 100)
	positive("built_per_s", s.Built, mostRate)
	figure("observed_per_s", s.Observed, mostRate)
	bad(len(s.Links) == 0 || len(s.Links) > mostRows, "links", "%d links; want 1 to %d", len(s.Links), mostRows)
	for i, l := range s.Links {
		at := fmt.Sprintf("links.%d.", i+1)
		bad(l.To == "" || l.From == "", at+"to", "a link from %q to %q; want two roles' names", l.From, l.To)
		twice := slices.IndexFunc(s.Links, func(o Link) bool { return o.To == l.To && o.From == l.From })
		bad(twice < i, at+"to", "the link from %s to %s is there twice", l.From, l.To)
		for _, c := range l.Calls.named() {
			figure(at+"calls."+c.name, *c.value, mostCalls)
		}
		figure(at+"cache_hit", l.Hit, 1)
		bad(l.Nodes < 1 || l.Nodes > 1e6, at+"instances", "%d; want 1 to a million", l.Nodes)
		positive(at+"capacity_per_s", l.Capacity, mostRate)
		bad(l.RT < 0 || l.RT > time.Minute, at+"rt", "%s; want 0s to 1m", l.RT)
		figure(at+"bytes", l.Bytes, mostBytes)
	}
	positive("delivery.limit_per_s", s.Delivery.Limit, mostRate)
	bad(s.Delivery.Peak < 0 || s.Delivery.Peak > mostTime, "delivery.peak", "%s; want 0s to a year", s.Delivery.Peak)
	bad(s.Delivery.Promise <= 0 || s.Delivery.Promise > mostTime, "delivery.promise", "%s; want more than 0s, at most a year", s.Delivery.Promise)
	figure("delivery.bytes", s.Delivery.Message, mostBytes)
	bad(s.Delivery.Replicas < 1 || s.Delivery.Replicas > 100, "delivery.replicas", "%d; want 1 to 100", s.Delivery.Replicas)
	return all
}

// call is one kind of request by its name in a sheet.
type call struct {
	name  string
	value *float64
}

// named are the kinds in the order of a journey.
func (c *Calls) named() []call {
	return []call{{"static", &c.Static}, {"list", &c.List}, {"select", &c.Select}, {"claim", &c.Claim}, {"win", &c.Win}, {"receipt", &c.Receipt}}
}
