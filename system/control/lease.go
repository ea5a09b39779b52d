package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// mostLeases is how many leases one listing may have; the server answers no more.
const mostLeases = 1024

// Lease writes a key that ends by itself when it is not written again within ttl, or renews it: a whole number of
// seconds, 1 or more; the server looks about once a second. Leases are in the store's memory: a store that starts anew has
// none until their owners renew them. It asks once, for at most 1 s; the error wraps ErrAway when the store is not there.
func (s *Store) Lease(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := errors.Join(checkKey(key), checkValue(value)); err != nil {
		return err
	}
	if ttl < time.Second || ttl%time.Second != 0 {
		return fmt.Errorf("lease %s for %s; want whole seconds, 1 or more", key, ttl)
	}
	if _, err := s.put(ctx, &nats.Msg{Subject: leases.subject(key), Data: value, Header: nats.Header{headerTTL: {ttl.String()}}}); err != nil {
		return fmt.Errorf("lease %s: %w", key, err)
	}
	return nil
}

// Release ends a lease at once, whoever holds it; one that is not there is released. It asks once, for at most 1 s; the
// error wraps ErrAway when the store is not there.
func (s *Store) Release(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	gone := nats.Header{headerTTL: {"1s"}, headerWhat: {"DEL"}}
	if _, err := s.put(ctx, &nats.Msg{Subject: leases.subject(key), Header: gone}); err != nil {
		return fmt.Errorf("release %s: %w", key, err)
	}
	return nil
}

// Leases are the leases whose keys lie below a prefix of words joined by dots (l5.ams-heavy lists l5.ams-heavy.1), by key.
// At most 1024. It asks once, for at most 1 s.
func (s *Store) Leases(ctx context.Context, prefix string) (map[string][]byte, error) {
	if err := checkKey(prefix); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	inbox := nats.NewInbox()
	answers, err := s.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w: %w", prefix, ErrAway, err)
	}
	defer func() { _ = answers.Unsubscribe() }()
	ask := fmt.Appendf(nil, `{"multi_last":[%q],"batch":%d}`, leases.subject(prefix+".>"), mostLeases)
	if err := s.nc.PublishRequest(leases.get(), inbox, ask); err != nil {
		return nil, fmt.Errorf("list %s: %w: %w", prefix, ErrAway, err)
	}
	held := map[string][]byte{}
	for {
		m, err := answers.NextMsgWithContext(ctx)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w: %s: %w", prefix, ErrAway, s, err)
		}
		switch status := m.Header.Get("Status"); status {
		case "":
		case "204", "404": // the end; nothing there
			return held, nil
		default:
			return nil, fmt.Errorf("list %s: status %s %s", prefix, status, m.Header.Get("Description"))
		}
		e, err := entry(leases, m)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", prefix, err)
		}
		if m.Header.Get(headerWhat) == "" {
			held[e.Key] = e.Value
		}
	}
}

// How often a watch looks when nothing is heard, and how soon after something is. That a key is written is heard, and a
// connection that was lost has the watch look again; that a lease has ended is not heard.
const (
	lookAtLeases = time.Second
	lookAtKey    = 5 * time.Second
	lookSoon     = 5 * time.Millisecond
)

// WatchLeases calls changed with the leases below a prefix, now and whenever they are others, until ctx ends. A new lease
// and a release are heard at once, the end of one within 2 s. While the store is away nothing is called: the last known
// list stays. A store that has started anew has none for a moment; whoever needs a list then keeps the last known one.
func (s *Store) WatchLeases(ctx context.Context, prefix string, changed func(map[string][]byte)) error {
	if err := checkKey(prefix); err != nil {
		return err
	}
	var mu sync.Mutex
	var known map[string][]byte
	// A renewal is no news: it must not make every watcher read the whole list again.
	news := func(m *nats.Msg) bool {
		mu.Lock()
		defer mu.Unlock()
		value, held := known[strings.TrimPrefix(m.Subject, leases.subject(""))]
		return !held || m.Header.Get(headerWhat) != "" || !bytes.Equal(value, m.Data)
	}
	return s.look(ctx, leases.subject(prefix+".>"), lookAtLeases, news, func() {
		held, err := s.Leases(ctx, prefix)
		if err != nil {
			return
		}
		mu.Lock()
		same := known != nil && maps.EqualFunc(known, held, bytes.Equal)
		known = held
		mu.Unlock()
		if !same {
			changed(held)
		}
	})
}

// Watch calls changed with what a key holds, now and at every newer revision, until ctx ends. Revisions that follow each
// other fast may be passed over; the newest never is. It looks through every absence of the store.
func (s *Store) Watch(ctx context.Context, key string, changed func(Entry)) error {
	if err := checkKey(key); err != nil {
		return err
	}
	told, last := false, uint64(0)
	return s.look(ctx, durable.subject(key), lookAtKey, func(*nats.Msg) bool { return true }, func() {
		if e, err := s.Read(ctx, key); err == nil && (!told || e.Revision != last) {
			told, last = true, e.Revision
			changed(e)
		}
	})
}

// look looks at once, a few times soon after news on a subject or a new connection, and every so often. What is heard is
// not yet stored: the server may still refuse it, or be writing it.
func (s *Store) look(ctx context.Context, subject string, every time.Duration, news func(*nats.Msg) bool, at func()) error {
	heard := make(chan struct{}, 1)
	sub, err := s.nc.Subscribe(subject, func(m *nats.Msg) {
		if !news(m) {
			return
		}
		select {
		case heard <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return fmt.Errorf("watch %s: %w", subject, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	connected := s.nc.StatusChanged(nats.CONNECTED)
	defer s.nc.RemoveStatusListener(connected)
	for wait := time.Duration(0); ctx.Err() == nil; {
		wait = min(max(4*wait, lookSoon), every)
		at()
		timer := time.NewTimer(wait)
		select {
		case <-heard:
			wait = 0
		case _, open := <-connected:
			if wait = 0; !open { // the store was closed
				connected, wait = nil, every
			}
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return ctx.Err()
}
