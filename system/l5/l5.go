// Package l5 keeps a caller away from the instances of a role that do not work, and knows which instances there are.
//
// Each caller judges each instance by its own calls, as L5 and Polaris do: a circuit per instance, no opinion of others,
// no probing of health beside the calls themselves. See docs/decisions.md for what counts as a failure.
package l5

import (
	"errors"
	"fmt"
	"time"
)

// Rules are the parameters of one set. The names of the sets stand in a drill's script and in its record.
type Rules struct {
	Name        string
	Consecutive int           // failures in a row that eject an instance
	Ratio       float64       // share of failures in a window that ejects it
	Least       int           // calls in a window below which its ratio says nothing
	Window      time.Duration // armed by the first failure; the ratio is computed when it has ended
	Check       time.Duration // between two looks at which windows and sleeps have ended
	Sleep       time.Duration // an ejected instance gets no calls; must be longer than any call's deadline
	Probes      int           // calls that are let through in one half-open cycle
	Successes   int           // of those, how many close the circuit; one failure opens it again
	MaxEjected  float64       // share of a role's instances that may be ejected at once

	Refresh time.Duration // between two looks at the list of instances
	Lease   time.Duration // how long a lease holds, and how long an instance stays listed that has none; whole seconds
	FileAge time.Duration // how old the list on disk may be when a caller starts
}

// Polaris is the set of L5's open descendant: its defaults, with its 3 successes as the bound of probes. It limits no
// share of ejected instances, and an instance's lease holds for three of its heartbeats of 5 s.
func Polaris() Rules {
	return Rules{Name: "polaris", Consecutive: 10, Ratio: 0.5, Least: 10, Window: time.Minute, Check: 10 * time.Second,
		Sleep: 30 * time.Second, Probes: 3, Successes: 3, MaxEjected: 1,
		Refresh: 2 * time.Second, Lease: 15 * time.Second, FileAge: time.Minute}
}

// Drill is Polaris' set with times divided by ten, so that a drill of a minute sees an instance go and come back; leases
// are in whole seconds. At most half of a role's instances are ejected.
func Drill() Rules {
	r := Polaris()
	r.Name, r.MaxEjected = "drill", 0.5
	for _, t := range []*time.Duration{&r.Window, &r.Check, &r.Sleep, &r.FileAge} {
		*t /= 10
	}
	r.Refresh, r.Lease = time.Second, 3*time.Second
	return r
}

// Named is the set with this name: polaris or drill.
func Named(name string) (Rules, error) {
	for _, r := range []Rules{Polaris(), Drill()} {
		if r.Name == name {
			return r, nil
		}
	}
	return Rules{}, fmt.Errorf("no set of l5's rules is called %q; there are polaris and drill", name)
}

// Check is nil for rules that can work.
func (r Rules) check() error {
	switch {
	case r.Consecutive < 1 || r.Least < 1 || r.Probes < 1 || r.Successes < 1 || r.Successes > r.Probes:
		return errors.New("l5: counts must be at least 1, and the probes of a cycle enough to close a circuit")
	case !(r.Ratio > 0 && r.Ratio <= 1) || !(r.MaxEjected >= 0 && r.MaxEjected <= 1):
		return errors.New("l5: the ratio must be above 0 and at most 1, the share of ejected instances 0 … 1")
	case min(r.Window, r.Check, r.Sleep, r.Refresh, r.Lease, r.FileAge) <= 0:
		return errors.New("l5: all times must be above 0")
	}
	return nil
}

// State is what a caller thinks of an instance.
type State uint8

// The states, as the metric shows them.
const (
	Closed   State = iota // 0: it gets its calls
	HalfOpen              // 1: it gets a few, to see
	Open                  // 2: it is ejected
)

// String is the state's name: closed, half-open, open.
func (s State) String() string {
	return [...]string{"closed", "half-open", "open", "?"}[min(s, Open+1)]
}
