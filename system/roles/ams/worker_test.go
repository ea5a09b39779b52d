package ams

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/wire"
)

// branch is one way through decide, make durable, answer, and what must be seen at its end.
type branch struct {
	name     string
	prepare  func(b *bench)
	codes    []api.Code
	logged   int // times a batch was offered to the log
	finished int
	returns  int
}

func walk(t *testing.T, branches []branch) {
	for _, c := range branches {
		t.Run(c.name, func(t *testing.T) {
			b := newBench()
			b.redis.claim.list = []decided{{threeShares(), nil}}
			c.prepare(b)
			b.serve(t)
			if got := b.ear.codes(); !slices.Equal(got, c.codes) {
				t.Errorf("answered %v, want %v", got, c.codes)
			}
			if len(b.log.logged) != c.logged || len(b.desk.finished) != c.finished || b.redis.giveBack.calls != c.returns {
				t.Errorf("logged %d times, finished %v, returned %d times; want %d, %d, %d", len(b.log.logged), b.desk.finished,
					b.redis.giveBack.calls, c.logged, c.finished, c.returns)
			}
		})
	}
}

// errLost is an answer that never came.
var errLost = errors.New("connection reset")

// TestDecidedBatch ends certain at once: granted, refused before deciding, or returned.
func TestDecidedBatch(t *testing.T) {
	walk(t, []branch{
		{"granted",
			func(b *bench) {}, []api.Code{api.OK, api.OK, api.SoldOut}, 1, 1, 0},
		{"nothing to grant",
			func(b *bench) {
				b.redis.claim.list = []decided{{[]cmem.Share{{Code: api.SoldOut}, {Code: api.SoldOut}, {Code: api.SoldOut}}, nil}}
			}, []api.Code{api.SoldOut, api.SoldOut, api.SoldOut}, 0, 1, 0},
		{"closed shard",
			func(b *bench) { b.stand.Open = false }, []api.Code{api.Closed, api.Closed, api.Closed}, 0, 0, 0},
		{"primary never reached",
			func(b *bench) { b.stand.store = nil }, []api.Code{api.Closed, api.Closed, api.Closed}, 0, 0, 0},
		{"issuing is stopped",
			func(b *bench) {
				_ = b.desk.switches.Take(control.Switches{Version: 1, Settings: control.Settings{StopIssuing: true}})
			}, []api.Code{api.Closed, api.Closed, api.Closed}, 0, 0, 0},
		{"redis is at another epoch",
			func(b *bench) { b.redis.claim.list = []decided{{nil, cmem.ErrEpoch}} }, []api.Code{api.Closed, api.Closed, api.Closed}, 0, 0, 0},
		{"redis is asked for a tag that was lost",
			func(b *bench) { b.redis.claim.list = []decided{{nil, cmem.ErrTagless}} }, []api.Code{api.Tagless, api.Tagless, api.Tagless}, 0, 0, 0},
		{"the log refuses a lost tag",
			func(b *bench) { b.log.append.list = []error{errors.Join(grantlog.ErrNowhere, grantlog.ErrTagless)} },
			[]api.Code{api.Closed, api.Closed, api.SoldOut}, 1, 0, 1},
		{"durable nowhere",
			func(b *bench) { b.log.append.list = []error{grantlog.ErrNowhere} }, []api.Code{api.Closed, api.Closed, api.SoldOut}, 1, 0, 1},
		{"durable nowhere, and the epoch has moved",
			func(b *bench) {
				b.log.append.list = []error{errors.Join(grantlog.ErrNowhere, grantlog.ErrFenced)}
				b.redis.giveBack.list = []error{cmem.ErrEpoch}
			}, []api.Code{api.Closed, api.Closed, api.SoldOut}, 1, 0, 1},
		{"durable nowhere, the return's answer is lost once",
			func(b *bench) {
				b.log.append.list, b.redis.giveBack.list = []error{grantlog.ErrNowhere}, []error{errLost, errLost, nil}
			}, []api.Code{api.Unknown, api.Unknown, api.SoldOut}, 1, 0, 3},
	})
}

// TestLogInDoubt asks the log until it is certain.
func TestLogInDoubt(t *testing.T) {
	walk(t, []branch{
		{"log in doubt, then certain",
			func(b *bench) {
				b.log.append.list, b.log.again.list = []error{grantlog.ErrDoubt}, []error{grantlog.ErrDoubt, nil}
			},
			[]api.Code{api.Unknown, api.Unknown, api.SoldOut}, 3, 1, 0},
		{"log in doubt, then fenced",
			func(b *bench) {
				b.log.append.list, b.log.again.list = []error{grantlog.ErrDoubt}, []error{grantlog.ErrRefused, grantlog.ErrFenced}
			}, []api.Code{api.Unknown, api.Unknown, api.SoldOut}, 3, 0, 0},
	})
}

// TestRedisSilent settles with Redis, or ends with the epoch.
func TestRedisSilent(t *testing.T) {
	walk(t, []branch{
		{"redis silent, and it happened",
			func(b *bench) {
				b.redis.claim.list, b.redis.settle.list = []decided{{nil, errLost}}, append([]decided{{nil, errLost}}, decided{threeShares(), nil})
			}, []api.Code{api.Unknown, api.Unknown, api.Unknown}, 1, 1, 0},
		{"redis silent, it happened, and the log is fenced",
			func(b *bench) {
				b.redis.claim.list, b.redis.settle.list = []decided{{nil, errLost}}, []decided{{threeShares(), nil}}
				b.log.again.list = []error{grantlog.ErrFenced}
			}, []api.Code{api.Unknown, api.Unknown, api.Unknown}, 1, 0, 0},
		{"redis silent, and it never happened",
			func(b *bench) {
				b.redis.claim.list, b.redis.settle.list = []decided{{nil, errLost}}, []decided{{nil, errLost}, {nil, nil}}
			}, []api.Code{api.Unknown, api.Unknown, api.Unknown}, 0, 0, 0},
		{"redis silent for ever, until the epoch moves",
			func(b *bench) {
				b.redis.claim.list, b.redis.settle.list, b.moved = []decided{{nil, errLost}}, []decided{{nil, errLost}}, 3
			}, []api.Code{api.Unknown, api.Unknown, api.Unknown}, 0, 0, 0},
		{"redis silent, then it says another epoch",
			func(b *bench) {
				b.redis.claim.list, b.redis.settle.list = []decided{{nil, errLost}}, []decided{{nil, cmem.ErrEpoch}}
			}, []api.Code{api.Unknown, api.Unknown, api.Unknown}, 0, 0, 0},
	})
}

// TestGrantIsLoggedAsAnswered: what the log holds is what the user hears; a repeat goes to the server of the first claim.
func TestGrantIsLoggedAsAnswered(t *testing.T) {
	b := newBench()
	b.redis.claim.list = []decided{{threeShares(), nil}}
	b.desk.number.Store(41)
	b.desk.forNew = func(id api.Gift) bool { return id == 2 }
	b.serve(t)
	want := []api.Grant{{Order: api.OrderOf(1, 2, 5), User: 1, Fen: 2000, Server: 9}, {Order: api.OrderOf(1, 2, 1), User: 2, Fen: 10, Server: 4}}
	got := b.log.logged[0]
	if got.Epoch != 3 || got.Writer != "ams-heavy-1" || got.Number != 42 || !slices.Equal(got.Grants, want) {
		t.Errorf("logged %+v, want %+v in batch 42 of epoch 3", got, want)
	}
	body := `{"code":"ok","order":"281483566645253","gift":2,"fen":2000,"server":9}`
	if r := b.ear.heard[0]; string(r.Body) != body || r.Queued != 1000 {
		t.Errorf("answered %s after %d µs, want %s after 1000", r.Body, r.Queued, body)
	}
	if b.desk.grants.Load() != 1 || b.desk.repeats.Load() != 1 || b.desk.newcomers.Load() != 1 {
		t.Errorf("counted %d grants (%d for new users) and %d repeats", b.desk.grants.Load(), b.desk.newcomers.Load(), b.desk.repeats.Load())
	}
}

// TestFinishedBatchesRideAlong: the record of a finished batch is dropped by the next one that succeeds.
func TestFinishedBatchesRideAlong(t *testing.T) {
	b := newBench()
	b.redis.claim.list = []decided{{threeShares(), nil}, {nil, cmem.ErrEpoch}, {threeShares(), nil}}
	for range 3 {
		b.serve(t)
	}
	for i, want := range [][]uint64{nil, {1}, {1}} {
		if got := b.redis.turns[i].Finished; !slices.Equal(got, want) {
			t.Errorf("turn %d dropped %v, want %v", i+1, got, want)
		}
	}
}

// TestLateClaimsAreBusy: a claim that waited too long, here or in tgw, is not decided.
func TestLateClaimsAreBusy(t *testing.T) {
	b := newBench()
	b.redis.claim.list = []decided{{threeShares()[:1], nil}}
	w := newWorker(b.desk)
	for id, late := range []wire.Call{{Waited: 60_000}, {Waited: 100}, {}} {
		late.ID = uint64(id)
		w.batch = append(w.batch, waiting{call: late, from: b.ear, at: time.Second})
	}
	w.batch[2].at = time.Second - 51*time.Millisecond
	w.serve(t.Context())
	if got, want := b.ear.codes(), []api.Code{api.Busy, api.OK, api.Busy}; !slices.Equal(got, want) {
		t.Errorf("answered %v, want %v", got, want)
	}
}

type fakeLeaver []cmem.Leftover

func (f fakeLeaver) Leftovers(context.Context, cmem.Turn) ([]cmem.Leftover, error) { return f, nil }

// TestInherit: what a previous life decided is logged again under its own number, and finished.
func TestInherit(t *testing.T) {
	b := newBench()
	b.log.again.list = []error{grantlog.ErrDoubt, nil}
	asks := []cmem.Ask{{User: 1, Gift: 2}, {User: 2, Gift: 2}, {User: 3, Gift: 2}}
	left := fakeLeaver{{Batch: 7, Asks: asks, Shares: threeShares()}, {Batch: 8, Asks: asks[:1], Shares: threeShares()[2:]}}
	if !b.desk.inherit(t.Context(), b.stand, left) {
		t.Fatal("the leftovers were not read")
	}
	if len(b.log.logged) != 2 || b.log.logged[1].Number != 7 || len(b.log.logged[1].Grants) != 2 {
		t.Errorf("logged %+v", b.log.logged)
	}
	if !slices.Equal(b.desk.finished, []uint64{7, 8}) || b.desk.unsettled.Load() != 0 {
		t.Errorf("finished %v, %d unsettled", b.desk.finished, b.desk.unsettled.Load())
	}
}
