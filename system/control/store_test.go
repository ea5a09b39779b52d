package control_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/control"
	"redpacket/system/pair"
	"redpacket/system/pause/pausetest"
	"redpacket/system/roles/logd"
)

// server is a real control store that can be stopped and started again at its address.
type server struct {
	t    *testing.T
	addr string
	dir  string
	on   *logd.Server
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, addr: "127.0.0.1:0", dir: t.TempDir()}
	s.begin()
	t.Cleanup(func() { s.on.Stop() })
	return s
}

func (s *server) begin() {
	s.t.Helper()
	on, err := logd.Start(logd.Options{Name: "control", Listen: s.addr, Data: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	s.on, s.addr = on, on.Addr()
	if err := control.Create(s.t.Context(), s.addr); err != nil {
		s.t.Fatal(err)
	}
}

// dial returns a connection that stands.
func (s *server) dial() *control.Store {
	s.t.Helper()
	c, err := control.Dial(s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.Close)
	pausetest.Until(s.t, "the store to be reached", c.Up)
	return c
}

func TestAKeyIsWrittenOverTheRevisionThatWasReadOnly(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, ctx := s.dial(), t.Context()
	if e, err := c.Read(ctx, "switches"); err != nil || e.Revision != 0 || e.Value != nil {
		t.Fatalf("a key never written: %+v, %v", e, err)
	}
	first, err := c.CAS(ctx, "switches", []byte("one"), 0)
	if err != nil || first == 0 {
		t.Fatal(first, err)
	}
	for _, revision := range []uint64{0, first + 1} {
		if _, err := c.CAS(ctx, "switches", []byte("two"), revision); !errors.Is(err, control.ErrMoved) {
			t.Errorf("over revision %d: %v", revision, err)
		}
	}
	if _, err := c.CAS(ctx, "other", []byte("x"), 0); err != nil {
		t.Error("another key:", err)
	}
	second, err := c.CAS(ctx, "switches", []byte("two"), first)
	if err != nil || second <= first {
		t.Fatal(second, err)
	}
	s.on.Stop()
	if _, err := c.CAS(ctx, "switches", []byte("three"), second); !errors.Is(err, control.ErrAway) {
		t.Errorf("a store that is away: %v", err)
	}
	if _, err := c.Read(ctx, "switches"); !errors.Is(err, control.ErrAway) {
		t.Errorf("a store that is away: %v", err)
	}
	s.begin()
	pausetest.Until(t, "the store to be back", c.Up)
	if e, err := c.Read(ctx, "switches"); err != nil || string(e.Value) != "two" || e.Revision != second || e.Key != "switches" {
		t.Errorf("after the store's death: %+v, %v", e, err)
	}
}

// Many write the same key at once: each revision has one writer. Who hears nothing (a disk may stand still for a second)
// reads the key to know.
func TestOneWriterWins(t *testing.T) {
	t.Parallel()
	s := start(t)
	const writers, rounds = 8, 10
	var won atomic.Int64
	for round := range rounds {
		c := s.dial()
		e, err := c.Read(t.Context(), "witness")
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				mine := fmt.Sprint(round, i)
				_, err := c.CAS(t.Context(), "witness", []byte(mine), e.Revision)
				for errors.Is(err, control.ErrAway) && t.Context().Err() == nil {
					var now control.Entry
					if now, err = c.Read(t.Context(), "witness"); err == nil && string(now.Value) != mine {
						err = control.ErrMoved
					}
				}
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, control.ErrMoved) {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if won.Load() != rounds {
		t.Errorf("%d of %d rounds were won", won.Load(), rounds)
	}
}

func TestALeaseEndsByItself(t *testing.T) {
	t.Parallel()
	c, ctx := start(t).dial(), t.Context()
	keep := func(key, value string, ttl time.Duration) {
		t.Helper()
		if err := c.Lease(ctx, key, []byte(value), ttl); err != nil {
			t.Fatal(err)
		}
	}
	keep("l5.ams-heavy.1", "one", time.Minute)
	keep("l5.ams-heavy.2", "two", 3*time.Second) // long enough to be listed on a machine that stands still for a moment
	keep("l5.ams-light.1", "else", time.Minute)
	keep("l5.ams-heavy.1", "one again", time.Minute)
	held, err := c.Leases(ctx, "l5.ams-heavy")
	if err != nil || len(held) != 2 || string(held["l5.ams-heavy.1"]) != "one again" || string(held["l5.ams-heavy.2"]) != "two" {
		t.Fatalf("%q, %v", held, err)
	}
	began := time.Now()
	pausetest.Until(t, "the lease of 3 s to end", func() bool {
		held, err = c.Leases(ctx, "l5.ams-heavy")
		return err == nil && len(held) == 1
	})
	if took := time.Since(began); took < time.Second {
		t.Errorf("the lease ended after %s", took)
	}
	if err := c.Release(ctx, "l5.ams-heavy.1"); err != nil {
		t.Fatal(err)
	}
	if held, err = c.Leases(ctx, "l5.ams-heavy"); err != nil || len(held) != 0 {
		t.Errorf("after release: %q, %v", held, err)
	}
	if held, err = c.Leases(ctx, "nobody"); err != nil || len(held) != 0 {
		t.Errorf("nobody: %q, %v", held, err)
	}
}

func TestWatchersHear(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.dial()
	ctx, stop := context.WithCancel(t.Context())
	var watchers sync.WaitGroup
	var mu sync.Mutex
	var lists [][]string
	var values []string
	watchers.Go(func() {
		_ = c.WatchLeases(ctx, "l5", func(held map[string][]byte) {
			mu.Lock()
			defer mu.Unlock()
			lists = append(lists, slices.Sorted(maps.Keys(held)))
		})
	})
	watchers.Go(func() {
		_ = c.Watch(ctx, "switches", func(e control.Entry) {
			mu.Lock()
			defer mu.Unlock()
			values = append(values, string(e.Value))
		})
	})
	heard := func(value string, keys ...string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(lists) > 0 && slices.Equal(lists[len(lists)-1], keys) && len(values) > 0 && values[len(values)-1] == value
		}
	}
	pausetest.Until(t, "what is there at first", heard(""))
	other := s.dial()
	for range 3 { // a renewal is no news
		if err := other.Lease(t.Context(), "l5.a", []byte("1"), time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := other.CAS(t.Context(), "switches", []byte("v1"), 0); err != nil {
		t.Fatal(err)
	}
	pausetest.Until(t, "the lease and the value", heard("v1", "l5.a"))
	pausetest.Until(t, "the lease's end", heard("v1"))
	mu.Lock()
	for i := range lists[1:] {
		if slices.Equal(lists[i], lists[i+1]) {
			t.Errorf("heard the same list twice: %q", lists)
		}
	}
	if len(values) != 2 {
		t.Errorf("heard the values %q", values)
	}
	mu.Unlock()
	s.on.Stop()
	s.begin()
	pausetest.Until(t, "the store to be back", other.Up)
	if err := other.Lease(t.Context(), "l5.b", []byte("1"), time.Minute); err != nil {
		t.Fatal(err)
	}
	pausetest.Until(t, "what is new after the store's death", heard("v1", "l5.b"))
	stop()
	watchers.Wait()
}

func TestBadKeysAndValuesAreRefused(t *testing.T) {
	t.Parallel()
	c, err := control.Dial("127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := t.Context()
	for _, key := range []string{"", "a..b", ".a", "a.*", ">", "a b"} {
		_, read := c.Read(ctx, key)
		_, cas := c.CAS(ctx, key, nil, 0)
		_, list := c.Leases(ctx, key)
		for _, err := range []error{read, cas, list, c.Lease(ctx, key, nil, time.Second), c.Release(ctx, key),
			c.Watch(ctx, key, nil), c.WatchLeases(ctx, key, nil)} {
			if err == nil || errors.Is(err, control.ErrAway) {
				t.Errorf("key %q: %v", key, err)
			}
		}
	}
	if _, err := c.CAS(ctx, "k", make([]byte, control.MaxValue+1), 0); err == nil || errors.Is(err, control.ErrAway) {
		t.Errorf("a large value: %v", err)
	}
	for _, ttl := range []time.Duration{0, 1500 * time.Millisecond, -time.Second} {
		if err := c.Lease(ctx, "k", nil, ttl); err == nil || errors.Is(err, control.ErrAway) {
			t.Errorf("a lease for %s: %v", ttl, err)
		}
	}
	if _, err := control.Dial("\x00"); err == nil {
		t.Error("an address of no use")
	}
}

// To the two data centres the store is the witness: whoever writes over what somebody else has written is told so in their words.
func TestTheStoreIsAWitness(t *testing.T) {
	t.Parallel()
	s := start(t)
	w, ctx := s.dial().Witness(), t.Context()
	if value, revision, err := w.Read(ctx, "pair.a"); value != "" || revision != 0 || err != nil {
		t.Fatalf("a key never written: %q, %d, %v", value, revision, err)
	}
	first, err := w.CAS(ctx, "pair.a", "mirrored", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.CAS(ctx, "pair.a", "taken", 0); !errors.Is(err, pair.ErrMoved) {
		t.Errorf("over an older revision: %v", err)
	}
	if value, revision, err := w.Read(ctx, "pair.a"); value != "mirrored" || revision != first || err != nil {
		t.Errorf("read %q, %d, %v", value, revision, err)
	}
	s.on.Stop()
	if _, _, err := w.Read(ctx, "pair.a"); err == nil {
		t.Error("a store that is away has answered")
	}
}
