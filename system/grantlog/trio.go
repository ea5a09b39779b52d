package grantlog

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/pair"
)

// Trio is the two-of-three rule where there are two IDCs: which of the places must have a batch is the mode's to say. In
// the mode Mirrored the mirror is asked before the own log, so that the own log, which is delivered from, never has what
// the other IDC could not know; the spool is written at the same time as the mirror.
type Trio struct {
	Spool, Mirror, Own Place
	Mode               pair.Mode
}

// Append makes the batch durable. It returns nil when every place that the mode needs has it; ErrNowhere when no log has
// it or may have it, from this attempt or an earlier one; else ErrDoubt: call Again. The spool may still read b.Grants
// after Append has returned: do not write to them.
func (t Trio) Append(ctx context.Context, b Batch) error {
	err := t.append(ctx, b)
	if err == nil {
		t.settled(b)
	}
	if errors.Is(err, ErrNowhere) && (doubted(t.Mirror, b) || doubted(t.Own, b)) {
		return fmt.Errorf("append %s: %w, from an earlier attempt; this one: %v", b.id(), ErrDoubt, err)
	}
	return err
}

func (t Trio) append(ctx context.Context, b Batch) error {
	switch t.Mode.Needs() {
	case pair.Spool | pair.Own:
		return Durable{[]Place{t.Spool, t.Own}, 2}.Append(ctx, b)
	case pair.Spool | pair.Mirror:
		return Durable{[]Place{t.Spool, t.Mirror}, 2}.Append(ctx, b)
	case pair.Own | pair.Mirror:
		go func() { _ = t.Spool.Append(ctx, b) }() // the third place: the batch counts without it
		return t.both(ctx, b)
	default:
		return fmt.Errorf("append %s: %w: nothing is granted in the mode %s", b.id(), ErrNowhere, t.Mode)
	}
}

// both asks the mirror, and then the own log.
func (t Trio) both(ctx context.Context, b Batch) error {
	if err := t.Mirror.Append(ctx, b); err != nil {
		return verdict(b, 1, err)
	}
	if err := t.Own.Append(ctx, b); err != nil {
		return fmt.Errorf("append %s: %w: the mirror has it, and: %v", b.id(), ErrDoubt, err)
	}
	return nil
}

// Again puts the same batch into the logs that the mode needs, of which the spool is none: nil when they have it, any
// other error when it is not known to be in all of them. Only an epoch after the batch's own ends the asking.
func (t Trio) Again(ctx context.Context, b Batch) error {
	needs := t.Mode.Needs()
	if needs == 0 {
		return fmt.Errorf("append %s: %w: nothing is granted in the mode %s", b.id(), ErrDoubt, t.Mode)
	}
	if needs.Has(pair.Mirror) {
		if err := t.Mirror.Append(ctx, b); err != nil {
			return err
		}
	}
	if needs.Has(pair.Own) {
		if err := t.Own.Append(ctx, b); err != nil {
			return err
		}
	}
	t.settled(b)
	return nil
}

// Forget is for a batch that is asked about no more, because its epoch has passed.
func (t Trio) Forget(b Batch) { t.settled(b) }

// settled tells the logs that remember the batch.
func (t Trio) settled(b Batch) {
	for _, p := range []Place{t.Mirror, t.Own} {
		if log, ok := p.(interface{ Settled(b Batch) }); ok {
			log.Settled(b)
		}
	}
}

func doubted(p Place, b Batch) bool {
	log, ok := p.(doubter)
	return ok && log.Doubts(b)
}
