package grantlog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"redpacket/system/pair"
	"redpacket/system/pause"
)

// copiers is how many batches are copied at once; each waits for its sync.
const copiers = 8

// maxVoid bounds what a mirror may hold that is not believed. A worker has one batch on its way, so there are a few at
// each loss of a mirror.
const maxVoid = 1 << 12

// CopyTo copies to one of the logs what the other one has more, behind the fences of s and from its Even on, and returns
// how many batches it copied. Writers may be at work; what they add meanwhile is left for the next time.
func (t Twin) CopyTo(ctx context.Context, to pair.Places, s Shard) (int, error) {
	if to == pair.Mirror {
		return t.copyTo(ctx, copying{from: t.Own, to: t.Mirror, fence: s.Mirror, after: s.Even.Own, known: s.Even.Mirror})
	}
	return t.copyTo(ctx, copying{from: t.Mirror, to: t.Own, fence: s.Fence, after: s.Even.Mirror, known: s.Even.Own, void: s.Void})
}

// copying is one direction of it.
type copying struct {
	from, to *Log
	fence    uint64 // in to
	after    uint64 // in from: what is up to here is in to
	known    uint64 // in to: what is up to here was in from
	void     Seqs
	only     func(Logged) bool // which batches are copied; nil: all that to has not
}

func (t Twin) copyTo(ctx context.Context, c copying) (int, error) {
	have, err := c.to.ids(ctx, c.known)
	if err != nil {
		return 0, fmt.Errorf("copy to the %s: %w", c.to, err)
	}
	copied := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(copiers)
	err = c.from.surplus(ctx, c.after, c.void, func(b Logged, id string) error {
		if have[id] || c.only != nil && !c.only(b) {
			return nil
		}
		have[id] = true
		copied++
		group.Go(func() error { return c.to.insist(ctx, c.fence, b.Batch) })
		return ctx.Err()
	})
	if bad := group.Wait(); bad != nil {
		err = bad
	}
	if err != nil {
		return copied, fmt.Errorf("copy the %s to the %s: %w", c.from, c.to, err)
	}
	return copied, nil
}

// insist publishes until the log has the batch or has refused the fence.
func (l *Log) insist(ctx context.Context, fence uint64, b Batch) error {
	for {
		err := l.Publish(ctx, fence, b)
		if err == nil {
			l.doubts.forget(b.id())
			return nil
		}
		if errors.Is(err, ErrFenced) || !pause.For(ctx, redialWait) {
			return err
		}
	}
}

// ids are the names of the batches behind a sequence number.
func (l *Log) ids(ctx context.Context, after uint64) (map[string]bool, error) {
	have := map[string]bool{}
	err := l.surplus(ctx, after, "", func(_ Logged, id string) error {
		have[id] = true
		return nil
	})
	return have, err
}

// surplus gives the batches behind a sequence number, up to now, with their names.
func (l *Log) surplus(ctx context.Context, after uint64, void Seqs, keep func(b Logged, id string) error) error {
	last, err := l.Last(ctx)
	if err != nil {
		return err
	}
	skip := map[uint64]bool{}
	for _, pos := range void.List() {
		skip[pos] = true
	}
	return l.span(ctx, after+1, last, func(m stored) error {
		if !m.grants() || skip[m.pos] {
			return nil
		}
		b, err := m.batch()
		if err != nil {
			return err
		}
		return keep(b, b.id())
	})
}

// Level makes both logs hold the same batches, while the shard is closed in both of them by s. The truth of the mode
// decides: what it has is copied to the other log; what the mirror has more than a true own log is copied back when it is
// of this epoch, since the store was filled with it or may still hold it, and void when it is of an older one. It returns
// s with the new Even and Void, which every later announcement must carry.
func (t Twin) Level(ctx context.Context, s Shard) (Shard, error) {
	if err := t.whole(ctx, s.Even); err != nil {
		return s, err
	}
	if s.Mode.Truth() == pair.Own {
		void, err := t.adopt(ctx, s)
		if err != nil {
			return s, err
		}
		s.Void = void
		if _, err := t.CopyTo(ctx, pair.Mirror, s); err != nil {
			return s, err
		}
	} else if _, err := t.CopyTo(ctx, pair.Own, s); err != nil {
		return s, err
	}
	var err error
	if s.Even.Own, err = t.Own.Last(ctx); err != nil {
		return s, err
	}
	s.Even.Mirror, err = t.Mirror.Last(ctx)
	return s, err
}

// whole is nil when both logs are as long as they once were. A log that was put back from an old copy is not.
func (t Twin) whole(ctx context.Context, even Even) error {
	own, err := t.Own.Last(ctx)
	if err != nil {
		return err
	}
	mirror, err := t.Mirror.Last(ctx)
	if err != nil {
		return err
	}
	if own < even.Own || mirror < even.Mirror {
		return fmt.Errorf("the %s ends at %d and the %s at %d; they once went to %d and %d, so one has lost grants", t.Own, own, t.Mirror, mirror, even.Own, even.Mirror)
	}
	return nil
}

// adopt takes what the mirror alone has into the own log, or declares it void.
func (t Twin) adopt(ctx context.Context, s Shard) (Seqs, error) {
	void := s.Void.List()
	_, err := t.copyTo(ctx, copying{from: t.Mirror, to: t.Own, fence: s.Fence, after: s.Even.Mirror, known: s.Even.Own, void: s.Void,
		only: func(b Logged) bool {
			if b.Epoch != s.Epoch {
				void = append(void, b.Pos)
			}
			return b.Epoch == s.Epoch
		}})
	if err == nil && len(void) > maxVoid {
		err = fmt.Errorf("the %s has %d batches that the %s has not; it is not the mirror of it", t.Mirror, len(void), t.Own)
	}
	return NewSeqs(void...), err
}
