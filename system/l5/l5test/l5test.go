// Package l5test holds what l5 asks of a store, as a store in memory that keeps the contract and as questions that any
// store can be asked.
package l5test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/system/l5"
)

// Memory is a store in memory. It may be used by several goroutines at once.
type Memory struct {
	mu     sync.Mutex
	leases map[string]lease
	away   bool
}

type lease struct {
	value []byte
	ends  time.Time
}

var _ l5.Store = (*Memory)(nil)

// ErrAway is what every call returns while the store is away.
var ErrAway = errors.New("the store does not answer")

// Lease writes a key that ends by itself.
func (m *Memory) Lease(_ context.Context, key string, value []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return ErrAway
	}
	if m.leases == nil {
		m.leases = map[string]lease{}
	}
	m.leases[key] = lease{bytes.Clone(value), time.Now().Add(ttl)}
	return nil
}

// Leases are the values below a prefix.
func (m *Memory) Leases(_ context.Context, prefix string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, ErrAway
	}
	now, held := time.Now(), map[string][]byte{}
	maps.DeleteFunc(m.leases, func(_ string, l lease) bool { return !now.Before(l.ends) })
	for key, l := range m.leases {
		if strings.HasPrefix(key, prefix+".") {
			held[key] = bytes.Clone(l.value)
		}
	}
	return held, nil
}

// Die makes every call fail, and forgets all leases, as a store in memory does; Return brings it back, empty.
func (m *Memory) Die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away, m.leases = true, nil
}

// Return ends what Die began.
func (m *Memory) Return() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = false
}

// Behaves asks an empty store what l5 builds on. It takes some seconds: leases are in whole ones.
func Behaves(t *testing.T, s l5.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	put := func(key, value string, ttl time.Duration) {
		t.Helper()
		if err := s.Lease(ctx, key, []byte(value), ttl); err != nil {
			t.Fatal(err)
		}
	}
	list := func(prefix string) map[string]string {
		t.Helper()
		held, err := s.Leases(ctx, prefix)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for k, v := range held {
			texts[k] = string(v)
		}
		return texts
	}
	wants := func(prefix string, want map[string]string) {
		t.Helper()
		if got := list(prefix); !maps.Equal(got, want) {
			t.Errorf("below %s there is %v, want %v", prefix, got, want)
		}
	}
	wants("l5.ams", nil)
	put("l5.ams.ams-1", "one", 30*time.Second)
	put("l5.ams.ams-2", "", 30*time.Second)
	put("l5.ams-light.ams-light-1", "other", 30*time.Second)
	wants("l5.ams", map[string]string{"l5.ams.ams-1": "one", "l5.ams.ams-2": ""})
	put("l5.ams.ams-1", "again", 30*time.Second)
	put("l5.ams.ams-2", "short", time.Second)
	wants("l5.ams", map[string]string{"l5.ams.ams-1": "again", "l5.ams.ams-2": "short"})
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); len(list("l5.ams")) == 2; <-tick.C {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("a lease of a second holds for ten")
		}
	}
	wants("l5.ams", map[string]string{"l5.ams.ams-1": "again"})
}
