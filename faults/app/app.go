// Package app holds the faults of a process that runs and answers, but not as it should: calls that fail, come late, or
// are done and never answered.
package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redpacket/faults"
	"redpacket/system/ail"
	"redpacket/system/config"
	"redpacket/system/pause"
)

// Failing is a node that fails a share of its calls and does nothing for them; at a share between, it flaps.
type Failing struct {
	Node  string
	Share float64 // above 0, up to 1
	Part  string  // whose calls, such as a game's number at idip; empty: all
}

var (
	_ faults.Fault   = Failing{}
	_ faults.Auditor = Failing{}
)

// String is the share, whose calls, and the node.
func (f Failing) String() string {
	return fmt.Sprintf("fail %g %% of the calls%s at %s", 100*f.Share, of(f.Part), f.Node)
}

// Victim is the node.
func (f Failing) Victim() string { return f.Node }

// Check wants a node and a share.
func (f Failing) Check() error { return check(f.Node, f.Share > 0, f.symptoms()) }

func (f Failing) symptoms() ail.Symptoms { return ail.Symptoms{Fail: f.Share, Part: f.Part} }

// Inject makes the process ill, and sees calls fail.
func (f Failing) Inject(ctx context.Context, on faults.Levers) error {
	return fall(ctx, on, f.Node, f.String(), f.symptoms())
}

// Heal makes it well.
func (f Failing) Heal(ctx context.Context, on faults.Levers) error {
	return on.Well(ctx, f.Node, f.String())
}

// Residue is every node whose calls fail.
func (Failing) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.AilsOf(ctx, on, func(s ail.Symptoms) bool { return s.Fail > 0 })
}

// Slow is a node that does its work, and answers so much later.
type Slow struct {
	Node string
	By   time.Duration // up to ail.MostSlow
	Part string        // whose calls, such as a game's number at idip; empty: all
}

var (
	_ faults.Fault   = Slow{}
	_ faults.Auditor = Slow{}
)

// String is the delay, whose calls, and the node.
func (f Slow) String() string {
	return fmt.Sprintf("slow the calls%s at %s by %s", of(f.Part), f.Node, f.By)
}

// Victim is the node.
func (f Slow) Victim() string { return f.Node }

// Check wants a node and a delay.
func (f Slow) Check() error { return check(f.Node, f.By > 0, f.symptoms()) }

func (f Slow) symptoms() ail.Symptoms {
	return ail.Symptoms{Slow: config.Duration(f.By), Part: f.Part}
}

// Inject makes the process ill, and sees calls that are held back.
func (f Slow) Inject(ctx context.Context, on faults.Levers) error {
	return fall(ctx, on, f.Node, f.String(), f.symptoms())
}

// Heal makes it well; what is on its way comes as late as it was going to.
func (f Slow) Heal(ctx context.Context, on faults.Levers) error {
	return on.Well(ctx, f.Node, f.String())
}

// Residue is every node whose answers come late.
func (Slow) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.AilsOf(ctx, on, func(s ail.Symptoms) bool { return s.Slow > 0 })
}

// Mute is a node that does its work and loses a share of the replies, after what they tell of is done.
type Mute struct {
	Node  string
	Share float64 // above 0, up to 1
	Part  string  // whose replies, such as a game's number at idip; empty: all
}

var (
	_ faults.Fault   = Mute{}
	_ faults.Auditor = Mute{}
)

// String is the share, whose replies, and the node.
func (f Mute) String() string {
	return fmt.Sprintf("lose %g %% of the replies%s of %s", 100*f.Share, of(f.Part), f.Node)
}

// Victim is the node.
func (f Mute) Victim() string { return f.Node }

// Check wants a node and a share.
func (f Mute) Check() error { return check(f.Node, f.Share > 0, f.symptoms()) }

func (f Mute) symptoms() ail.Symptoms { return ail.Symptoms{Lose: f.Share, Part: f.Part} }

// Inject makes the process ill, and sees replies lost.
func (f Mute) Inject(ctx context.Context, on faults.Levers) error {
	return fall(ctx, on, f.Node, f.String(), f.symptoms())
}

// Heal makes it well.
func (f Mute) Heal(ctx context.Context, on faults.Levers) error {
	return on.Well(ctx, f.Node, f.String())
}

// Residue is every node that loses replies.
func (Mute) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.AilsOf(ctx, on, func(s ail.Symptoms) bool { return s.Lose > 0 })
}

func of(part string) string {
	if part == "" {
		return ""
	}
	return " of " + part
}

func check(node string, some bool, s ail.Symptoms) error {
	if node == "" || !some {
		return fmt.Errorf("node %q with %+v; want a node and a symptom", node, s)
	}
	return s.Check()
}

// The bounds of the wait for a call that the illness shows on.
const (
	seenWithin = 5 * time.Second
	lookEvery  = 20 * time.Millisecond
)

// fall makes a process ill, and returns when its own count says that calls have met it.
func fall(ctx context.Context, on faults.Ailer, node, name string, s ail.Symptoms) error {
	if err := on.Ail(ctx, node, name, ail.Order{Symptoms: s, For: config.Duration(faults.AilsFor)}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, seenWithin, fmt.Errorf("node %s was not called within %s; this fault hurts nothing", node, seenWithin))
	defer cancel()
	for {
		view, err := on.Ails(ctx, node)
		if err == nil && view.Ails[name].Hits > 0 {
			return nil
		}
		if !pause.For(ctx, lookEvery) {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}
