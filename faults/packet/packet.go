// Package packet holds the faults of packets, dropped or held back in a node's own network: what Toxiproxy cannot do,
// because it sees connections.
package packet

import (
	"context"
	"fmt"
	"time"

	"redpacket/faults"
	"redpacket/system/spoil"
)

// Way is which way packets are lost, seen from the node.
type Way string

// The ways.
const (
	Both Way = ""    // a partition
	In   Way = "in"  // it does not hear
	Out  Way = "out" // it is not heard
)

func (w Way) packets(p spoil.Packets) *spoil.Packets {
	p.In, p.Out = w != Out, w != In
	return &p
}

func (w Way) check() error {
	if w != Both && w != In && w != Out {
		return fmt.Errorf("way %q; want in, out, or none for both", w)
	}
	return nil
}

// Dropped is packets of links that are lost, all or a share by chance: a partition from some peers and not from others,
// one-way where Way says so. TCP sends again what was lost; no connection is closed.
type Dropped struct {
	Node  string   // that begins the links, or the linkd that carries them
	Links []string // names; one or more
	Share float64  // above 0, up to 1: all
	Way   Way
}

var (
	_ faults.Fault   = Dropped{}
	_ faults.Auditor = Dropped{}
)

// String says which packets.
func (f Dropped) String() string {
	return fmt.Sprintf("drop %g %% of packets%s at %s on %s", 100*f.Share, f.Way.word(), f.Node, faults.Few(f.Links))
}

func (w Way) word() string {
	if w == Both {
		return ""
	}
	return " " + string(w)
}

// Victim is the node.
func (f Dropped) Victim() string { return f.Node }

// Check wants a node, a link, a share and a way.
func (f Dropped) Check() error {
	if len(f.Links) == 0 {
		return fmt.Errorf("node %q drops packets of no link; name one", f.Node)
	}
	if err := f.Way.check(); err != nil {
		return err
	}
	return f.spoil().Check()
}

func (f Dropped) spoil() spoil.Spoil {
	return spoil.Spoil{Node: f.Node, Drop: f.Way.packets(spoil.Packets{Links: f.Links, Share: f.Share})}
}

// Inject sets the rules and sees by their counters that they drop.
func (f Dropped) Inject(ctx context.Context, on faults.Levers) error { return on.Spoil(ctx, f.spoil()) }

// Heal removes exactly these rules.
func (f Dropped) Heal(ctx context.Context, on faults.Levers) error { return on.Restore(ctx, f.spoil()) }

// Residue is every node whose packets are dropped.
func (Dropped) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.SpoilsOf(ctx, on, drops)
}

func drops(s spoil.Spoil) bool { return s.Drop != nil }

// Isolated is a node that is unreachable: no packet comes in, or none leaves, or neither, on any of its networks, its
// admin port included. It runs on.
type Isolated struct {
	Node string
	Way  Way
}

var (
	_ faults.Fault   = Isolated{}
	_ faults.Auditor = Isolated{}
)

// String is "isolate" and the node.
func (f Isolated) String() string { return "isolate " + f.Node + f.Way.word() }

// Victim is the node.
func (f Isolated) Victim() string { return f.Node }

// Check wants a node and a way.
func (f Isolated) Check() error {
	if err := f.Way.check(); err != nil {
		return err
	}
	return f.spoil().Check()
}

func (f Isolated) spoil() spoil.Spoil {
	return spoil.Spoil{Node: f.Node, Drop: f.Way.packets(spoil.Packets{Share: 1})}
}

// Inject sets the rules and sees by their counters that they drop.
func (f Isolated) Inject(ctx context.Context, on faults.Levers) error {
	return on.Spoil(ctx, f.spoil())
}

// Heal removes exactly these rules.
func (f Isolated) Heal(ctx context.Context, on faults.Levers) error {
	return on.Restore(ctx, f.spoil())
}

// Residue is every node whose packets are dropped.
func (Isolated) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.SpoilsOf(ctx, on, drops)
}

// Narrow is a node that sends at most so much on each of its interfaces, all its connections together.
type Narrow struct {
	Node string
	Rate uint64 // bytes a second, 8 KiB or more
}

var (
	_ faults.Fault   = Narrow{}
	_ faults.Auditor = Narrow{}
)

// String is "narrow", the node and the rate.
func (f Narrow) String() string { return fmt.Sprintf("narrow %s to %d bytes/s", f.Node, f.Rate) }

// Victim is the node.
func (f Narrow) Victim() string { return f.Node }

// Check wants a node and a rate.
func (f Narrow) Check() error { return f.spoil().Check() }

func (f Narrow) spoil() spoil.Spoil {
	return spoil.Spoil{Node: f.Node, Queue: &spoil.Queue{Rate: f.Rate}}
}

// Inject puts a queue at each interface and sees that the kernel has it.
func (f Narrow) Inject(ctx context.Context, on faults.Levers) error { return on.Spoil(ctx, f.spoil()) }

// Heal removes exactly these queues.
func (f Narrow) Heal(ctx context.Context, on faults.Levers) error { return on.Restore(ctx, f.spoil()) }

// Residue is every node that is held back.
func (Narrow) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.SpoilsOf(ctx, on, queues)
}

func queues(s spoil.Spoil) bool { return s.Queue != nil }

// Delayed is a node whose packets all leave late. It needs a kernel with netem; where there is none, Inject says so.
type Delayed struct {
	Node      string
	By, Round time.Duration // and so much more or less, by chance
}

var (
	_ faults.Fault   = Delayed{}
	_ faults.Auditor = Delayed{}
)

// String is "delay", the node and how much.
func (f Delayed) String() string { return fmt.Sprintf("delay %s by %s ± %s", f.Node, f.By, f.Round) }

// Victim is the node.
func (f Delayed) Victim() string { return f.Node }

// Check wants a node and a delay.
func (f Delayed) Check() error { return f.spoil().Check() }

func (f Delayed) spoil() spoil.Spoil {
	return spoil.Spoil{Node: f.Node, Queue: &spoil.Queue{Delay: f.By, Jitter: f.Round}}
}

// Inject puts a queue at each interface and sees that the kernel has it.
func (f Delayed) Inject(ctx context.Context, on faults.Levers) error { return on.Spoil(ctx, f.spoil()) }

// Heal removes exactly these queues.
func (f Delayed) Heal(ctx context.Context, on faults.Levers) error { return on.Restore(ctx, f.spoil()) }

// Residue is every node that is held back.
func (Delayed) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.SpoilsOf(ctx, on, queues)
}
