package keeper

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/cmem"
	"redpacket/system/grantlog"
	"redpacket/system/pair"
)

// ErrRefused says that a take-over or a give-back may not be done now, and why; nothing was changed.
var ErrRefused = errors.New("refused")

// TakeOver makes this IDC's shard serve the other IDC's users, out of its own stock: those whom the other one granted
// something keep what they have. It may be done again until it succeeds. It is refused when the other IDC goes on alone,
// for then nobody here knows whom it grants what.
func (k *keeper) takeOver(ctx context.Context) error {
	d, home := k.duo, k.cfg.Part.Other().String()
	if err := k.whole(); err != nil {
		return err
	}
	mine := k.seen // the fences first, and then the witness
	limited, cancel := context.WithTimeout(ctx, actWithin)
	taken, err := d.other.Shard(limited, home)
	cancel()
	if err != nil {
		return fmt.Errorf("take over the users of %s: %w", home, err)
	}
	if taken.Epoch == 0 {
		return fmt.Errorf("%w: the mirror of %s was never told anything; nobody here knows what its users have", ErrRefused, home)
	}
	agreed, err := k.agreement(ctx, home)
	if err != nil {
		return err
	}
	plan := pair.TakeOver(agreed.Mode)
	if plan.None() {
		return fmt.Errorf("%w: the users of %s are %s; nobody can take them over", ErrRefused, home, agreed.Mode)
	}
	taken.Epoch, taken.By = taken.Epoch+1, d.decision()
	for _, step := range plan.Steps {
		switch step.Act {
		case pair.Write:
			agreed, err = k.move(ctx, agreed, step.Mode)
		case pair.CloseMirror:
			taken.Mode, taken.Open, taken.Foreign = step.Mode, false, true
			taken, err = d.close(ctx, taken)
		case pair.Mark:
			err = k.mark(ctx, mine, taken)
		case pair.Widen:
			err = k.widen(ctx, mine, home)
		}
		if err != nil {
			return fmt.Errorf("take over the users of %s: %v: %w", home, step, err)
		}
	}
	d.say("the users of %s are served here, epoch %d", home, k.seen.Epoch)
	return nil
}

// close says in the mirror of the other IDC's log that its shard is closed.
func (d *duo) close(ctx context.Context, s grantlog.Shard) (grantlog.Shard, error) {
	ctx, cancel := context.WithTimeout(ctx, actWithin)
	defer cancel()
	return d.other.Announce(ctx, s)
}

// whole is nil when this shard is open and can be announced anew: an announcement would wait for a mirror that is lost.
func (k *keeper) whole() error {
	switch {
	case k.duo == nil:
		return fmt.Errorf("%w: keeper %s knows of no other IDC", ErrRefused, k.cfg.Node)
	case !k.seen.Open:
		return fmt.Errorf("%w: the shard of %s is closed itself, epoch %d, %s", ErrRefused, k.cfg.IDC, k.seen.Epoch, k.seen.Mode)
	}
	if _, mirror := k.duo.sights(); k.seen.Mode == pair.Mirrored && !mirror.up(k.clock()) {
		return fmt.Errorf("%w: the mirror of %s does not answer, and is about to be left out; ask again", ErrRefused, k.cfg.IDC)
	}
	return nil
}

func (k *keeper) agreement(ctx context.Context, home string) (pair.Agreement, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return pair.ReadAgreement(ctx, k.duo.witness, home)
}

func (k *keeper) move(ctx context.Context, a pair.Agreement, to pair.Mode) (pair.Agreement, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return a.Move(ctx, k.duo.witness, k.cfg.IDC, to)
}

// mark tells the primary what the other IDC's users have.
func (k *keeper) mark(ctx context.Context, mine, taken grantlog.Shard) error {
	for _, n := range k.nodes {
		if n.name != mine.Primary {
			continue
		}
		s, err := n.reach()
		if err != nil {
			return err
		}
		ctx, stop := k.duo.whileUp(ctx, pair.Own)
		defer stop()
		count := 0
		stock := cmem.Stock{Activity: k.cfg.Activity, Part: k.cfg.Part, Marks: true}
		err = s.Mark(ctx, stock, mine.Epoch, flatten(k.duo.other.ReadBelieved(ctx, taken.Void), &count))
		k.duo.say("%s knows of %d grants of %s", n.name, count, taken.IDC)
		return err
	}
	return fmt.Errorf("no link to the primary %s", mine.Primary)
}

// widen says that the shard has the other IDC's users too. It is refused when the shard was announced anew since mine.
func (k *keeper) widen(ctx context.Context, mine grantlog.Shard, home string) error {
	mine.Owns, mine.Foreign, mine.By = home, true, k.duo.decision()
	said, err := k.announce(ctx, mine)
	if err == nil && (said.Owns != home || !said.Open) {
		err = fmt.Errorf("announced %+v", said)
	}
	return err
}

// giveBack lets the other IDC's users go: this shard has its own only, under a new epoch, and from then on the other IDC's
// keeper can learn from the log what they were granted here. It may be done again until it succeeds.
func (k *keeper) giveBack(ctx context.Context) error {
	home := k.cfg.Part.Other().String()
	if err := k.whole(); err != nil {
		return err
	}
	agreed, err := k.agreement(ctx, home)
	if err != nil {
		return err
	}
	plan := pair.GiveBack(agreed.Mode)
	switch {
	case plan.None():
		return fmt.Errorf("%w: the users of %s are %s, not taken", ErrRefused, home, agreed.Mode)
	case k.seen.Mode != pair.Mirrored:
		return fmt.Errorf("%w: the shard of %s is %s; %s could not learn what its users were granted here", ErrRefused, k.cfg.IDC, k.seen.Mode, home)
	}
	for _, step := range plan.Steps {
		switch step.Act {
		case pair.Write:
			agreed, err = k.move(ctx, agreed, step.Mode)
		case pair.Narrow:
			k.seen.Owns = ""
			err = k.rebuild(ctx, "the users of "+home+" are given back")
		}
		if err != nil {
			return fmt.Errorf("give back the users of %s: %v: %w", home, step, err)
		}
	}
	k.duo.say("the users of %s are given back", home)
	return nil
}
