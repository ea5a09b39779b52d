package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxCallers is how many inner links one callee serves at once; the next one is turned away.
const maxCallers = 256

// Caller is the callee's end of one inner link: where the answers to its calls go.
type Caller struct {
	pipe *pipe
	owed atomic.Int64
}

// Owed is how many of this caller's calls were handed to serve and are not answered yet. A callee that bounds it cannot
// be filled by one caller alone.
func (c *Caller) Owed() int { return int(c.owed.Load()) }

// Reply sends answers, from any goroutine, without blocking; they are encoded before it returns, and leave together. A
// caller that is gone is no error. One that lets MaxQueued bytes of answers pile up is cut off: it does not read.
func (c *Caller) Reply(replies []Reply) {
	c.owed.Add(-int64(len(replies)))
	p := c.pipe
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead || len(replies) == 0 {
		return
	}
	if len(p.buf) >= MaxQueued {
		p.die()
		return
	}
	for i := range replies {
		r := &replies[i]
		p.buf = appendReply(p.begin(p.buf, replySize+len(r.Body)), r)
		p.end(p.buf)
	}
	p.kick()
}

// Forgo gives up the answers to n calls: they will never come, and are owed no more.
func (c *Caller) Forgo(n int) { c.owed.Add(-int64(n)) }

// ListenCalls serves inner links on addr until ctx ends; then it returns nil. serve gets every call of one read as one
// batch, valid until it returns; it must not block, and answers whenever it likes through Caller. Batches of one link
// come one after the other, those of several links at once.
func ListenCalls(ctx context.Context, addr string, serve func(batch []Call, from *Caller)) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for calls: %w", err)
	}
	return ServeCalls(ctx, l, serve)
}

// ServeCalls is ListenCalls on a listener that exists already; it closes the listener.
func ServeCalls(ctx context.Context, l net.Listener, serve func(batch []Call, from *Caller)) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	defer l.Close()
	places := make(chan struct{}, maxCallers)
	var links sync.WaitGroup
	defer links.Wait()
	return accept(ctx, l, func(conn net.Conn) {
		select {
		case places <- struct{}{}:
			links.Go(func() {
				serveCaller(ctx, conn, serve)
				<-places
			})
		default:
			_ = conn.Close()
		}
	})
}

// accept takes connections until ctx ends (nil) or the listener is closed by somebody else (an error). Failures that
// pass, such as too many open files, are waited out.
func accept(ctx context.Context, l net.Listener, take func(net.Conn)) error {
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept on %s: %w", l.Addr(), err)
		case err != nil:
			select {
			case <-ctx.Done():
			case <-time.After(backoffMin):
			}
		default:
			take(conn)
		}
	}
}

func serveCaller(ctx context.Context, conn net.Conn, serve func([]Call, *Caller)) {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	p := newPipe(conn, kindReplies)
	defer p.kill()
	if err := p.write([]byte(greeting)); err != nil {
		return
	}
	// Whatever ends the connection, its caller sees it and dials again; nothing is left to do here.
	_ = p.read(kindCalls, &callBatch{serve: serve, from: &Caller{pipe: p}})
}

// callBatch collects the calls of one read.
type callBatch struct {
	serve func([]Call, *Caller)
	from  *Caller
	calls []Call
}

func (b *callBatch) frame(items []byte) (err error) {
	if len(items) == 0 {
		b.from.pipe.beat()
	}
	b.calls, err = decodeCalls(b.calls, items)
	return err
}

func (b *callBatch) hand() {
	if len(b.calls) > 0 {
		b.from.owed.Add(int64(len(b.calls)))
		b.serve(b.calls, b.from)
		b.calls = b.calls[:0]
	}
}
