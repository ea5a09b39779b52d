package courier

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/roles/idip/delivery"
)

// queue is a lane in memory.
type queue struct {
	grants []api.Grant
	done   int
	empty  chan struct{} // closed when all is done
}

func newQueue(n int) *queue {
	q := &queue{empty: make(chan struct{})}
	for i := range n {
		q.grants = append(q.grants, api.Grant{Order: api.Order(i), User: 1, Fen: 1})
	}
	return q
}

func (q *queue) Next(ctx context.Context, most int) ([]api.Grant, func(context.Context) error, error) {
	if q.done == len(q.grants) {
		close(q.empty)
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	n := min(most, len(q.grants)-q.done)
	return q.grants[q.done : q.done+n], func(context.Context) error { q.done += n; return nil }, nil
}

// unreliable is a game that delivers, and says so only sometimes.
type unreliable struct {
	mu     sync.Mutex
	window *delivery.Window // what arrives, counted when it arrives
	asked  []api.Order
	seen   map[api.Order]bool
	refuse func(ask int) error // after it was delivered
	asks   int
}

func (u *unreliable) Deliver(_ context.Context, _ uint8, grants []api.Grant) (answers []delivery.Answer, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.window.Add(time.Now(), len(grants))
	u.asks++
	for _, g := range grants {
		u.asked = append(u.asked, g.Order)
		result := delivery.Delivered
		switch {
		case g.Order%100 == 99:
			result = delivery.Conflict
		case u.seen[g.Order]:
			result = delivery.Repeat
		}
		u.seen[g.Order] = true
		answers = append(answers, delivery.Answer{Order: g.Order, Result: result})
	}
	if err := u.refuse(u.asks); err != nil {
		return nil, err
	}
	return answers, nil
}

// run delivers a queue at a rate and returns the game's view, the counts and how long it took.
func run(t *testing.T, q *queue, rate float64, refuse func(int) error) (*unreliable, *counts, time.Duration) {
	t.Helper()
	u := &unreliable{window: delivery.NewWindow(0), seen: map[api.Order]bool{}, refuse: refuse}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	n, ended, began := &counts{}, make(chan error, 1), time.Now()
	cfg := config.Config{Rules: config.Rules{DeliveryRate: rate}, Activity: activity.Activity{Seed: 1}}
	r := newRound(0, cfg, n)
	go func() { ended <- r.run(ctx, q, u) }()
	select {
	case <-q.empty:
	case <-ctx.Done():
		t.Fatal("the queue was not delivered")
	}
	took := time.Since(began)
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
	return u, n, took
}

func TestEveryOrderIsAskedUntilAnswered(t *testing.T) {
	t.Parallel()
	u, n, _ := run(t, newQueue(1000), 0, func(ask int) error {
		switch ask {
		case 2, 3:
			return errors.New("the answer is lost")
		case 5:
			return delivery.Later{Status: 503}
		}
		return nil
	})
	if u.asks != 5+3 || n.failures.Load() != 3 {
		t.Fatalf("%d asks, %d failures", u.asks, n.failures.Load())
	}
	if n.delivered.Load()+n.repeats.Load() != 990 || n.repeats.Load() != 2*198 || n.conflicts.Load() != 10 {
		t.Fatalf("%d delivered, %d repeats, %d conflicts", n.delivered.Load(), n.repeats.Load(), n.conflicts.Load())
	}
	// In order, and the same again after a lost answer: nothing is overtaken.
	if !slices.Equal(u.asked[200:400], u.asked[400:600]) || !slices.IsSorted(slices.Compact(slices.Clone(u.asked[600:800]))) {
		t.Fatal("other orders were asked after a lost answer")
	}
}

// A grant whose user and mark contradict each other passes by no game, and holds up nobody.
func TestNoGameHearsOfALostTag(t *testing.T) {
	t.Parallel()
	q := newQueue(300)
	q.grants[7].User = q.grants[7].User.Pressure()
	lost := q.grants[7].Order
	u, n, _ := run(t, q, 0, func(int) error { return nil })
	if u.seen[lost] || len(u.seen) != 299 || n.tagless.Load() != 1 {
		t.Fatalf("%d orders were asked, the lost one among them: %v; %d counted", len(u.seen), u.seen[lost], n.tagless.Load())
	}
}

func TestNeverAboveTheLimit(t *testing.T) {
	t.Parallel()
	u, _, took := run(t, newQueue(150), 100, func(ask int) error {
		if ask == 1 {
			return errors.New("the answer is lost")
		}
		return nil
	})
	if peak := u.window.Peak(); peak > 100 {
		t.Fatalf("%d in one second; want at most 100", peak)
	}
	// A second for what an earlier courier may have sent, one for the lost 100, one for the answered 100; then 50.
	if took < 2900*time.Millisecond || took > 9*time.Second {
		t.Fatalf("took %v", took)
	}
}

func TestTheGameSaysWhen(t *testing.T) {
	t.Parallel()
	_, n, took := run(t, newQueue(1), 0, func(ask int) error {
		if ask == 1 {
			return delivery.Later{Status: 429, After: time.Second}
		}
		return nil
	})
	if took < time.Second || took > 4*time.Second || n.repeats.Load() != 1 {
		t.Fatalf("took %v, %d repeats", took, n.repeats.Load())
	}
}

// TestCourierTakesItsShare: under CourierShare a lane sends that part of its game's limit, and all of it again after.
func TestCourierTakesItsShare(t *testing.T) {
	r := newRound(0, config.Config{Rules: config.Rules{DeliveryRate: 100}, Activity: activity.Activity{Seed: 1}}, &counts{})
	for version, step := range []struct {
		share float64
		want  int
	}{{0, 100}, {0.25, 25}, {0.001, 1}, {1, 100}, {0, 100}} {
		if err := r.switches.Take(control.Switches{Version: uint64(version + 1), Settings: control.Settings{CourierShare: step.share}}); err != nil {
			t.Fatal(err)
		}
		if got := r.most(); got != step.want {
			t.Errorf("share %g: takes %d, want %d", step.share, got, step.want)
		}
	}
	free := newRound(0, config.Config{Activity: activity.Activity{Seed: 1}}, &counts{})
	if err := free.switches.Take(control.Switches{Version: 1, Settings: control.Settings{CourierShare: 0.25}}); err != nil || free.most() != delivery.MaxOrders {
		t.Errorf("a game without a limit: takes %d (%v)", free.most(), err)
	}
}
