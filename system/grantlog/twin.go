package grantlog

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"redpacket/system/pair"
)

// Twin is an IDC's two logs: its own, and the mirror of it, which the other IDC keeps. Without a mirror it is its own.
type Twin struct {
	IDC    string
	Own    *Log
	Mirror *Log // nil: there is one log
}

// OpenTwin connects to both logs and waits for neither. mirror is the other IDC's log server; empty: there is none.
func OpenTwin(idc, own, mirror string) (Twin, error) {
	t := Twin{IDC: idc}
	var err error
	if t.Own, err = Open(own, Stream); err != nil || mirror == "" {
		return t, err
	}
	if t.Mirror, err = Open(mirror, MirrorStream); err != nil {
		t.Own.Close()
	}
	return t, err
}

// Close ends the connections.
func (t Twin) Close() {
	t.Own.Close()
	if t.Mirror != nil {
		t.Mirror.Close()
	}
}

// Join is the shard by what both logs were told last: who is believed is the mode's to say, and what is said in one log
// only is closed where both count. Its Fence is the own log's, its Mirror the mirror's.
func Join(own, mirror Shard) Shard {
	said, by := pair.Stand(own.said(), mirror.said())
	s := own
	if by == pair.Mirror || by.Has(pair.Mirror) && said.By == mirror.By {
		s = mirror
	}
	s.IDC, s.Open, s.Fence, s.Mirror = own.IDC, said.Open, own.Fence, mirror.Fence
	s.Void = mirror.Void
	if own.Epoch == 0 || mirror.Epoch == 0 {
		s.Even = Even{} // a log that was never told anything has nothing, whatever the other one remembers
	}
	return s
}

func (s Shard) said() pair.Said {
	return pair.Said{Epoch: s.Epoch, Mode: s.Mode, Open: s.Open, By: s.By}
}

// Watch calls changed with the shard, now and at every newer announcement in either log, until ctx ends. A log that is
// away is believed to say what it said last.
func (t Twin) Watch(ctx context.Context, idc string, changed func(Shard)) error {
	if t.Mirror == nil {
		return t.Own.Watch(ctx, idc, changed)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	said := [2]Shard{{IDC: idc}, {IDC: idc}}
	hear := func(i int) func(Shard) {
		return func(s Shard) {
			mu.Lock()
			defer mu.Unlock()
			said[i] = s
			changed(Join(said[0], said[1]))
		}
	}
	var both sync.WaitGroup
	for i, l := range []*Log{t.Own, t.Mirror} {
		both.Go(func() { stop(l.Watch(ctx, idc, hear(i))) })
	}
	both.Wait()
	return context.Cause(ctx)
}

// Places is where the batches of this IDC become durable under a shard's last announcements.
func (t Twin) Places(spool Place, s Shard) Trio {
	return Trio{Spool: spool, Own: t.Own.At(s.Fence), Mirror: t.Mirror.At(s.Mirror), Mode: s.Mode}
}

// Healthy is nil while a batch could become durable in the mode.
func (t Twin) Healthy(m pair.Mode) error {
	needs := m.Needs()
	if needs.Has(pair.Own) {
		if err := t.Own.Healthy(); err != nil {
			return err
		}
	}
	if needs.Has(pair.Mirror) {
		return t.Mirror.Healthy()
	}
	return nil
}

// Truth gives every batch of the log that the shard's mode believes, up to now; see Read.
func (t Twin) Truth(ctx context.Context, s Shard) iter.Seq2[Logged, error] {
	if s.Mode.Truth() == pair.Own {
		return t.Own.Read(ctx, 0)
	}
	return t.Mirror.ReadBelieved(ctx, s.Void)
}

// ReadBelieved is Read without the messages that an announcement of the mirror declares void.
func (l *Log) ReadBelieved(ctx context.Context, void Seqs) iter.Seq2[Logged, error] {
	skip := map[uint64]bool{}
	for _, pos := range void.List() {
		skip[pos] = true
	}
	return func(yield func(Logged, error) bool) {
		for b, err := range l.Read(ctx, 0) {
			if (err != nil || !skip[b.Pos]) && !yield(b, err) {
				return
			}
		}
	}
}

// Said is what one of the two logs was told last: the own one's or the mirror's. It asks until the log answers or ctx ends.
func (t Twin) Said(ctx context.Context, which pair.Places) (Shard, error) {
	switch {
	case which == pair.Own:
		return t.Own.Shard(ctx, t.IDC)
	case which == pair.Mirror && t.Mirror != nil:
		return t.Mirror.Shard(ctx, t.IDC)
	}
	return Shard{}, fmt.Errorf("no log of %s is called %d", t.IDC, which)
}

// Announce announces in one of the two logs; see Log.Announce. s.Fence is of that log.
func (t Twin) Announce(ctx context.Context, which pair.Places, s Shard) (Shard, error) {
	switch {
	case which == pair.Own:
		return t.Own.Announce(ctx, s)
	case which == pair.Mirror && t.Mirror != nil:
		return t.Mirror.Announce(ctx, s)
	}
	return Shard{}, fmt.Errorf("no log of %s is called %d", t.IDC, which)
}
