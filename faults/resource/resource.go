// Package resource holds the faults of what a node lives on: processor, memory, disk.
package resource

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"redpacket/faults"
	"redpacket/system/ail"
	"redpacket/system/config"
	"redpacket/system/spoil"
)

// Squeezed is a node with too little processor time.
type Squeezed struct {
	Node  string
	Cores float64 // 0.01 or more
}

var (
	_ faults.Fault   = Squeezed{}
	_ faults.Auditor = Squeezed{}
)

// String is "squeeze", the node and the cores.
func (f Squeezed) String() string { return fmt.Sprintf("squeeze %s to %g cores", f.Node, f.Cores) }

// Victim is the node.
func (f Squeezed) Victim() string { return f.Node }

// Check wants a node and some cores.
func (f Squeezed) Check() error {
	if f.Node == "" || !(f.Cores >= 0.01 && f.Cores <= 1<<10) {
		return fmt.Errorf("node %q with %g cores; want a node, and 0.01 cores or more", f.Node, f.Cores)
	}
	return nil
}

// Inject squeezes the node and sees the bound.
func (f Squeezed) Inject(ctx context.Context, on faults.Levers) error {
	if err := on.Squeeze(ctx, f.Node, f.Cores); err != nil {
		return err
	}
	is, err := on.Squeezed(ctx, f.Node)
	if err == nil && math.Abs(is-f.Cores) > 0.01*f.Cores+0.001 {
		err = fmt.Errorf("node %s may use %g cores; it should be %g", f.Node, is, f.Cores)
	}
	return err
}

// Heal lets go.
func (f Squeezed) Heal(ctx context.Context, on faults.Levers) error {
	return on.Squeeze(ctx, f.Node, 0)
}

// Residue is every node that is squeezed.
func (Squeezed) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.Each(ctx, on, func(ctx context.Context, node string) (string, error) {
		cores, err := on.Squeezed(ctx, node)
		if cores == 0 {
			return "", err
		}
		return fmt.Sprintf("may use %g cores", cores), err
	})
}

// OutOfMemory is a node that the kernel kills because its memory is bounded. A role that can be made ill is made to ask for
// more than the bound. Of the others the bound is drawn to what they use: they die when they ask for more, and on control
// groups of version 1 a node that asks for none lives on, which is an error.
type OutOfMemory struct{ Node string }

var (
	_ faults.Fault   = OutOfMemory{}
	_ faults.Auditor = OutOfMemory{}
)

// String says what happens to the node.
func (f OutOfMemory) String() string { return "starve " + f.Node + " of memory" }

// Victim is the node.
func (f OutOfMemory) Victim() string { return f.Node }

// Check wants a node.
func (f OutOfMemory) Check() error { return named(f.Node) }

// tighten is between two looks at how much the node still uses; give is what it is left beside that when the kernel cannot
// take the bound it was asked for.
const (
	tighten = 50 * time.Millisecond
	give    = 256 << 10
)

// What a node that can be made ill is left beside what it uses, and what it then asks for.
const (
	spare = 8 << 20
	hoard = 64 << 20
)

// Inject bounds the memory and has the node ask for more, or draws the bound tighter, until the node is seen dead.
func (f OutOfMemory) Inject(ctx context.Context, on faults.Levers) error {
	if is, err := on.Look(ctx, f.Node); err != nil || is != faults.Running {
		return errors.Join(err, fmt.Errorf("node %s is %s; nothing would be hurt", f.Node, is))
	}
	used, err := on.Weigh(ctx, f.Node)
	if err == nil {
		err = on.Limit(ctx, f.Node, max(used+spare, faults.LeastMemory))
	}
	if err != nil {
		return err
	}
	// It cannot answer: it dies of it. One that cannot be made ill says so.
	_ = on.Ail(ctx, f.Node, f.String(), ail.Order{Symptoms: ail.Symptoms{Hoard: hoard}, For: config.Duration(faults.AilsFor)})
	tick := time.NewTicker(tighten)
	defer tick.Stop()
	for {
		if is, look := on.Look(ctx, f.Node); look == nil && is == faults.Dead {
			return nil
		}
		if used, err = on.Weigh(ctx, f.Node); err == nil {
			if err = on.Limit(ctx, f.Node, max(used, faults.LeastMemory)); err != nil {
				err = on.Limit(ctx, f.Node, max(used+give, faults.LeastMemory))
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("node %s lives on with %d bytes; the fault hurts nothing that asks for no more", f.Node, used), err)
		}
	}
}

// Heal takes the bound away and starts the node, if it is dead. One that lives has what it hoards taken from it.
func (f OutOfMemory) Heal(ctx context.Context, on faults.Levers) error {
	if err := on.Limit(ctx, f.Node, 0); err != nil {
		return err
	}
	view, err := on.Ails(ctx, f.Node)
	if _, ill := view.Ails[f.String()]; err == nil && ill {
		err = on.Well(ctx, f.Node, f.String())
	}
	return errors.Join(err, on.Start(ctx, f.Node))
}

// Residue is every node whose memory is bounded.
func (OutOfMemory) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.Each(ctx, on, func(ctx context.Context, node string) (string, error) {
		bytes, err := on.Limited(ctx, node)
		if bytes == 0 {
			return "", err
		}
		return fmt.Sprintf("may use %d bytes of memory", bytes), err
	})
}

// DiskFull is a node whose volume has no free byte: what it writes fails with ENOSPC. The topology must give the volume a
// size of its own (topology.Node.Disk); the machine's disk is not filled.
type DiskFull struct{ Node string }

var (
	_ faults.Fault   = DiskFull{}
	_ faults.Auditor = DiskFull{}
)

// String says what happens to the node.
func (f DiskFull) String() string { return "fill the disk of " + f.Node }

// Victim is the node.
func (f DiskFull) Victim() string { return f.Node }

// Check wants a node.
func (f DiskFull) Check() error { return named(f.Node) }

func (f DiskFull) spoil() spoil.Spoil { return spoil.Spoil{Node: f.Node, Full: true} }

// Inject fills the volume, sees that no byte is free, and keeps it so.
func (f DiskFull) Inject(ctx context.Context, on faults.Levers) error {
	return on.Spoil(ctx, f.spoil())
}

// Heal removes what filled it.
func (f DiskFull) Heal(ctx context.Context, on faults.Levers) error {
	return on.Restore(ctx, f.spoil())
}

// Residue is every node whose disk is kept full.
func (DiskFull) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.SpoilsOf(ctx, on, func(s spoil.Spoil) bool { return s.Full })
}

func named(node string) error {
	if node == "" {
		return errors.New("it names no node")
	}
	return nil
}
