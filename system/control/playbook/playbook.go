// Package playbook holds the prepared responses to what may happen on the night as values, and decides from measurements
// when one is due. It is pure: clocks and readings are arguments.
package playbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"redpacket/system/control"
)

// Playbook is one prepared response. Its rollback takes its action back and leaves what others have switched.
type Playbook struct {
	ID        string // P1 …
	Name      string
	Trigger   Condition
	After     string           // the trigger counts only while this playbook is active; empty: always
	Action    control.Settings // what is given up; the zero value: no switch is thrown
	Calls     Call             // what an activation has the system do once, beside the switches
	ByHand    string           // what people do beside it
	Expect    Effect
	Proof     string // how to see that it is in force
	Close     Condition
	Decides   string // who decides
	Automatic bool   // it is activated by its trigger, and closed again; otherwise both only say that they are due
}

// Call is something that the operations platform has the system do. Taking the playbook back does not undo it.
type Call string

// The calls.
const (
	NoCall Call = ""
	// Reconcile has every recon run passes, which deliver again what the ledger lacks, until one finds nothing.
	Reconcile Call = "reconcile"
)

// Side is where a value must be to meet a condition.
type Side string

// The sides.
const (
	Above Side = "above"
	Below Side = "below"
)

// Condition is a metric on one side of a level for some time.
type Condition struct {
	Metric Metric
	Side   Side
	Level  float64
	For    time.Duration
}

// String is the condition in words.
func (c Condition) String() string {
	of := ""
	if c.Metric.ofCapacity() {
		of = " of what was measured to be the most"
	}
	return fmt.Sprintf("%s %s %g%s for %s", c.Metric, c.Side, c.Level, of, c.For)
}

// met says whether a value meets the condition at this moment.
func (c Condition) met(value float64) bool {
	if c.Side == Above {
		return value > c.Level
	}
	return value < c.Level
}

// Effect is what an activation must be seen to do: a rate falls, or rises, by at least a part of what it was, within a time
// of the activation's being in force everywhere.
type Effect struct {
	Metric Metric
	Falls  bool    // else it rises
	By     float64 // 1: a fall to nothing
	Within time.Duration
}

// String is the effect in words.
func (e Effect) String() string {
	way := "rises"
	if e.Falls {
		way = "falls"
	}
	return fmt.Sprintf("%s %s by %.0f %% within %s", e.Metric, way, 100*e.By, e.Within)
}

// Seen says whether a change from before to after is the effect. Nothing can be said of a rate that was 0.
func (e Effect) Seen(before, after float64) (bool, error) {
	if !(before > 0) {
		return false, fmt.Errorf("%s was %g before: nothing to compare with", e.Metric, before)
	}
	if e.Falls {
		return after <= before*(1-e.By), nil
	}
	return after >= before*(1+e.By), nil
}

// TooLate is the share of a capacity from which on a trigger is refused: between it and the capacity there would be no
// time to act, and above the capacity is where the night went wrong.
const TooLate = 0.9

// Check returns every mistake in the playbook, joined, or nil.
func (p Playbook) Check() error {
	errs := []error{p.Trigger.check(), p.Close.check(), p.Action.Check()}
	if p.ID == "" || p.Name == "" || p.Proof == "" || p.Decides == "" {
		errs = append(errs, errors.New("it needs an id, a name, a proof and somebody who decides"))
	}
	if t := p.Trigger; t.Metric.ofCapacity() && t.Side == Above && t.Level >= TooLate {
		errs = append(errs, fmt.Errorf("its trigger is %g of the measured capacity; it must be below %g, or nothing happens before the system is full", t.Level, TooLate))
	}
	if p.Trigger.Metric == p.Close.Metric && (p.Trigger.Side == p.Close.Side || p.Trigger.Side == Above != (p.Close.Level < p.Trigger.Level)) {
		errs = append(errs, fmt.Errorf("it opens when %s and closes when %s; it would flap", p.Trigger, p.Close))
	}
	switch {
	case p.Calls != NoCall && p.Calls != Reconcile:
		errs = append(errs, fmt.Errorf("it calls %q; want %q", p.Calls, Reconcile))
	case p.Action == control.Settings{} && p.Calls == NoCall:
		errs = append(errs, errors.New("it throws no switch and calls nobody: one call must do something"))
	case !(p.Expect.By > 0 && p.Expect.Within > 0 && p.Expect.Metric != ""):
		errs = append(errs, errors.New("it acts and does not say what that must be seen to do"))
	case p.Expect.Falls && p.Expect.By > 1:
		errs = append(errs, fmt.Errorf("its effect is a fall by %g of what there was", p.Expect.By))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("playbook %s: %s", p.ID, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

func (c Condition) check() error {
	switch {
	case !slices.Contains(Metrics(), c.Metric):
		return fmt.Errorf("there is no metric %q", c.Metric)
	case c.Side != Above && c.Side != Below:
		return fmt.Errorf("%s stands on side %q; want %s or %s", c.Metric, c.Side, Above, Below)
	case !(c.Level >= 0) || c.For < time.Second:
		return fmt.Errorf("%s: want a level of 0 or more, and 1s or more", c)
	}
	return nil
}

// CheckAll returns every mistake in a register of playbooks, joined, or nil.
func CheckAll(books []Playbook) error {
	var errs []error
	for i, p := range books {
		errs = append(errs, p.Check())
		if _, again := Find(books[:i], p.ID); again {
			errs = append(errs, fmt.Errorf("playbook %s is there twice", p.ID))
		}
		if _, there := Find(books, p.After); p.After != "" && (!there || p.After == p.ID) {
			errs = append(errs, fmt.Errorf("playbook %s comes after %q, which is no other playbook", p.ID, p.After))
		}
	}
	return errors.Join(errs...)
}

// Find is the playbook of an id.
func Find(books []Playbook, id string) (Playbook, bool) {
	i := slices.IndexFunc(books, func(p Playbook) bool { return p.ID == id })
	if i < 0 {
		return Playbook{}, false
	}
	return books[i], true
}

// Fold is what is run with when some playbooks are active over base settings.
func Fold(books []Playbook, base control.Settings, active []control.Activation) control.Settings {
	for _, a := range active {
		if p, there := Find(books, a.Playbook); there {
			base = base.With(p.Action)
		}
	}
	return base
}
