package drills

import "context"

// Kill kills one node and leaves it dead.
type Kill struct{ Node string }

var _ Step = Kill{}

// String is "kill" and the victim.
func (k Kill) String() string { return "kill " + k.Node }

// Victim is the node that dies by the drill's own hand.
func (k Kill) Victim() string { return k.Node }

// Do kills the node.
func (k Kill) Do(ctx context.Context, on Levers) error { return on.Kill(ctx, k.Node) }

// Freeze freezes one node: its connections stay open, and nobody answers on them.
type Freeze struct{ Node string }

var _ Step = Freeze{}

// String is "freeze" and the victim.
func (f Freeze) String() string { return "freeze " + f.Node }

// Victim is the node that stands still by the drill's own hand.
func (f Freeze) Victim() string { return f.Node }

// Do freezes the node.
func (f Freeze) Do(ctx context.Context, on Levers) error { return on.Pause(ctx, f.Node) }

// Thaw lets a frozen node go on.
type Thaw struct{ Node string }

var _ Step = Thaw{}

// String is "thaw" and the node.
func (t Thaw) String() string { return "thaw " + t.Node }

// Victim is the node that was hurt before.
func (t Thaw) Victim() string { return t.Node }

// Do lets the node go on.
func (t Thaw) Do(ctx context.Context, on Levers) error { return on.Resume(ctx, t.Node) }
