package grantlog_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/grantlog"
	"redpacket/system/pause/pausetest"
)

// lanes opens the three lanes and reads the log for them until the test ends, or stop.
func lanes(t *testing.T, l *grantlog.Log) (set *grantlog.Lanes, stop func()) {
	t.Helper()
	set, err := l.Lanes(t.Context(), offer())
	if err != nil {
		t.Fatal(err)
	}
	set.Small(1000, time.Nanosecond)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := set.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return set, stop
}

// take delivers n grants of a lane.
func take(t *testing.T, lane *grantlog.Lane, n, most int) (orders []api.Order) {
	t.Helper()
	for len(orders) < n {
		grants, done, err := lane.Next(within(t, 5*time.Second), min(most, n-len(orders)))
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range grants {
			orders = append(orders, g.Order)
		}
		if err := done(t.Context()); err != nil {
			t.Log(err) // the connection was cut: the bookmark moves later
		}
	}
	return orders
}

// ordersOf are the orders of one game in some batches.
func ordersOf(game uint8, batches ...grantlog.Batch) (orders []api.Order) {
	for _, b := range batches {
		for _, g := range b.Grants {
			if uint8(g.Order.Gift()%3) == game {
				orders = append(orders, g.Order)
			}
		}
	}
	return orders
}

func floors(t *testing.T, addr string) (floors []uint64) {
	t.Helper()
	lanes, err := grantlog.Books(t.Context(), addr, 3, func(books.Entry) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lanes {
		floors = append(floors, l.Floor)
	}
	return floors
}

func backlogs(set *grantlog.Lanes) (n []uint64) {
	for game := range uint8(3) {
		backlog, _ := set.Lane(game).Backlog()
		n = append(n, backlog)
	}
	return n
}

func TestLaneGivesItsOwnGamesGrants(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	l := dial(t, s.Addr())
	shard := announce(t, l, grantlog.Shard{IDC: "a", Epoch: 1})
	b := []grantlog.Batch{batch("w", 1, 300), batch("w", 2, 7), batch("w", 3, 1)}
	publish(t, l, shard.Fence, b...)
	set, _ := lanes(t, l)
	pausetest.Until(t, "all counted", func() bool { return slices.Equal(backlogs(set), []uint64{104, 102, 102}) })
	got := take(t, set.Lane(1), 102, 40)
	if want := ordersOf(1, b...); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	pausetest.Until(t, "nothing left", func() bool { return slices.Equal(backlogs(set), []uint64{104, 0, 102}) })
	if _, age := set.Lane(0).Backlog(); age <= 0 || age > 10*time.Second {
		t.Fatalf("the oldest is %v old", age)
	}
	// A batch that comes later wakes the lane.
	later := make(chan error, 1)
	time.AfterFunc(20*time.Millisecond, func() { later <- l.Publish(t.Context(), shard.Fence, batch("w", 4, 6)) })
	if got := take(t, set.Lane(1), 2, 40); !slices.Equal(got, ordersOf(1, batch("w", 4, 6))) {
		t.Fatalf("then got %v", got)
	}
	if err := <-later; err != nil {
		t.Fatal(err)
	}
	stray := batch("w", 5, 1)
	stray.Grants[0].Order = api.OrderOf(7, 0, 1)
	publish(t, l, shard.Fence, stray)
	pausetest.Until(t, "a stray counted", func() bool { return set.Strays() == 1 })
}

// What was taken and not done comes again: from the same lane, and, after a crash, from the bookmark on.
func TestLaneForgetsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, "127.0.0.1:0")
	l := dial(t, s.Addr())
	shard := announce(t, l, grantlog.Shard{IDC: "a", Epoch: 1})
	b := []grantlog.Batch{batch("w", 1, 30), batch("w", 2, 30), batch("w", 3, 30)}
	publish(t, l, shard.Fence, b...)
	set, stop := lanes(t, l)
	lane := set.Lane(0)
	first, _, err := lane.Next(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := lane.Next(t.Context(), 7)
	if err != nil || !slices.Equal(first, second) {
		t.Fatalf("not done: %v, then %v, %v", first, second, err)
	}
	want := ordersOf(0, b...)
	got := take(t, lane, 15, 15) // all of the first batch and half of the second
	stop()
	if f := floors(t, s.Addr()); f[0] != 2 {
		t.Fatalf("floors %v; want 2, the position of the first batch, for game 0", f)
	}
	addr := s.Addr()
	s.Stop()
	s = start(t, dir, addr)
	pausetest.Until(t, "connected again", func() bool { return l.Healthy() == nil })
	set, _ = lanes(t, l)
	got = append(got[:10:10], take(t, set.Lane(0), 20, 200)...)
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	pausetest.Until(t, "counted", func() bool { return slices.Equal(backlogs(set), []uint64{0, 30, 30}) })
	// At the log's end the bookmark is brought up to date.
	idle, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := set.Lane(0).Next(idle, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("idle: %v", err)
	}
	if f := floors(t, s.Addr()); !slices.Equal(f, []uint64{4, 0, 0}) {
		t.Fatalf("floors %v at the end", f)
	}
}

// A lane that has fallen behind what the tail holds reads the log for itself, through cut connections.
func TestLaneFarBehind(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	k := newLink(t, s.Addr())
	writer, l := dial(t, s.Addr()), dial(t, k.addr)
	shard := announce(t, writer, grantlog.Shard{IDC: "a", Epoch: 1})
	var b []grantlog.Batch
	for n := range uint64(40) { // 40,960 grants; the tail holds 1,000
		b = append(b, batch("w", n, 1024))
	}
	publish(t, writer, shard.Fence, b...)
	set, _ := lanes(t, l)
	want := ordersOf(2, b...)
	pausetest.Until(t, "all counted", func() bool { return backlogs(set)[2] == uint64(len(want)) })
	got := take(t, set.Lane(2), 5_000, 1000)
	k.cut()
	got = append(got, take(t, set.Lane(2), len(want)-len(got), 1000)...)
	if !slices.Equal(got, want) {
		t.Fatalf("%d orders, want %d in the log's order", len(got), len(want))
	}
}
