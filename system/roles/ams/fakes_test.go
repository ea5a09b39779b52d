package ams

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/wire"
)

// scripted answers its calls from a list, the last for ever.
type scripted[T any] struct {
	mu    sync.Mutex
	list  []T
	calls int
}

func (s *scripted[T]) next() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := min(s.calls, len(s.list)-1)
	s.calls++
	return s.list[i]
}

type decided struct {
	shares []cmem.Share
	err    error
}

// fakeRedis is a decider whose every answer the test writes.
type fakeRedis struct {
	claim, settle scripted[decided]
	giveBack      scripted[error]
	turns         []cmem.Turn
}

func (f *fakeRedis) Claim(_ context.Context, t cmem.Turn, _ []cmem.Ask) ([]cmem.Share, error) {
	f.turns = append(f.turns, t)
	d := f.claim.next()
	return d.shares, d.err
}

func (f *fakeRedis) Settle(context.Context, cmem.Turn) ([]cmem.Share, error) {
	d := f.settle.next()
	return d.shares, d.err
}

func (f *fakeRedis) Return(_ context.Context, _ cmem.Turn, _ []cmem.Ask, shares []cmem.Share) (int, error) {
	return len(shares), f.giveBack.next()
}

// fakeLog is the spool and the log.
type fakeLog struct {
	append, again scripted[error]
	logged        []grantlog.Batch
	behind        []uint64 // the fences of Again
	forgot        int
}

func (f *fakeLog) Append(_ context.Context, _ grantlog.Shard, b grantlog.Batch) error {
	f.logged = append(f.logged, b)
	return f.append.next()
}

func (f *fakeLog) Forget(grantlog.Batch) { f.forgot++ }

func (f *fakeLog) Again(_ context.Context, s grantlog.Shard, b grantlog.Batch) error {
	f.behind = append(f.behind, s.Fence)
	f.logged = append(f.logged, b)
	return f.again.next()
}

// ear is an answerer that keeps what it hears.
type ear struct {
	mu    sync.Mutex
	heard []wire.Reply
	owed  int
}

func (e *ear) Owed() int { return e.owed }

func (e *ear) Reply(replies []wire.Reply) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range replies {
		r.Body = slices.Clone(r.Body) // it is ours only until we return
		e.heard = append(e.heard, r)
	}
}

func (e *ear) codes() (codes []api.Code) {
	e.mu.Lock()
	defer e.mu.Unlock()
	slices.SortFunc(e.heard, func(a, b wire.Reply) int { return int(a.ID) - int(b.ID) })
	for _, r := range e.heard {
		codes = append(codes, r.Code)
	}
	return codes
}

// bench is one worker with everything around it fake.
type bench struct {
	redis *fakeRedis
	log   *fakeLog
	desk  *desk
	ear   *ear
	stand stand
	moved int // after so many looks the epoch is another one; 0: never
	anew  int // after so many looks the shard was announced anew, in the same epoch; 0: never
	looks int
}

func newBench() *bench {
	b := &bench{redis: &fakeRedis{}, log: &fakeLog{}, ear: &ear{}}
	b.redis.giveBack.list, b.log.append.list, b.log.again.list = []error{nil}, []error{nil}, []error{nil}
	b.redis.settle.list = []decided{{err: errors.New("settle was not to be asked")}}
	b.stand = stand{Shard: grantlog.Shard{IDC: "a", Epoch: 3, Primary: "cmem-1", Open: true, Fence: 70}, store: b.redis}
	b.desk = &desk{activity: &activity.Activity{ID: 1}, writer: "ams-heavy-1", log: b.log, switches: control.NewCurrent("ams-heavy-1", ""), now: func() time.Duration { return time.Second },
		within: 100 * time.Millisecond, patience: 50 * time.Millisecond, where: func() stand {
			s := b.stand
			if b.looks++; b.moved > 0 && b.looks > b.moved {
				s.Epoch, s.Fence = s.Epoch+1, s.Fence+1
			}
			if b.anew > 0 && b.looks > b.anew {
				s.Fence++
			}
			return s
		}}
	return b
}

// serve sends three claims through one worker, and returns when the worker is free again.
func (b *bench) serve(t *testing.T) {
	t.Helper()
	w := newWorker(b.desk)
	for id := range uint64(3) {
		c := wire.Call{ID: id, Op: api.Claim, User: api.User(id + 1), Gift: 2, Server: 9}
		w.batch = append(w.batch, waiting{call: c, from: b.ear, at: time.Second - time.Millisecond})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	w.serve(ctx)
	if err := ctx.Err(); err != nil {
		t.Fatal("the worker did not come to an end:", err)
	}
	if n := b.desk.unsettled.Load(); n != 0 {
		t.Errorf("%d claims are unsettled at the end", n)
	}
	if n := b.desk.doubts.Load(); n != 0 {
		t.Errorf("%d batches are in doubt at the end", n)
	}
}

// threeShares is a first grant, a repeat, and a claim that came too late.
func threeShares() []cmem.Share {
	return []cmem.Share{{Code: api.OK, Index: 5, Fen: 2000, Server: 9}, {Code: api.OK, Index: 1, Fen: 10, Server: 4, Repeat: true},
		{Code: api.SoldOut}}
}
