package ams

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/pause"
	"redpacket/system/wire"
)

func calls(n int, from uint64) []wire.Call {
	list := make([]wire.Call, n)
	for i := range list {
		list[i] = wire.Call{ID: from + uint64(i), Op: api.Claim, User: 1}
	}
	return list
}

func every(wire.Call) api.Code { return api.OK }

func TestLineIsBoundedAndInOrder(t *testing.T) {
	l, e := newLine(5), &ear{}
	if refused := l.push(calls(3, 0), e, 1, every); refused != nil {
		t.Errorf("refused %v", refused)
	}
	got := l.pop(nil, 2)
	refused := l.push(calls(6, 3), e, 2, every)
	if len(refused) != 2 || refused[0].ID != 7 || refused[0].Code != api.Busy {
		t.Errorf("refused %v, want calls 7 and 8, busy", refused)
	}
	got = append(got, l.expire(nil, 2)...) // only call 2 came before 2
	got = l.pop(got, 100)
	for i, w := range got {
		if w.call.ID != uint64(i) {
			t.Errorf("place %d: call %d", i, w.call.ID)
		}
	}
	if n, _ := l.state(); len(got) != 7 || n != 0 {
		t.Errorf("%d came out, %d are left", len(got), n)
	}
	if rest := l.move(append(got, got...)); len(rest) != 9 {
		t.Errorf("%d of 14 did not fit a line of 5", len(rest))
	}
}

// What is reserved for neighbours goes first; what is above it waits like everybody's.
func TestNeighboursGoFirstWithinTheirReserve(t *testing.T) {
	l, e := newLine(64), &ear{}
	l.reserve = reserveAt(40, 0.2) // 8 a second: 2 at once
	batch := calls(8, 0)
	for i := 4; i < 8; i++ {
		batch[i].Gift = api.Gift(0).In(1, false)
	}
	if refused := l.push(batch, e, 1, every); refused != nil {
		t.Fatalf("refused %v", refused)
	}
	l.push(calls(1, 8), e, 2, every)
	if n, first := l.state(); n != 9 || first != 1 {
		t.Errorf("%d in line, the first since %d", n, first)
	}
	var order []uint64
	for _, w := range l.pop(nil, 100) {
		order = append(order, w.call.ID)
	}
	if want := []uint64{4, 5, 0, 1, 2, 3, 6, 7, 8}; !slices.Equal(order, want) {
		t.Errorf("out came %v, want %v", order, want)
	}
	l.push(batch[7:], e, 3, every)
	if reserveAt(0, 0.2) != nil || reserveAt(40, 0) != nil {
		t.Error("a reserve of nobody knows what")
	}
	old := append(l.expire(nil, 4), waiting{call: batch[6], at: 5}, waiting{call: batch[0], at: 5})
	if rest := l.move(old); len(rest) != 0 {
		t.Fatalf("%d did not fit", len(rest))
	}
	if got := l.pop(nil, 2); len(got) != 2 || got[0].call.ID != 7 || got[1].call.ID != 6 {
		t.Errorf("moved calls come out as %v", got)
	}
}

// fakePace allows what the test says.
type fakePace struct{ allow int }

func (p *fakePace) Take(_ time.Time, want int) int {
	n := min(p.allow, want)
	p.allow -= n
	return n
}

func TestPumpPacesAndDropsTheLate(t *testing.T) {
	e, pace, now := &ear{}, &fakePace{allow: 3}, time.Second
	p := &pump{line: newLine(100), pace: pace, now: func() time.Duration { return now }, patience: 50 * time.Millisecond, most: 10}
	p.line.push(calls(2, 0), e, now-60*time.Millisecond, every)
	p.line.push(calls(5, 2), e, now-40*time.Millisecond, every)
	got := p.gather(t.Context(), nil)
	if len(got) != 3 || got[0].call.ID != 2 {
		t.Fatalf("gathered %+v, want calls 2, 3 and 4", got)
	}
	if codes := e.codes(); !slices.Equal(codes, []api.Code{api.Busy, api.Busy}) || e.heard[0].Queued != 60_000 {
		t.Errorf("the late heard %+v", e.heard)
	}
	if w := p.wait(); w != 40*time.Millisecond {
		t.Errorf("wait %s", w)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if got := p.gather(ctx, nil); len(got) != 0 {
		t.Errorf("gathered %d above the pace", len(got))
	}
}

func TestClaimable(t *testing.T) {
	a := activity.Festival(1, 0.001)
	open, anyone, forNew := door{ready: true}, wire.Call{Op: api.Claim, User: 1}, wire.Call{Op: api.Claim, User: 1, Gift: 10}
	for name, c := range map[string]struct {
		call wire.Call
		door door
		want api.Code
	}{
		"a claim":                   {anyone, open, api.OK},
		"closed":                    {anyone, door{}, api.Closed},
		"for newcomers":             {forNew, open, aside},
		"closed to newcomers":       {forNew, door{}, api.Closed},
		"the cheap side":            {forNew, door{ready: true, cheapOnly: true}, api.NotEligible},
		"for anyone, when so cheap": {anyone, door{ready: true, cheapOnly: true}, api.OK},
		"no such gift":              {wire.Call{Op: api.Claim, User: 1, Gift: 99}, open, api.NotFound},
		"nobody":                    {wire.Call{Op: api.Claim}, open, api.Malformed},
		"a read, gone astray":       {wire.Call{Op: api.List, User: 1}, open, api.Malformed},
	} {
		if got := c.door.claimable(&a, c.call); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestHeavyRefusesBeforeDeciding: without a log, claims are closed and never enter the line.
func TestHeavyRefusesBeforeDeciding(t *testing.T) {
	cfg := config.Config{Node: "ams-heavy-1", Activity: activity.Festival(1, 0.001), Rules: config.Default()}
	h, e := newHeavy(cfg, since(time.Now())), &ear{}
	h.take(calls(3, 0), e)
	if n, _ := h.pump.line.state(); n != 0 || !slices.Equal(e.codes(), []api.Code{api.Closed, api.Closed, api.Closed}) {
		t.Errorf("%d in line, answered %v", n, e.codes())
	}
	if h.healthy() == nil {
		t.Error("healthy without a log")
	}
}

// TestTrimmedList: under TrimValues the list has the same gifts, and nothing else.
func TestTrimmedList(t *testing.T) {
	cfg := config.Config{Node: "ams-light-1", Activity: activity.Festival(1, 0.001), Rules: config.Default()}
	l, e := newLight(cfg, since(time.Now())), &ear{}
	asked := []waiting{{call: wire.Call{ID: 0, Op: api.List}, from: e}}
	l.answer(asked, nil)
	l.pump.out.send()
	if err := l.switches.Take(control.Switches{Version: 1, Settings: control.Settings{TrimValues: true}}); err != nil {
		t.Fatal(err)
	}
	asked[0].call.ID = 1
	l.answer(asked, nil)
	l.pump.out.send()
	var whole, short struct {
		Code  string
		Gifts []int
		Fen   []int
	}
	if err := errors.Join(json.Unmarshal(e.heard[0].Body, &whole), json.Unmarshal(e.heard[1].Body, &short)); err != nil {
		t.Fatal(err)
	}
	if short.Code != "ok" || len(short.Gifts) != 24 || !slices.Equal(short.Gifts, whole.Gifts) || len(whole.Fen) != 24 || len(short.Fen) != 0 {
		t.Errorf("whole %s, trimmed %s", e.heard[0].Body, e.heard[1].Body)
	}
	if got, was := len(e.heard[1].Body), len(e.heard[0].Body); 2*got > was {
		t.Errorf("trimmed from %d to %d bytes", was, got)
	}
}

type fakeReceipts []cmem.Share

func (f fakeReceipts) Receipts(context.Context, []cmem.Ask) ([]cmem.Share, error) { return f, nil }

func TestLight(t *testing.T) {
	cfg := config.Config{Node: "ams-light-1", Activity: activity.Festival(1, 0.001), Rules: config.Default()}
	l, e := newLight(cfg, since(time.Now())), &ear{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.run(ctx)
	}()
	l.take([]wire.Call{{ID: 0, Op: api.List}, {ID: 1, Op: api.Select, Gift: 13}, {ID: 2, Op: api.Receipt, User: 1}, {ID: 3, Op: api.Claim},
		{ID: 4, Op: api.Select, Gift: 99}}, e)
	for deadline := time.Now().Add(5 * time.Second); len(e.codes()) < 5 && time.Now().Before(deadline); {
		pause.For(ctx, time.Millisecond)
	}
	cancel()
	<-done
	want := []api.Code{api.OK, api.OK, api.Closed, api.Malformed, api.NotFound}
	if got := e.codes(); !slices.Equal(got, want) {
		t.Fatalf("answered %v, want %v", got, want)
	}
	for _, i := range []int{0, 1} {
		var body map[string]any
		if err := json.Unmarshal(e.heard[i].Body, &body); err != nil || len(e.heard[i].Body) > 400 {
			t.Errorf("body of %d bytes %s: %v", len(e.heard[i].Body), e.heard[i].Body, err)
		}
	}
}

func TestReceiptsTellWhatTheClaimTold(t *testing.T) {
	cfg := config.Config{Activity: activity.Festival(1, 0.001), Rules: config.Default()}
	e, now := &ear{}, time.Second
	r := reader{light: newLight(cfg, func() time.Duration { return now })}
	for id := range uint64(3) {
		r.batch = append(r.batch, waiting{call: wire.Call{ID: id, Op: api.Receipt, User: 1, Gift: 2}, from: e, at: now})
	}
	r.batch[2].at = 0
	r.answer(t.Context(), fakeReceipts{threeShares()[0], {Code: api.NotFound}})
	if got, want := e.codes(), []api.Code{api.OK, api.NotFound, api.Busy}; !slices.Equal(got, want) {
		t.Fatalf("answered %v, want %v", got, want)
	}
	if want := `{"code":"ok","order":"281483566645253","gift":2,"fen":2000,"server":9}`; string(e.heard[0].Body) != want {
		t.Errorf("receipt %s, want %s", e.heard[0].Body, want)
	}
}

// TestWaitingForRedisIsNoQueue: tgw sheds lists when calls queue here. What receipts wait for Redis is another's queue.
func TestWaitingForRedisIsNoQueue(t *testing.T) {
	cfg := config.Config{Activity: activity.Festival(1, 0.001), Rules: config.Default()}
	e, now := &ear{}, time.Second
	l := newLight(cfg, func() time.Duration { return now })
	came := []waiting{{call: wire.Call{ID: 0, Op: api.Receipt, User: 1, Gift: 2}, from: e, at: now - 30*time.Millisecond}}
	r := reader{light: l, batch: l.answer(came, nil)}
	now += 150 * time.Millisecond // the line of receipts, and then Redis
	r.refuse(api.Busy)
	if got := e.heard[0].Queued; got != 30_000 {
		t.Errorf("a receipt that waited 30 ms here, and 150 for Redis, says %d µs", got)
	}
}
