package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Stubborn is a fault that can be healed in harder ways when Heal fails or takes too long. A harder way may hurt more than
// the fault did, for a moment, but never another group than the victim's own.
type Stubborn interface {
	Harder() []Way // the gentlest first
}

// Way is one way to heal; Do may be called as Heal may.
type Way struct {
	Name string // what it does, such as "restart the proxy"
	Do   func(ctx context.Context, on Levers) error

	Within time.Duration // 0: HealWithin
}

// HealWithin bounds each way of healing a fault: the gentle one, and each harder one after it.
const HealWithin = 3 * time.Second

// Undo heals a fault: gently, and when that fails or is not done within HealWithin, by each harder way in turn. The steps
// tell what was tried and how long it took; they come with an error too, which is one line: the fault is still there.
func Undo(ctx context.Context, f Fault, on Levers) (steps []string, err error) {
	ways := []Way{{Name: "heal", Do: f.Heal}}
	if s, ok := f.(Stubborn); ok {
		ways = append(ways, s.Harder()...)
	}
	var why []string
	for _, w := range ways {
		began := time.Now()
		err := w.within(ctx, on)
		took := time.Since(began).Round(time.Millisecond)
		if err == nil {
			return append(steps, fmt.Sprintf("%s: done in %s", w.Name, took)), nil
		}
		steps = append(steps, fmt.Sprintf("%s: %s after %s", w.Name, line(err), took))
		why = append(why, w.Name+": "+line(err))
	}
	return steps, fmt.Errorf("%q is not healed: %s", f, strings.Join(why, "; then "))
}

// within gives a way its time. A way that does not heed its context is left behind.
func (w Way) within(ctx context.Context, on Levers) error {
	bound := cmp.Or(w.Within, HealWithin)
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("not done within %s", bound))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.Do(ctx, on) }()
	select {
	case err := <-done:
		if err != nil && ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// line is an error in one line.
func line(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
