package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Auditor is a kind of fault that can look for what any of its kind left: a toxic, a rule, a frozen node. It asks of the
// whole system, whatever its own arguments are.
type Auditor interface {
	Residue(ctx context.Context, on Levers) ([]Residue, error)
}

// Residue is something that a fault left on the system.
type Residue struct {
	Victim string // as the fault's own
	Of     string // the node that a hurt link leads to, which a fault may name as its victim instead; empty: of no other
	What   string // such as "is frozen"
}

// String is the victim and what is left.
func (r Residue) String() string { return r.Victim + " " + r.What }

// By says whether a fault may have left it.
func (r Residue) By(f Fault) bool {
	victims := Victims(f)
	return slices.Contains(victims, r.Victim) || r.Of != "" && slices.Contains(victims, r.Of)
}

// Audit asks each kind for its residue, and returns what there is in order, each once. An error is about the kinds that
// could not look; what the others found comes with it.
func Audit(ctx context.Context, kinds []Fault, on Levers) ([]Residue, error) {
	var all []Residue
	var errs []error
	for _, kind := range kinds {
		a, ok := kind.(Auditor)
		if !ok {
			continue
		}
		found, err := a.Residue(ctx, on)
		if all = append(all, found...); err != nil {
			errs = append(errs, fmt.Errorf("audit for %T: %w", kind, err))
		}
	}
	slices.SortFunc(all, func(a, b Residue) int { return cmp.Or(cmp.Compare(a.Victim, b.Victim), cmp.Compare(a.What, b.What)) })
	return slices.Compact(all), errors.Join(errs...)
}
