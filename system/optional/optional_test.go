package optional

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
)

// service answers calls as it is told to, behind a real listener.
type service struct {
	addr  string
	serve atomic.Pointer[func([]wire.Call, *wire.Caller)]
	stop  context.CancelFunc
	done  chan error
}

func startService(t testing.TB, addr string, serve func([]wire.Call, *wire.Caller)) *service {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &service{addr: l.Addr().String(), stop: stop, done: make(chan error, 1)}
	s.serve.Store(&serve)
	go func() {
		s.done <- wire.ServeCalls(ctx, l, func(b []wire.Call, from *wire.Caller) { (*s.serve.Load())(b, from) })
	}()
	t.Cleanup(s.kill)
	return s
}

func (s *service) kill() { s.stop() }

// doubled answers twice the user as a number.
func doubled(batch []wire.Call, from *wire.Caller) {
	var replies []wire.Reply
	for _, c := range batch {
		replies = append(replies, wire.Reply{ID: c.ID, Code: api.OK, Body: strconv.AppendUint(nil, uint64(c.User)*2, 10)})
	}
	from.Reply(replies)
}

func silent([]wire.Call, *wire.Caller) {}

// heard keeps what was settled.
type heard struct {
	mu  sync.Mutex
	all []Asked[int]
}

func (h *heard) settle(list []Asked[int]) {
	h.mu.Lock()
	h.all = append(h.all, list...)
	h.mu.Unlock()
}

func (h *heard) list() []Asked[int] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

func start(t testing.TB, r Rules, addrs ...string) (*Asker[int], *heard) {
	t.Helper()
	h, begun := &heard{}, time.Now()
	a := New(r, func(user int) wire.Call { return wire.Call{Op: api.List, User: api.User(user)} }, h.settle,
		func() time.Duration { return time.Since(begun) })
	a.Dial(t.Context(), addrs)
	return a, h
}

func linked(a *Asker[int]) func() bool {
	return func() bool { a.mu.Lock(); defer a.mu.Unlock(); return a.up(0) != nil }
}

// A test machine stands still at times; where the deadline is not the question, it must not be met by accident.
func patient() Rules {
	return Rules{Within: 5 * time.Second, Linger: time.Millisecond, Most: 100, Open: 10_000}
}

func TestEveryQuestionIsSettledOnceWithItsOwnAnswer(t *testing.T) {
	one, two := startService(t, "127.0.0.1:0", doubled), startService(t, "127.0.0.1:0", doubled)
	a, h := start(t, patient(), one.addr, two.addr)
	pausetest.Until(t, "a link", linked(a))
	const askers, each, lot = 4, 50, 13
	var group sync.WaitGroup
	for n := range askers {
		group.Go(func() {
			for i := range each {
				list := make([]int, lot)
				for k := range list {
					list[k] = 1 + (n*each+i)*lot + k
				}
				if !a.Ask(list) {
					t.Error("not asked, though a link is up")
				}
			}
		})
	}
	group.Wait()
	pausetest.Until(t, "every answer", func() bool { return len(h.list()) == askers*each*lot })
	seen := map[int]bool{}
	for _, q := range h.list() {
		if seen[q.Of] || !q.Answered || q.Value != 2*q.Of || q.Code != api.OK {
			t.Fatalf("settled %+v, before: %t", q, seen[q.Of])
		}
		seen[q.Of] = true
	}
	if c := a.Counts(); c.Answered != askers*each*lot || c.Missed+c.Skipped != 0 || c.Batches < askers*each*lot/100 {
		t.Errorf("counted %+v", c)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open != 0 || len(a.sent) != 0 {
		t.Errorf("%d questions open, %d batches, after all was settled", a.open, len(a.sent))
	}
}

// What is not answered within the deadline is settled then, with what was answered beside it; the late answer is nobody's.
func TestAMissedDeadlineIsSettledAsMissed(t *testing.T) {
	release := make(chan struct{})
	s := startService(t, "127.0.0.1:0", func(batch []wire.Call, from *wire.Caller) {
		doubled(batch[:1], from)
		late := slices.Clone(batch[1:])
		go func() { <-release; doubled(late, from) }()
	})
	r := patient()
	r.Within = 100 * time.Millisecond
	a, h := start(t, r, s.addr)
	pausetest.Until(t, "a link", linked(a))
	asked := time.Now()
	if !a.Ask([]int{1, 2, 3}) {
		t.Fatal("not asked")
	}
	pausetest.Until(t, "the deadline", func() bool { return len(h.list()) == 3 })
	if took := time.Since(asked); took < 100*time.Millisecond {
		t.Errorf("given up after %s", took)
	}
	got := h.list()
	if got[0].Value != 2 || got[1].Answered || got[2].Answered {
		t.Errorf("settled %+v", got)
	}
	close(release)
	s.serve.Store(ptr(doubled))
	a.Ask([]int{7})
	pausetest.Until(t, "the next answer", func() bool { return len(h.list()) == 4 })
	if q := h.list()[3]; q.Value != 14 {
		t.Errorf("a late answer settled another question: %+v", q)
	}
}

func ptr[T any](x T) *T { return &x }

// Without a link nothing waits: the caller hears at once that it must take the default.
func TestADeadServiceIsNotAsked(t *testing.T) {
	s := startService(t, "127.0.0.1:0", silent)
	r := patient()
	a, h := start(t, r, s.addr)
	if none, _ := start(t, r); none.Ask([]int{1}) {
		t.Error("asked a service that has no instance")
	}
	pausetest.Until(t, "a link", linked(a))
	r.Open = 3
	few, _ := start(t, r, s.addr)
	pausetest.Until(t, "its link", linked(few))
	if few.Ask([]int{1, 2, 3, 4}) || !few.Ask([]int{1, 2, 3}) || few.Ask([]int{4}) {
		t.Error("other than three questions may be open")
	}
	s.kill()
	pausetest.Until(t, "the link's end", func() bool { return !linked(a)() })
	if a.Ask([]int{1}) || len(h.list()) != 0 || a.Counts().Skipped != 1 {
		t.Errorf("asked a dead service: %+v, settled %v", a.Counts(), h.list())
	}
}

// A service that stays silent is left alone, but for probes; when it answers one, it is asked as before.
func TestASilentServiceIsLeftAloneAndFoundAgain(t *testing.T) {
	s := startService(t, "127.0.0.1:0", silent)
	r := patient()
	r.Within = 5 * time.Millisecond
	a, _ := start(t, r, s.addr)
	pausetest.Until(t, "a link", linked(a))
	pausetest.Until(t, "the rest", func() bool { return !a.Ask([]int{1}) })
	before := a.asked()
	for range 100 {
		a.Ask([]int{1})
	}
	if more := a.asked() - before; more > 2 { // probes, if this machine stood still meanwhile
		t.Errorf("while it rests, %d of 100 questions were asked", more)
	}
	s.serve.Store(ptr(doubled))
	pausetest.Until(t, "an answer", func() bool { a.Ask([]int{1}); return a.Counts().Answered > 3 })
}

// asked is how many questions were asked so far.
func (a *Asker[T]) asked() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts.Answered + a.counts.Missed + int64(a.open)
}

func TestHealth(t *testing.T) {
	const ms = time.Millisecond
	var h health
	for range 20 {
		h.heard(10*ms, false) // twenty batches that a stall made late
	}
	if !h.allows(11 * ms) {
		t.Error("a stall is taken for a dead service")
	}
	h.heard(10*ms+badFor, false)
	at := 10*ms + badFor
	if h.allows(at + restFor - 1) {
		t.Error("it is asked while it rests")
	}
	if !h.allows(at+restFor) || h.allows(at+restFor+ms) {
		t.Error("after the rest it takes one probe, and one only")
	}
	h.heard(at+restFor+20*ms, false)
	if h.allows(at + 2*restFor) {
		t.Error("a probe that failed begins another rest")
	}
	if !h.allows(at + 3*restFor) {
		t.Error("no second probe")
	}
	h.heard(at+3*restFor, true)
	for range 2 {
		if !h.allows(at + 3*restFor) {
			t.Error("an answer to the probe ends the rest")
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]int{"0": 0, "31": 31, "999999999": 999999999, "": -1, "-1": -1, "1x": -1, "1234567890": -1} {
		if got := number([]byte(text)); got != want {
			t.Errorf("number(%q) is %d; want %d", text, got, want)
		}
	}
}

// What a question costs the one who asks it, with its answer, in batches of 64.
func BenchmarkAskOverLoopback(b *testing.B) {
	s := startService(b, "127.0.0.1:0", doubled)
	done := make(chan struct{}, 1)
	left := 0
	begun := time.Now()
	a := New(Rules{Within: time.Second, Linger: time.Second, Most: 64, Open: 64},
		func(int) wire.Call { return wire.Call{User: 1} }, func(list []Asked[int]) {
			if left -= len(list); left == 0 {
				done <- struct{}{}
			}
		}, func() time.Duration { return time.Since(begun) })
	a.Dial(b.Context(), []string{s.addr})
	pausetest.Until(b, "a link", linked(a))
	list := make([]int, 64)
	b.ReportAllocs()
	b.ResetTimer()
	for range (b.N + 63) / 64 {
		left = 64
		a.Ask(list)
		<-done
	}
}
