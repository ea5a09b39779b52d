package grantlog

import (
	"context"
	"errors"
	"fmt"
)

// Place is somewhere a batch can be durable. Append returns nil when it is, an error that wraps ErrRefused or ErrFenced
// when it certainly is not, and any other error (ErrDoubt) when it may be.
type Place interface {
	String() string
	Append(ctx context.Context, b Batch) error
}

// Durable is the two-of-three rule: a batch counts when Need of Places have it. Places[0] is the local one, the spool;
// the others are logs, here and in the other IDC.
//
// The spool's record alone is void: readers of the spool (reconciliation) take a grant from it only when a log has it
// too, or lost it. So a batch that no log has, and none can get any more, is nowhere, whatever the spool says.
type Durable struct {
	Places []Place
	Need   int
}

// Append makes the batch durable: the local place first, then all the others at once. It returns nil as soon as Need
// places have it; ErrNowhere when no log has it or may have it; else ErrDoubt: call again with the same batch. With
// more than one log, a slow one may still read b.Grants after Append has returned: do not write to them.
func (d Durable) Append(ctx context.Context, b Batch) error {
	if len(d.Places) == 0 || d.Need < 1 || d.Need > len(d.Places) {
		return fmt.Errorf("append %s: %w: %d of %d places can never be", b.id(), ErrNowhere, d.Need, len(d.Places))
	}
	have, logs := 0, d.Places[1:]
	local := d.Places[0].Append(ctx, b)
	if local == nil {
		have++
	}
	if have >= d.Need {
		return nil
	}
	if have+len(logs) < d.Need && !d.doubted(b) { // no log was or is asked, so none has it
		if errors.Is(local, ErrTagless) {
			return fmt.Errorf("append %s: %w: %w", b.id(), ErrNowhere, local)
		}
		return fmt.Errorf("append %s: %w: %v", b.id(), ErrNowhere, local)
	}
	return d.ask(ctx, b, d.Need-have)
}

// doubter is a Place that remembers which batches an earlier attempt left in doubt.
type doubter interface{ Doubts(b Batch) bool }

// doubted tells whether an earlier attempt may have brought the batch into a log. Then the logs are asked even when the
// local place has failed since: only they know.
func (d Durable) doubted(b Batch) bool {
	for _, p := range d.Places[1:] {
		if log, ok := p.(doubter); ok && log.Doubts(b) {
			return true
		}
	}
	return false
}

// ask appends to the logs, of which need must have the batch.
func (d Durable) ask(ctx context.Context, b Batch, need int) error {
	logs := d.Places[1:]
	if len(logs) == 1 { // one IDC: no goroutine
		return verdict(b, need, logs[0].Append(ctx, b))
	}
	answers := make(chan error, len(logs))
	for _, p := range logs {
		go func() { answers <- p.Append(ctx, b) }()
	}
	var got []error
	for range logs {
		got = append(got, <-answers)
		if verdict(b, need, got...) == nil {
			return nil
		}
	}
	return verdict(b, need, got...)
}

// verdict weighs the logs' answers.
func verdict(b Batch, need int, answers ...error) error {
	have, may := 0, false
	for _, err := range answers {
		switch {
		case err == nil:
			have++
		case !errors.Is(err, ErrRefused) && !errors.Is(err, ErrFenced), errors.Is(err, ErrDoubt):
			may = true
		}
	}
	switch {
	case have >= need:
		return nil
	case have > 0 || may:
		return fmt.Errorf("append %s: %w: %v", b.id(), ErrDoubt, errors.Join(answers...))
	default:
		return fmt.Errorf("append %s: %w: %w", b.id(), ErrNowhere, errors.Join(answers...))
	}
}
