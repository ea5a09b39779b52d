package grantlog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"redpacket/system/pause"
)

// Last is the sequence number of the last message of the log, 0 when it is empty. It asks until the log answers or ctx
// ends.
func (l *Log) Last(ctx context.Context) (uint64, error) {
	m, _, err := l.last(ctx, ">")
	return m.pos, err
}

// Read gives every batch of the log in order, up to the sequence number upTo; 0 means up to now. Batches that an older
// epoch wrote behind a newer announcement do not exist: the fence kept them out. It waits through losses of the
// connection, and holds one small run of messages in memory. It ends with an error when ctx ends, when a batch is
// damaged, or when the log has lost a message; a grant is never skipped.
func (l *Log) Read(ctx context.Context, upTo uint64) iter.Seq2[Logged, error] {
	return func(yield func(Logged, error) bool) {
		if upTo == 0 { // a log that is being written to would otherwise never end
			var err error
			if upTo, err = l.Last(ctx); err != nil {
				yield(Logged{}, fmt.Errorf("read the %s: %w", l, err))
				return
			}
		}
		l.Span(ctx, 1, upTo)(yield)
	}
}

// Span is Read of the messages from … to alone, both included; from must be at least 1. A stretch that ends before it
// begins is empty.
func (l *Log) Span(ctx context.Context, from, to uint64) iter.Seq2[Logged, error] {
	return func(yield func(Logged, error) bool) {
		err := l.span(ctx, from, to, func(m stored) error {
			if !m.grants() {
				return nil
			}
			b, err := m.batch()
			if err == nil && !yield(b, nil) {
				err = errStopped
			}
			return err
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Logged{}, fmt.Errorf("read the %s: %w", l, err))
		}
	}
}

// span gives the messages from … to, both included, to keep.
func (l *Log) span(ctx context.Context, from, to uint64, keep func(stored) error) error {
	r, err := l.reader()
	if err != nil {
		return err
	}
	defer r.close()
	for from <= to {
		run, err := r.fetch(ctx, from)
		switch {
		case errors.Is(err, errAgain):
			if !pause.For(ctx, redialWait) {
				return fmt.Errorf("%w: %w", ctx.Err(), err)
			}
			continue
		case err != nil:
			return err
		case len(run) == 0:
			return fmt.Errorf("message %d is gone, and %d is the last: the log has lost grants", from, to)
		}
		for _, m := range run[:min(uint64(len(run)), to-from+1)] {
			if err := keep(m); err != nil {
				return err
			}
		}
		from += uint64(len(run))
	}
	return nil
}

// holds tells whether the batch with this id stands in the log behind a sequence number.
func (l *Log) holds(ctx context.Context, id string, after uint64) (bool, error) {
	last, err := l.Last(ctx)
	if err != nil {
		return false, err
	}
	err = l.span(ctx, after+1, last, func(m stored) error {
		if m.msg.Header.Get(headerID) == id {
			return errStopped
		}
		return nil
	})
	if errors.Is(err, errStopped) {
		return true, nil
	}
	return false, err
}
