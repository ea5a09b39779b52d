// Package idc holds the faults of a whole data centre: everything in it dead, cut off from the other one, cut off from
// users. Their arguments list what is hurt, chosen while the drill is built; that and nothing else is healed.
package idc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"redpacket/faults"
	"redpacket/faults/node"
	"redpacket/faults/packet"
	"redpacket/system/spoil"
)

// Dead is a data centre in which everything dies at once, as when its power fails. The disks stay.
type Dead struct {
	IDC   string
	Nodes []string
}

var (
	_ faults.Fault    = Dead{}
	_ faults.Wide     = Dead{}
	_ faults.Stubborn = Dead{}
	_ faults.Auditor  = Dead{}
)

// String is the data centre and the first of the nodes that it loses.
func (f Dead) String() string {
	return fmt.Sprintf("lose data centre %s: kill %s", f.IDC, faults.Few(f.Nodes))
}

// Victim is the first of its nodes.
func (f Dead) Victim() string { return first(f.Nodes) }

// Victims are all its nodes.
func (f Dead) Victims() []string { return f.Nodes }

// Check wants nodes.
func (f Dead) Check() error { return listed(f.IDC, f.Nodes) }

func (f Dead) parts() (all []faults.Fault) {
	for _, n := range f.Nodes {
		all = append(all, node.Killed{Node: n})
	}
	return all
}

// Inject kills all nodes at the same time, and sees them dead. One that was dead before is an error.
func (f Dead) Inject(ctx context.Context, on faults.Levers) error {
	return together(f.parts(), func(part faults.Fault) error { return part.Inject(ctx, on) })
}

// Heal starts all nodes.
func (f Dead) Heal(ctx context.Context, on faults.Levers) error {
	return together(f.parts(), func(part faults.Fault) error { return part.Heal(ctx, on) })
}

// Harder is to start them again: many at a time may take longer than a heal may.
func (f Dead) Harder() []faults.Way {
	return []faults.Way{{Name: "start them again", Do: f.Heal}, {Name: "start them once more", Do: f.Heal}}
}

// Residue is every node that is dead.
func (Dead) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return node.Killed{}.Residue(ctx, on)
}

// Parted is the link between the data centres cut: what it carries is lost, both ways. Each goes on with its own users.
type Parted struct {
	Carrier string   // the linkd between them
	Links   []string // that it carries
}

var (
	_ faults.Fault   = Parted{}
	_ faults.Auditor = Parted{}
)

// String is the first of the links that are cut.
func (f Parted) String() string {
	return fmt.Sprintf("part the data centres: cut %s at %s", faults.Few(f.Links), f.Carrier)
}

// Victim is the linkd.
func (f Parted) Victim() string { return f.Carrier }

// Check wants links.
func (f Parted) Check() error { return f.cut().Check() }

func (f Parted) cut() packet.Dropped {
	return packet.Dropped{Node: f.Carrier, Links: f.Links, Share: 1}
}

// Inject drops the packets of all the links, and sees them dropped.
func (f Parted) Inject(ctx context.Context, on faults.Levers) error { return f.cut().Inject(ctx, on) }

// Heal lets them pass.
func (f Parted) Heal(ctx context.Context, on faults.Levers) error { return f.cut().Heal(ctx, on) }

// Residue is every node whose packets are dropped.
func (Parted) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return packet.Dropped{}.Residue(ctx, on)
}

// Secluded is a data centre that no user reaches: its gateways lose all packets of the users' network, and those of who
// probes them from there. Everything in it works, and goes on talking to the other data centre.
type Secluded struct {
	IDC      string
	Gateways []string
	Probers  []string // such as the name service, which stands where users do
}

var (
	_ faults.Fault   = Secluded{}
	_ faults.Wide    = Secluded{}
	_ faults.Auditor = Secluded{}
)

// String is the data centre, its gateways, and whom else they do not hear.
func (f Secluded) String() string {
	text := fmt.Sprintf("cut data centre %s off from users at %s", f.IDC, faults.Few(f.Gateways))
	if len(f.Probers) > 0 {
		text += ", and from " + faults.Few(f.Probers)
	}
	return text
}

// Victim is the first gateway.
func (f Secluded) Victim() string { return first(f.Gateways) }

// Victims are all gateways.
func (f Secluded) Victims() []string { return f.Gateways }

// Check wants gateways.
func (f Secluded) Check() error { return listed(f.IDC, f.Gateways) }

func (f Secluded) each(do func(spoil.Spoil) error) error {
	return together(f.Gateways, func(gateway string) error {
		return do(spoil.Spoil{Node: gateway, Drop: &spoil.Packets{Front: true, Peers: f.Probers, In: true, Out: true, Share: 1}})
	})
}

// Inject drops their packets, and sees them dropped.
func (f Secluded) Inject(ctx context.Context, on faults.Levers) error {
	return f.each(func(s spoil.Spoil) error { return on.Spoil(ctx, s) })
}

// Heal lets them pass.
func (f Secluded) Heal(ctx context.Context, on faults.Levers) error {
	return f.each(func(s spoil.Spoil) error { return on.Restore(ctx, s) })
}

// Residue is every node whose packets are dropped.
func (Secluded) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return packet.Dropped{}.Residue(ctx, on)
}

// together does something to all at once, whatever becomes of the others.
func together[T any](all []T, do func(T) error) error {
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, one := range all {
		group.Go(func() { errs[i] = do(one) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func listed(idc string, names []string) error {
	if idc == "" || len(names) == 0 || first(names) == "" {
		return fmt.Errorf("data centre %q with %d nodes; want its name and at least one", idc, len(names))
	}
	return nil
}
