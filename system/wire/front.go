package wire

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/api"
)

// Door is what a front door does with the requests that come through it.
type Door struct {
	// Serve is given every complete request of one read. It must not block, and need not answer all: what it passes over
	// gets the bare answer of the request's Code. Batches of one connection come one after the other.
	Serve func(b *Batch)
	// Settled, if there is one, hears how every request came out that Serve put off with Later, when it is answered. It is
	// called with a lock held: it must be quick, and must not call back.
	Settled func(Settled)
	Replies *Replies // nil: without Retry-After
	Limits  Limits
}

// Settled is how a request came out.
type Settled struct {
	Note uint64 // as Wait said
	Via  uint16 // as Wait said
	Code api.Code
	Late bool // its time was up: no reply had come
}

// Front serves pipelined HTTP/1.1: a read's requests are handled together, and answers leave in order, many to a write.
type Front struct {
	door   Door
	start  time.Time
	counts [api.Ops + 1][api.Codes]atomic.Uint64
	open   atomic.Int64

	conns []atomic.Pointer[frontConn]
	due   []atomic.Int64 // per connection: its earliest deadline, ns since start
	high  atomic.Int64   // one past the highest index ever used

	mu   sync.Mutex // guards what follows
	free []int
	gens []uint16
}

// NewFront makes a front door; Serve opens it.
func NewFront(d Door) *Front {
	d.Limits = d.Limits.orDefault()
	if d.Replies == nil {
		d.Replies = NewReplies(func(api.Code) time.Duration { return 0 }, 0)
	}
	f := &Front{door: d, start: time.Now(), conns: make([]atomic.Pointer[frontConn], d.Limits.Conns),
		due: make([]atomic.Int64, d.Limits.Conns), gens: make([]uint16, d.Limits.Conns)}
	for i := d.Limits.Conns - 1; i >= 0; i-- {
		f.due[i].Store(never)
		f.free = append(f.free, i)
	}
	return f
}

// ListenFront serves HTTP on addr until ctx ends; then it returns nil.
func ListenFront(ctx context.Context, addr string, serve func(*Batch), limits Limits) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("open the front door: %w", err)
	}
	return ServeFront(ctx, l, serve, limits)
}

// ServeFront is ListenFront on a listener that exists already. A serve that does nothing answers 200 to every request
// of the API: a null server.
func ServeFront(ctx context.Context, l net.Listener, serve func(*Batch), limits Limits) error {
	return NewFront(Door{Serve: serve, Limits: limits}).Serve(ctx, l)
}

// Serve takes connections from l until ctx ends, closes them, and returns nil; it closes l. It is called once.
func (f *Front) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		_ = l.Close()
		f.each(func(c *frontConn) { c.kill() })
	})()
	running.Go(func() { f.scan(ctx) })
	err := accept(ctx, l, func(conn net.Conn) {
		c := f.enter(conn)
		if c == nil {
			f.turnAway(conn)
			return
		}
		running.Go(c.run)
	})
	_ = l.Close()
	f.each(func(c *frontConn) { c.kill() })
	return err
}

// turnAway tells a client that the house is full; so few bytes never block on a new connection.
func (f *Front) turnAway(conn net.Conn) {
	f.counts[api.Ops][api.Busy].Add(1)
	_ = conn.SetWriteDeadline(time.Now().Add(scanEvery))
	_, _ = conn.Write(appendLast(nil, f.door.Replies.Bare(api.Busy).text))
	_ = conn.Close()
}

// Answer answers requests that Serve put off with Later: a reply's ID is what Later returned. It may be called from any
// goroutine, keeps nothing, and does not block. Replies that are late, or whose ID is not one, are dropped; it returns how
// many were not.
func (f *Front) Answer(replies []Reply) (inTime int) {
	var held *frontConn
	for i := range replies {
		r := &replies[i]
		c := f.find(r.ID)
		if c != held {
			if held != nil {
				held.release()
			}
			if held = c; c != nil {
				c.mu.Lock()
			}
		}
		if c == nil || r.Code >= api.Codes {
			continue
		}
		n := c.expand(uint32(r.ID))
		if s := c.pending(n); s != nil && !c.dead {
			c.fill(n, s, r)
			c.advance()
			inTime++
		}
	}
	if held != nil {
		held.release()
	}
	return inTime
}

// Count is how many requests of an op were answered with a code so far; Ops stands for what was no request of the API.
func (f *Front) Count(op api.Op, code api.Code) uint64 { return f.counts[op][code].Load() }

// Conns is how many connections stand.
func (f *Front) Conns() int { return int(f.open.Load()) }

// Replies renders the answers of this door.
func (f *Front) Replies() *Replies { return f.door.Replies }

func (f *Front) since() int64 { return int64(time.Since(f.start)) }

// share is how many requests one connection may have in flight now.
func (f *Front) share() int {
	l := &f.door.Limits
	return min(l.InFlight, max(minInFlight, l.InFlightAll/max(1, int(f.open.Load()))))
}

// scan answers what is past its deadline. While nothing is near its own, it rests: what arrives meanwhile is due later.
func (f *Front) scan(ctx context.Context) {
	wait := time.NewTimer(scanEvery)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		now, next := f.since(), int64(never)
		for i := range f.high.Load() {
			due := f.due[i].Load()
			next = min(next, due)
			if due > now {
				continue
			}
			if c := f.conns[i].Load(); c != nil {
				c.expire(now)
			}
		}
		wait.Reset(max(scanEvery, min(scanRest, time.Duration(next-now))))
	}
}
