package grantlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/grantlog"
	"redpacket/system/pause/pausetest"
)

func TestPublishOnceBehindTheFence(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	l, keeper := dial(t, s.Addr()), dial(t, s.Addr())
	none, err := l.Shard(t.Context(), "a")
	if err != nil || none != (grantlog.Shard{IDC: "a"}) {
		t.Fatalf("a shard never announced: %+v, %v", none, err)
	}
	if err := l.Publish(t.Context(), 0, batch("w", 1, 5)); !errors.Is(err, grantlog.ErrRefused) {
		t.Fatalf("without an announcement: %v", err)
	}
	first := announce(t, keeper, grantlog.Shard{IDC: "a", Epoch: 1, Primary: "cmem-1", Open: true})
	seen, err := l.Shard(t.Context(), "a")
	if err != nil || seen != first {
		t.Fatalf("announced %+v, seen %+v, %v", first, seen, err)
	}
	publish(t, l, first.Fence, batch("w", 1, 5), batch("w", 2, 5), batch("w", 1, 5))
	if got := read(t, l); !slices.Equal(got, []uint64{1, 2}) {
		t.Fatalf("batches %v; the third is the first again", got)
	}
	announce(t, keeper, grantlog.Shard{IDC: "b", Epoch: 9, Fence: 0}) // another shard's; no fence for this one
	publish(t, l, first.Fence, batch("w", 3, 5))
	next := announce(t, keeper, grantlog.Shard{IDC: "a", Epoch: 2, Fence: first.Fence})
	if err := l.Publish(t.Context(), first.Fence, batch("w", 4, 5)); !errors.Is(err, grantlog.ErrFenced) {
		t.Fatalf("behind an old fence: %v", err)
	}
	publish(t, keeper, next.Fence, batch("w", 5, 5))
	if got := read(t, l); !slices.Equal(got, []uint64{1, 2, 3, 5}) {
		t.Fatalf("batches %v", got)
	}
	if err := l.Publish(t.Context(), first.Fence, batch("w", 6, 0)); !errors.Is(err, grantlog.ErrRefused) {
		t.Fatalf("an empty batch: %v", err)
	}
}

func TestAnnounceComparesAndSets(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	var all sync.WaitGroup
	won := make([]grantlog.Shard, 6)
	for i := range won {
		l := dial(t, s.Addr())
		all.Go(func() {
			mine, err := l.Announce(t.Context(), grantlog.Shard{IDC: "a", Epoch: uint32(i + 1)})
			if err != nil && !errors.Is(err, grantlog.ErrFenced) {
				t.Error(err)
			}
			won[i] = mine
		})
	}
	all.Wait()
	last, err := dial(t, s.Addr()).Shard(t.Context(), "a")
	won = slices.DeleteFunc(won, func(s grantlog.Shard) bool { return s.Fence == 0 })
	if err != nil || len(won) != 1 || won[0] != last {
		t.Fatalf("%+v won, and the last announcement is %+v, %v", won, last, err)
	}
}

// The answer to a batch is lost. Then the shard moves on. The server refuses the second attempt, though the first is in.
func TestDoubtIsSettledBehindANewFence(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	keeper, k := dial(t, s.Addr()), newLink(t, s.Addr())
	l := dial(t, k.addr)
	shard := announce(t, l, grantlog.Shard{IDC: "a", Epoch: 1})
	publish(t, l, shard.Fence, batch("w", 1, 5))
	for number, lost := range map[uint64]bool{2: false, 3: true} { // the answer is lost; the batch is
		k.up.Store(lost)
		k.down.Store(!lost)
		b := batch("w", number, 5)
		if err := l.Publish(within(t, 150*time.Millisecond), shard.Fence, b); !errors.Is(err, grantlog.ErrDoubt) {
			t.Fatalf("lost %v: %v", lost, err)
		}
		k.cut()
		next := announce(t, keeper, grantlog.Shard{IDC: "a", Epoch: 2, Fence: shard.Fence})
		err := error(grantlog.ErrDoubt)
		pausetest.Until(t, "certain", func() bool {
			err = l.Publish(t.Context(), shard.Fence, b)
			return !errors.Is(err, grantlog.ErrDoubt)
		})
		if lost != errors.Is(err, grantlog.ErrFenced) || lost != (err != nil) || lost == slices.Contains(read(t, l), number) {
			t.Fatalf("lost %v: then %v, and the log has %v", lost, err, read(t, l))
		}
		if shard, err = l.Shard(t.Context(), "a"); err != nil || shard != next {
			t.Fatalf("shard %+v, %v", shard, err)
		}
	}
}

func TestTheLogIsAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, "127.0.0.1:0")
	l := dial(t, s.Addr())
	shard := announce(t, l, grantlog.Shard{IDC: "a", Epoch: 1})
	publish(t, l, shard.Fence, batch("w", 1, 5))
	addr := s.Addr()
	s.Stop()
	pausetest.Until(t, "unhealthy", func() bool { return l.Healthy() != nil })
	if err := l.Publish(t.Context(), shard.Fence, batch("w", 2, 5)); !errors.Is(err, grantlog.ErrRefused) {
		t.Fatalf("with no connection: %v", err)
	}
	if _, err := l.Shard(within(t, 50*time.Millisecond), "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("shard with no connection: %v", err)
	}
	start(t, dir, addr)
	pausetest.Until(t, "healthy", func() bool { return l.Healthy() == nil })
	publish(t, l, shard.Fence, batch("w", 2, 5), batch("w", 1, 5))
	if got := read(t, l); !slices.Equal(got, []uint64{1, 2}) {
		t.Fatalf("batches %v after a restart", got)
	}
}

func TestWatchEndsAtTheNewest(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	k := newLink(t, s.Addr())
	keeper, l := dial(t, s.Addr()), dial(t, k.addr)
	states := make(chan grantlog.Shard, 100)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Watch(ctx, "a", func(s grantlog.Shard) { states <- s }) }()
	if first := <-states; first.Epoch != 0 {
		t.Fatalf("first %+v", first)
	}
	shard := announce(t, keeper, grantlog.Shard{IDC: "a", Epoch: 1})
	if got := <-states; got != shard {
		t.Fatalf("got %+v, want %+v", got, shard)
	}
	k.down.Store(true)
	for range 3 {
		shard.Epoch++
		shard = announce(t, keeper, shard)
	}
	k.cut()
	for last := uint64(0); last != shard.Fence; {
		got := <-states
		if got.Fence <= last {
			t.Fatalf("went back to %+v", got)
		}
		last = got.Fence
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
}

// TestManyWriters publishes from 8 goroutines while the connection is cut again and again: what was acknowledged is in
// the log once, and nothing else but what was asked.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	k := newLink(t, s.Addr())
	l := dial(t, k.addr)
	shard := announce(t, l, grantlog.Shard{IDC: "a", Epoch: 1})
	const writers, each = 8, 12
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range uint64(each) {
				b := batch(fmt.Sprint("w", w), n, 256)
				for err := errors.New("not asked"); err != nil; {
					err = l.Publish(within(t, 300*time.Millisecond), shard.Fence, b)
				}
				if w == 0 && n%10 == 5 {
					k.cut()
				}
			}
		})
	}
	all.Wait()
	orders, count := map[string]int{}, 0
	for b, err := range l.Read(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		orders[fmt.Sprint(b.Writer, b.Number)]++
		count++
	}
	if len(orders) != writers*each || count != writers*each {
		t.Fatalf("%d batches, %d of them different; want %d", count, len(orders), writers*each)
	}
}

func TestBooksOfTheLog(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "127.0.0.1:0")
	l := dial(t, s.Addr())
	lanes, err := grantlog.Books(t.Context(), s.Addr(), 3, func(books.Entry) error { return errors.New("empty") })
	if err != nil || len(lanes) != 3 {
		t.Fatalf("an empty log: %v, %v", lanes, err)
	}
	shard := announce(t, l, grantlog.Shard{IDC: "a", Epoch: 1})
	publish(t, l, shard.Fence, batch("w", 1, 1024), batch("w", 2, 1))
	orders, last := map[api.Order]bool{}, uint64(0)
	lanes, err = grantlog.Books(t.Context(), s.Addr(), 3, func(e books.Entry) error {
		orders[e.Order], last = true, e.Pos
		return nil
	})
	if err != nil || len(orders) != 1025 || last != 3 || lanes[2] != (books.Lane{Game: 2, Floor: 0, Last: 3}) {
		t.Fatalf("%d orders up to %d, lanes %v, %v", len(orders), last, lanes, err)
	}
	if _, err := grantlog.Books(t.Context(), s.Addr(), 4, func(books.Entry) error { return nil }); err == nil {
		t.Fatal("the books of a lane that does not exist were taken")
	}
}
