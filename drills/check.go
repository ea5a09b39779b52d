package drills

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"redpacket/drills/judge"
	"redpacket/system/l5"
)

// windowed is asked of assertions that name windows or steps.
type windowed interface{ Windows() []string }

// sounded is asked of assertions that carry data of their own, such as a traffic sheet.
type sounded interface{ Sound() error }

// Check returns every mistake in the drill, joined, or nil; it starts nothing.
func (d Drill) Check() error {
	errs := []error{d.checkWords(), d.Topology.Check(), d.checkPhases(), d.checkInjections(), d.checkSteps(), d.checkPromotion(), d.checkAssertions()}
	if len(d.Phases) > 0 {
		errs = append(errs, d.Profile().Check())
	}
	if d.Activity == nil {
		errs = append(errs, errors.New("it offers no activity; give it activity.Festival"))
	} else {
		errs = append(errs, d.Activity(d.Seed, 1).Check())
	}
	if d.Rules.DeliveryRate <= 0 {
		errs = append(errs, errors.New("its games accept no delivery, so no queue would ever end; start from config.Default()"))
	}
	if _, err := l5.Named(d.Rules.L5); err != nil {
		errs = append(errs, err)
	}
	for i, rule := range d.Aborts {
		if below, ok := rule.(SuccessBelow); ok && (below.For < time.Second || !(below.Share > 0 && below.Share <= 1)) {
			errs = append(errs, fmt.Errorf("abort rule %d: %s; want a share of more than 0, at most 1, for a second or more", i+1, rule))
		}
	}
	if d.Scale < 0 || d.Scale > 1 {
		errs = append(errs, fmt.Errorf("its scale is %g; want 0 (what the rig carries) to 1", d.Scale))
	}
	if d.Probe < 0 || d.Probe > time.Second {
		errs = append(errs, fmt.Errorf("it probes every %s; want 0 (never) to 1s", d.Probe))
	}
	if d.Built < 0 {
		errs = append(errs, fmt.Errorf("it is built for %g requests/s; use 0 for no limit", d.Built))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("drill %q: %s", d.ID, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

func (d Drill) checkWords() error {
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(d.ID) {
		return fmt.Errorf("its id is %q; want lower case words and digits joined by -, such as pr-4", d.ID)
	}
	if d.Name == "" || d.Why == "" || d.Group == "" {
		return errors.New("it needs a name, a reason and a group: a reader must know what its failure means")
	}
	return nil
}

func (d Drill) checkPhases() error {
	if len(d.Phases) == 0 {
		return errors.New("it has no phases, so nothing would be asked of the system")
	}
	var errs []error
	seen := map[string]bool{}
	for i, p := range d.Phases {
		if p.Name == "" || seen[p.Name] {
			errs = append(errs, fmt.Errorf("phase %d is called %q; each phase needs a name of its own, assertions ask for it", i+1, p.Name))
		}
		seen[p.Name] = true
		if p.Curve.Length() < time.Second {
			errs = append(errs, fmt.Errorf("phase %q lasts %s; nothing can be read from less than a second", p.Name, p.Curve.Length()))
		}
		for _, s := range p.Curve {
			if s.From < 0 || s.To < 0 || s.For <= 0 {
				errs = append(errs, fmt.Errorf("phase %q has a stretch from %g/s to %g/s for %s", p.Name, s.From, s.To, s.For))
			}
		}
	}
	return errors.Join(errs...)
}

func (d Drill) checkSteps() error {
	var errs []error
	end := d.Profile().Curve.Length()
	seen := map[string]bool{}
	for i, t := range d.Steps {
		if t.Step == nil {
			errs = append(errs, fmt.Errorf("step %d does nothing", i+1))
			continue
		}
		name := t.Step.String()
		if seen[name] {
			errs = append(errs, fmt.Errorf("step %d: %q is there twice; assertions could not tell them apart", i+1, name))
		}
		seen[name] = true
		if t.At < 0 || t.At >= end {
			errs = append(errs, fmt.Errorf("step %d: %s at %s, but the load ends at %s: no window is left to see it in", i+1, name, t.At, end))
		}
		if i > 0 && t.At < d.Steps[i-1].At {
			errs = append(errs, fmt.Errorf("step %d: %s at %s comes before step %d", i+1, name, t.At, i))
		}
		if err := checkPlaybook(t.Step); err != nil {
			errs = append(errs, fmt.Errorf("step %d: %w", i+1, err))
		}
		if err := d.checkRelease(t.Step); err != nil {
			errs = append(errs, fmt.Errorf("step %d: %w", i+1, err))
		}
	}
	return errors.Join(errs...)
}

func (d Drill) checkAssertions() error {
	if len(d.Assertions) == 0 {
		return errors.New("it asserts nothing, so its verdict could only be inconclusive")
	}
	known := d.names()
	var errs []error
	seen := map[string]bool{}
	for _, a := range d.Assertions {
		if seen[a.String()] {
			errs = append(errs, fmt.Errorf("it asserts twice that %s", a))
		}
		seen[a.String()] = true
		if s, ok := a.(sounded); ok {
			if err := s.Sound(); err != nil {
				errs = append(errs, fmt.Errorf("it asserts that %s, which it cannot: %w", a, err))
			}
		}
		if w, ok := a.(windowed); ok {
			for _, name := range w.Windows() {
				if !slices.Contains(known, name) {
					errs = append(errs, fmt.Errorf("it asserts that %s, but has no phase or step %q; it has %s", a, name, strings.Join(known, ", ")))
				}
			}
		}
	}
	asked := slices.ContainsFunc(d.Assertions, func(a judge.Assertion) bool {
		_, ok := a.(judge.StepsEffective)
		return ok
	})
	if len(d.Steps)+len(d.Injections) > 0 && !asked {
		errs = append(errs, errors.New("it has steps or injections and does not ask whether they took effect; add judge.StepsEffective{}"))
	}
	_, err := judge.Encode(d.Assertions)
	return errors.Join(append(errs, err)...)
}

// names are what assertions may name: phases, steps, injections and their heals.
func (d Drill) names() []string {
	var known []string
	for _, p := range d.Phases {
		known = append(known, p.Name)
	}
	for _, t := range d.Steps {
		if t.Step != nil {
			known = append(known, t.Step.String())
		}
	}
	for _, i := range d.Injections {
		if i.Fault != nil {
			known = append(known, i.String(), i.Heals())
		}
	}
	return known
}
