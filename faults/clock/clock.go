// Package clock holds the fault of a clock on the wall that is wrong. Only processes of ours have a clock that can be set:
// Redis, PostgreSQL and Prometheus read the machine's.
package clock

import (
	"context"
	"fmt"
	"time"

	"redpacket/faults"
	"redpacket/system/ail"
	"redpacket/system/config"
)

// Skewed is a node whose clock on the wall is wrong. What it measures, such as deadlines, is not touched by that.
type Skewed struct {
	Node  string
	Ahead time.Duration // below 0: behind
}

var (
	_ faults.Fault   = Skewed{}
	_ faults.Auditor = Skewed{}
)

// String is the node and its skew.
func (f Skewed) String() string {
	return fmt.Sprintf("set the clock of %s %s %s", f.Node, f.Ahead.Abs(), map[bool]string{true: "back", false: "ahead"}[f.Ahead < 0])
}

// Victim is the node.
func (f Skewed) Victim() string { return f.Node }

// Check wants a node and a skew.
func (f Skewed) Check() error {
	if f.Node == "" {
		return fmt.Errorf("a clock %s ahead, of no node", f.Ahead)
	}
	return f.symptoms().Check()
}

func (f Skewed) symptoms() ail.Symptoms { return ail.Symptoms{Skew: config.Duration(f.Ahead)} }

// about is how well the node's clock is known from here: its answer took a while.
const about = 3 * time.Second

// Inject sets the clock, and sees it show the wrong time.
func (f Skewed) Inject(ctx context.Context, on faults.Levers) error {
	before, err := on.Ails(ctx, f.Node)
	if err != nil {
		return err
	}
	skew := time.Until(before.Wall)
	if err := on.Ail(ctx, f.Node, f.String(), ail.Order{Symptoms: f.symptoms(), For: config.Duration(faults.AilsFor)}); err != nil {
		return err
	}
	view, err := on.Ails(ctx, f.Node)
	if err != nil {
		return err
	}
	if is := time.Until(view.Wall) - skew; (is - f.Ahead).Abs() > about {
		return fmt.Errorf("the clock of %s went %s ahead; it should be %s", f.Node, is.Round(time.Second), f.Ahead)
	}
	return nil
}

// Heal sets the clock right, as far as this fault is concerned.
func (f Skewed) Heal(ctx context.Context, on faults.Levers) error {
	return on.Well(ctx, f.Node, f.String())
}

// Residue is every node whose clock is wrong.
func (Skewed) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return faults.AilsOf(ctx, on, func(s ail.Symptoms) bool { return s.Skew != 0 })
}
