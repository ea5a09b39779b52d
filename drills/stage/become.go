package stage

import (
	"context"
	"fmt"

	"redpacket/faults"
	"redpacket/faults/warden"
	"redpacket/loadprofiles/volley"
	"redpacket/system/provision"
)

// Become must be called first in main or TestMain of every program that runs drills. In the program it returns at once.
// A drill runs the same program again as its generator, and as the warden that heals and removes what the program leaves
// when it dies; in those it never returns.
func Become() {
	volley.BecomeWorker()
	provision.BecomeReaper(func(run string) provision.Guard {
		return warden.NewGuard(func(ctx context.Context) (faults.Levers, error) { return Attach(ctx, run) })
	})
}

// Attach takes the levers of a run that another process stood up.
func Attach(ctx context.Context, run string) (*Attached, error) {
	on, err := provision.Attach(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("take the levers: %w", err)
	}
	return &Attached{cluster{on}}, nil
}

// Attached is a cluster that another process stood up, with all its levers and gauges. Leave it.
type Attached struct{ cluster }
