package grantlog_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/grantlog"
	"redpacket/system/roles/logd"
	"redpacket/system/wire/wiretest"
)

// offer is an activity of three games: gift i belongs to game i % 3.
func offer() activity.Activity {
	a := activity.Activity{ID: 1, Seed: 1, Games: 3}
	for i := range 6 {
		a.Gifts = append(a.Gifts, activity.Gift{ID: api.Gift(i), Game: uint8(i % 3), Shares: 1 << 20, Total: 1 << 30})
	}
	return a
}

// batch is n grants over all gifts; no two batches of a writer share an order.
func batch(writer string, number uint64, n int) grantlog.Batch {
	b := grantlog.Batch{Epoch: 1, Writer: writer, Number: number}
	for i := range n {
		b.Grants = append(b.Grants, api.Grant{Order: api.OrderOf(1, api.Gift(i%6), uint32(number)*2000+uint32(i)),
			User: api.User(number*2000 + uint64(i) + 1), Fen: 100, Server: 1})
	}
	return b
}

func start(t *testing.T, dir, listen string) *logd.Server {
	t.Helper()
	s, err := logd.Start(logd.Options{Name: "log", Listen: listen, Data: dir, Games: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func dial(t *testing.T, addr string) *grantlog.Log {
	t.Helper()
	l, err := grantlog.Connect(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func announce(t *testing.T, l *grantlog.Log, s grantlog.Shard) grantlog.Shard {
	t.Helper()
	s, err := l.Announce(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func publish(t *testing.T, l *grantlog.Log, fence uint64, batches ...grantlog.Batch) {
	t.Helper()
	for _, b := range batches {
		if err := l.Publish(t.Context(), fence, b); err != nil {
			t.Fatal(err)
		}
	}
}

// read returns the numbers of the batches in the log.
func read(t *testing.T, l *grantlog.Log) (numbers []uint64) {
	t.Helper()
	for b, err := range l.Read(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, b.Number)
	}
	return numbers
}

// within gives a call a moment.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// link forwards to a server, and can swallow either direction.
type link struct {
	addr     string
	to       string
	up, down atomic.Bool // swallow what goes to the server; what comes from it
	mu       sync.Mutex
	conns    []net.Conn
}

func newLink(t *testing.T, to string) *link {
	t.Helper()
	listener := wiretest.Listen(t)
	k := &link{addr: listener.Addr().String(), to: to}
	t.Cleanup(func() { _ = listener.Close(); k.cut() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", k.to)
			if err != nil {
				_ = near.Close()
				continue
			}
			k.mu.Lock()
			k.conns = append(k.conns, near, far)
			k.mu.Unlock()
			go k.pump(far, near, &k.up)
			go k.pump(near, far, &k.down)
		}
	}()
	return k
}

func (k *link) pump(to, from net.Conn, swallow *atomic.Bool) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if swallow.Load() {
			continue
		}
		if _, err := io.Writer(to).Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut breaks all connections and lets new ones through whole.
func (k *link) cut() {
	k.up.Store(false)
	k.down.Store(false)
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.conns {
		_ = c.Close()
	}
	k.conns = nil
}
