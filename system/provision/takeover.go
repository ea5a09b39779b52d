package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redpacket/system/activity"
	"redpacket/system/pair"
	"redpacket/system/pause"
	"redpacket/system/topology"
)

// How a data centre's users are moved. A keeper that is about to go on without a lost log refuses for a second or two.
const (
	moveWithin = 30 * time.Second
	moveEvery  = 100 * time.Millisecond
)

// TakeOver has the other data centre serve the users who are at home in one (a or b), out of its own stock. It asks until
// that is done, for 30 s at most, and returns when every access gateway that lives sends their claims there.
func (c *Cluster) TakeOver(ctx context.Context, home string) error {
	return c.move(ctx, home, "take-over", func(ctx context.Context) error { return c.owned(ctx, home, 1) })
}

// GiveBack returns the users of a data centre to it. It asks until that is done, for 30 s at most, and returns when their
// home's shard is open and mirrored, and every access gateway that lives sends their claims there.
func (c *Cluster) GiveBack(ctx context.Context, home string) error {
	return c.move(ctx, home, "give-back", func(ctx context.Context) error {
		keeper, err := c.first(roleKeeper, home)
		if err != nil {
			return err
		}
		now, err := c.metrics(ctx, keeper.Name)
		if err == nil && (now["redpacket_shard_open"] != 1 || now["redpacket_shard_mode"] != float64(pair.Mirrored)) {
			err = fmt.Errorf("%s shows an open shard %g and mode %s", keeper.Name, now["redpacket_shard_open"], pair.Mode(now["redpacket_shard_mode"]))
		}
		return errors.Join(err, c.owned(ctx, home, 0))
	})
}

// move orders the other data centre's keeper to do what, and waits until done is nil.
func (c *Cluster) move(ctx context.Context, home, what string, done func(context.Context) error) error {
	keeper, err := c.otherKeeper(home)
	if err != nil {
		return fmt.Errorf("%s of the users of %s: %w", what, home, err)
	}
	ctx, cancel := context.WithTimeout(ctx, moveWithin)
	defer cancel()
	for ordered := false; ; {
		if !ordered {
			err = c.tell(ctx, keeper.Name, "/-/"+what, nil)
			ordered = err == nil
		}
		if ordered {
			if err = done(ctx); err == nil {
				return nil
			}
		}
		if !pause.For(ctx, moveEvery) {
			return fmt.Errorf("%s of the users of %s: not done within %s: %w", what, home, moveWithin, err)
		}
	}
}

// otherKeeper is the keeper of the data centre that is not home.
func (c *Cluster) otherKeeper(home string) (topology.Node, error) {
	idcs := c.plan.Topology.IDCs()
	part, err := activity.PartOf(home, len(idcs))
	if err == nil && !part.Shared() {
		err = fmt.Errorf("topology %s has no other data centre", c.plan.Topology.Name)
	}
	if err != nil {
		return topology.Node{}, err
	}
	return c.first(roleKeeper, part.Other().String())
}

// owned is nil when every gateway that lives says whether the users of a home are taken over (1) or not (0).
func (c *Cluster) owned(ctx context.Context, home string, taken float64) error {
	series, living := fmt.Sprintf("redpacket_taken_over{home=%q}", home), 0
	for _, node := range c.plan.Topology.Role(roleGateway) {
		if c.silenced(node) {
			continue
		}
		now, err := c.metrics(ctx, node)
		if err != nil {
			return err
		}
		if value, shown := now[series]; !shown || value != taken {
			return fmt.Errorf("%s shows %s %g, want %g", node, series, value, taken)
		}
		living++
	}
	if living == 0 {
		return errors.New("no access gateway lives that could send their claims anywhere")
	}
	return nil
}
