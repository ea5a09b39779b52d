package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Link is the caller's end of an inner link: one connection, dialled again whenever it breaks. It is safe for any
// number of goroutines. Calls that were on their way when a connection broke are never answered: give each a deadline.
type Link struct {
	addr     string
	answered func([]Reply)
	live     atomic.Pointer[pipe]
	last     atomic.Pointer[string] // why the last connection ended, or could not be made
}

// DialCalls dials addr in the background until ctx ends, and hands every reply to answered, from one goroutine, all of
// one read together; they and their bodies are valid until it returns. answered must not block.
func DialCalls(ctx context.Context, addr string, answered func([]Reply)) *Link {
	l := &Link{addr: addr, answered: answered}
	go l.run(ctx)
	return l
}

// Up says that a connection stands, and that the callee itself, not just a proxy before it, has been heard on it within
// the last 1.5 s.
func (l *Link) Up() bool { return l.live.Load() != nil }

// Why is what ended the last connection, or prevented it; empty before anything went wrong.
func (l *Link) Why() string {
	if s := l.last.Load(); s != nil {
		return *s
	}
	return ""
}

// Behind is how long the oldest call that is not yet written has waited here; 0 when the link is down.
func (l *Link) Behind() time.Duration {
	if p := l.live.Load(); p != nil {
		return p.behind()
	}
	return 0
}

// Send queues a call and never blocks; false: the link is down, or MaxQueued bytes wait already.
func (l *Link) Send(c Call) bool {
	p := l.live.Load()
	if p == nil {
		return false
	}
	p.mu.Lock()
	ok := !p.dead && len(p.buf) < MaxQueued
	if ok {
		p.buf = appendCall(p.begin(p.buf, callSize), &c)
		p.end(p.buf)
		p.kick()
	}
	p.mu.Unlock()
	return ok
}

func (l *Link) run(ctx context.Context) {
	pause := backoffMin
	for ctx.Err() == nil {
		stood, err := l.once(ctx)
		why := err.Error()
		l.last.Store(&why)
		if stood {
			pause = backoffMin
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, backoffMax)
		}
	}
}

// once makes a connection and uses it up; stood says that the callee greeted.
func (l *Link) once(ctx context.Context) (stood bool, err error) {
	dialer := net.Dialer{Timeout: greetWithin}
	conn, err := dialer.DialContext(ctx, "tcp", l.addr)
	if err != nil {
		return false, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := greeted(conn); err != nil {
		_ = conn.Close()
		return false, fmt.Errorf("wait for the greeting of %s: %w", l.addr, err)
	}
	p := newPipe(conn, kindCalls)
	defer p.kill()
	stop := beating(p)
	defer stop()
	l.live.Store(p)
	defer l.live.Store(nil)
	return true, p.read(kindReplies, &replyBatch{answered: l.answered})
}

func greeted(conn net.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(greetWithin)); err != nil {
		return err
	}
	var got [len(greeting)]byte
	if _, err := io.ReadFull(conn, got[:]); err != nil {
		return err
	}
	if string(got[:]) != greeting {
		return errors.New("it speaks another protocol, or another version of it")
	}
	return nil
}

// beating sends heartbeats until the function that it returns is called.
func beating(p *pipe) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				p.beat()
			}
		}
	}()
	return func() { close(done) }
}

// replyBatch collects the replies of one read.
type replyBatch struct {
	answered func([]Reply)
	replies  []Reply
}

func (b *replyBatch) frame(items []byte) (err error) {
	b.replies, err = decodeReplies(b.replies, items)
	return err
}

func (b *replyBatch) hand() {
	if len(b.replies) > 0 {
		b.answered(b.replies)
		b.replies = b.replies[:0]
	}
}
