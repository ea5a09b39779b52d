// Package node holds the faults of a whole node: killed, frozen.
package node

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"redpacket/faults"
)

// Killed is a node whose process ended as by a crash: no warning, and nothing flushed that was not. Its disk stays.
type Killed struct{ Node string }

var (
	_ faults.Fault    = Killed{}
	_ faults.Stubborn = Killed{}
	_ faults.Auditor  = Killed{}
)

// String is "kill" and the node.
func (f Killed) String() string { return "kill " + f.Node }

// Victim is the node.
func (f Killed) Victim() string { return f.Node }

// Check wants a node.
func (f Killed) Check() error { return named(f.Node) }

// Inject kills the node and sees it dead. One that is dead already is an error: nothing would be hurt.
func (f Killed) Inject(ctx context.Context, on faults.Levers) error {
	if is, err := on.Look(ctx, f.Node); err != nil || is == faults.Dead {
		return errors.Join(err, nothing(f.Node, is))
	}
	if err := on.Kill(ctx, f.Node); err != nil {
		return err
	}
	return seen(ctx, on, f.Node, faults.Dead, true)
}

// Heal starts the node again, and sees that it is not dead.
func (f Killed) Heal(ctx context.Context, on faults.Levers) error {
	if err := on.Start(ctx, f.Node); err != nil {
		return err
	}
	return seen(ctx, on, f.Node, faults.Dead, false)
}

// Harder is to start it again: a start that was too slow may have been done by now, and one that was lost is asked for anew.
func (f Killed) Harder() []faults.Way { return []faults.Way{{Name: "start it again", Do: f.Heal}} }

// Residue is every node that is dead.
func (Killed) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return those(ctx, on, faults.Dead)
}

// Frozen is a node that stands still: its connections stay open, and nobody answers on them.
type Frozen struct{ Node string }

var (
	_ faults.Fault    = Frozen{}
	_ faults.Stubborn = Frozen{}
	_ faults.Auditor  = Frozen{}
)

// String is "freeze" and the node.
func (f Frozen) String() string { return "freeze " + f.Node }

// Victim is the node.
func (f Frozen) Victim() string { return f.Node }

// Check wants a node.
func (f Frozen) Check() error { return named(f.Node) }

// Inject freezes the node and sees it stand still. One that does not run is an error: nothing would be hurt.
func (f Frozen) Inject(ctx context.Context, on faults.Levers) error {
	if is, err := on.Look(ctx, f.Node); err != nil || is != faults.Running {
		return errors.Join(err, nothing(f.Node, is))
	}
	if err := on.Pause(ctx, f.Node); err != nil {
		return err
	}
	return seen(ctx, on, f.Node, faults.Frozen, true)
}

// Heal lets the node go on, and sees that it is not frozen.
func (f Frozen) Heal(ctx context.Context, on faults.Levers) error {
	if err := on.Resume(ctx, f.Node); err != nil {
		return err
	}
	return seen(ctx, on, f.Node, faults.Frozen, false)
}

// Harder is to kill the node and to start it again.
func (f Frozen) Harder() []faults.Way {
	return []faults.Way{{Name: "restart the node", Do: func(ctx context.Context, on faults.Levers) error {
		if err := on.Kill(ctx, f.Node); err != nil {
			return err
		}
		return Killed(f).Heal(ctx, on)
	}}}
}

// Residue is every node that is frozen.
func (Frozen) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return those(ctx, on, faults.Frozen)
}

func named(node string) error {
	if node == "" {
		return errors.New("it names no node")
	}
	return nil
}

func nothing(node string, is faults.State) error {
	return fmt.Errorf("node %s is %s already; this fault would hurt nothing", node, is)
}

// seen asks that a node is, or is not, in a state.
func seen(ctx context.Context, on faults.Looker, node string, state faults.State, want bool) error {
	got, err := on.Look(ctx, node)
	if err == nil && (got == state) != want {
		err = fmt.Errorf("node %s is %s; that should be otherwise by now", node, got)
	}
	return err
}

// those are the nodes in a state. They are looked at all at once.
func those(ctx context.Context, on faults.Looker, state faults.State) (found []faults.Residue, err error) {
	nodes := on.Nodes()
	states, errs := make([]faults.State, len(nodes)), make([]error, len(nodes))
	var group sync.WaitGroup
	for i, node := range nodes {
		group.Go(func() { states[i], errs[i] = on.Look(ctx, node) })
	}
	group.Wait()
	for i, node := range nodes {
		if errs[i] == nil && states[i] == state {
			found = append(found, faults.Residue{Victim: node, What: "is " + state.String()})
		}
	}
	return found, errors.Join(errs...)
}
