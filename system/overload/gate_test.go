package overload

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/api"
)

const every = 5 * time.Second

func TestGate(t *testing.T) {
	g, now := NewGate(every, 1000), time.Unix(1_700_000_000, 0)
	for _, step := range []struct {
		after time.Duration
		user  api.User
		want  bool
	}{{0, 1, true}, {0, 1, false}, {0, 2, true}, {every - 1, 1, false}, {every, 1, true}, {every + 1, 1, false}, {2 * every, 2, true}} {
		if got := g.Pass(step.user, now.Add(step.after)); got != step.want {
			t.Errorf("user %d after %s: %t, want %t", step.user, step.after, got, step.want)
		}
	}
	g.Release(2)
	if !g.Pass(2, now.Add(2*every)) || g.Pass(2, now.Add(2*every)) {
		t.Error("after a release a user passes once")
	}
	g.Release(3) // never passed
}

func TestGateRemembersAllItIsMadeFor(t *testing.T) {
	const users = 100_000
	g, now := NewGate(every, users), time.Unix(1_700_000_000, 0)
	for u := range api.User(users) {
		g.Pass(u+1, now)
	}
	again := 0
	for u := range api.User(users) {
		if g.Pass(u+1, now.Add(time.Second)) {
			again++
		}
	}
	t.Logf("%d of %d users passed twice, %d claims were forgotten", again, users, g.Forgotten())
	if again > users/100 {
		t.Errorf("%d of %d users passed twice, want ≤ 1 %%", again, users)
	}
}

func TestGateIsBoundedAndFailsOpen(t *testing.T) {
	g, now := NewGate(every, 100), time.Unix(1_700_000_000, 0)
	for u := range api.User(10_000) {
		if !g.Pass(u+1, now.Add(time.Duration(u))) {
			t.Fatalf("user %d did not pass a full gate", u+1)
		}
	}
	if got := g.Forgotten(); got < 9_000 || len(g.buckets)*bucketSize > 512 {
		t.Errorf("%d claims forgotten with %d places", got, len(g.buckets)*bucketSize)
	}
	if g.Pass(10_000, now.Add(time.Second)) {
		t.Error("the newest claim was forgotten, want the oldest")
	}
}

func TestGateAdmitsOneOfMany(t *testing.T) {
	g, now := NewGate(every, 1000), time.Unix(1_700_000_000, 0)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for u := range api.User(500) {
				if g.Pass(u+1, now) {
					passed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if passed.Load() != 500 {
		t.Errorf("%d claims of 500 users passed", passed.Load())
	}
}

func BenchmarkGate(b *testing.B) {
	g, now := NewGate(every, 1<<20), time.Unix(1_700_000_000, 0)
	b.ReportAllocs()
	for u := api.User(1); b.Loop(); u++ {
		g.Pass(u, now)
	}
}

func BenchmarkAdmits(b *testing.B) {
	a := NewAdmission(time.Millisecond, 1)
	a.below[api.List].Store(1 << 15)
	for u := api.User(1); b.Loop(); u++ {
		a.Admits(u, 5, api.List)
	}
}
