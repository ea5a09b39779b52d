package volley

import (
	"context"
	"net"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"redpacket/system/api"
	"redpacket/system/pause"
)

// class is a kind of request that shares connections with no other: answers come in order, so a refusal would wait
// behind an admitted call.
type class int

const (
	statics class = iota
	reads         // list, select, receipt
	claims
	classes
)

func classOf(op api.Op) class {
	switch op {
	case api.Static:
		return statics
	case api.Claim:
		return claims
	}
	return reads
}

const (
	maxOut    = 16 << 20  // bytes that wait to be written on one connection; beyond it the connection counts as gone
	keepOut   = 1 << 20   // a larger buffer is not kept for later
	readSize  = 128 << 10 // of a connection's buffer for answers, or less when there are many: readMost in all
	readMost  = 32 << 20
	readLeast = 8 << 10
	dialTime  = time.Second
	redial    = 200 * time.Millisecond // the longest wait between two dials; the first is 10 ms
)

// conn is one client connection: pipelined, with one goroutine that reads and one that writes. Its fields are under the
// engine's lock.
type conn struct {
	e       *engine
	place   *place
	net     net.Conn // nil while there is none
	out     []byte   // to be written
	spare   []byte   // the buffer that was written last
	sent    fifo
	written uint64        // the requests before this place in sent have left
	writing time.Duration // since when a write has been going on; 0: none
	awake   bool          // the writer will look again
	leaving bool          // it is closed because nobody is sent to its place any more
	wake    chan struct{}
	buffer  int           // bytes
	ready   chan struct{} // closed when the connection is there for the first time
}

// nudge makes the writer look. The first request wakes it; those that follow until it runs leave with the first.
func (c *conn) nudge() {
	if !c.awake {
		c.awake = true
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// check is the clock's look at a connection: a write that takes longer than patience means that the other side reads
// no more, and its clients hang up. The nudge is a back-stop.
func (c *conn) check(now time.Duration) {
	if c.writing > 0 && now-c.writing > c.e.profile.Patience && c.net != nil {
		_ = c.net.Close()
	}
	if len(c.out) > 0 && c.net != nil {
		c.nudge()
	}
	if !c.place.wanted && c.net != nil && c.sent.waiting() == 0 && !c.leaving {
		c.leaving = true
		_ = c.net.Close()
	}
}

// write is the writer's life.
func (c *conn) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		for more := true; more; {
			// Whoever is about to ask does so first, and leaves in the same write.
			runtime.Gosched()
			more = c.flush()
		}
	}
}

// flush writes what there is, and says whether there may be more.
func (c *conn) flush() bool {
	c.e.mu.Lock()
	to := c.net
	if to == nil || len(c.out) == 0 {
		c.awake = false
		c.e.mu.Unlock()
		return false
	}
	batch, upTo := c.out, c.sent.tail
	c.out = c.spare[:0]
	c.spare = nil
	c.writing = max(1, c.e.now())
	c.e.mu.Unlock()

	_, err := to.Write(batch)

	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	c.writing = 0
	if cap(batch) <= keepOut {
		c.spare = batch
	}
	if c.net != to {
		return true
	}
	if err != nil {
		_ = to.Close() // the reader sees it and takes the connection down
		c.awake = false
		return false
	}
	c.written = upTo
	return true
}

// live is the reader's life: dial while users are sent to the place, read until the connection ends, dial again.
func (c *conn) live(ctx context.Context, lost chan<- struct{}) {
	dialer := net.Dialer{Timeout: dialTime, Control: unpaced}
	next := tick
	for c.place.await(ctx) {
		to, err := dialer.DialContext(ctx, "tcp", c.place.addr)
		if err != nil {
			pause.For(ctx, next)
			next = min(2*next, redial)
			continue
		}
		next = tick
		hangUp := context.AfterFunc(ctx, func() { _ = to.Close() })
		c.up(to)
		c.read(to)
		hangUp()
		_ = to.Close()
		if c.lost(ctx.Err() == nil) {
			select {
			case lost <- struct{}{}:
			default:
			}
		}
		pause.For(ctx, next)
	}
}

func (c *conn) up(to net.Conn) {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	c.net, c.awake, c.leaving, c.written = to, false, false, c.sent.tail
	select {
	case <-c.ready:
	default:
		close(c.ready)
	}
}

// lost ends every request on the connection as unknown. It says whether the connection was dropped: not by us.
func (c *conn) lost(running bool) (dropped bool) {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	c.net, c.out = nil, c.out[:0]
	c.e.counts.unsent += c.sent.tail - c.written
	if dropped = running && !c.leaving; dropped {
		c.e.counts.dropped++
	}
	c.e.giveUp(c, c.e.now(), -1<<62)
	c.sent.clear()
	return dropped
}

// read takes answers until the connection ends or what comes is no answer.
func (c *conn) read(from net.Conn) {
	buffer, filled := make([]byte, c.buffer), 0
	for {
		n, err := from.Read(buffer[filled:])
		filled += n
		used, broken := c.take(buffer[:filled])
		if err != nil || broken != nil {
			return
		}
		filled = copy(buffer, buffer[used:filled])
		if filled == len(buffer) {
			if filled > maxHead+maxBody {
				return
			}
			buffer = append(buffer, make([]byte, filled)...)
		}
	}
}

// take ends the requests whose answers have come whole, and returns how many bytes those were.
func (c *conn) take(b []byte) (used int, broken error) {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	now := c.e.now()
	for used < len(b) {
		a, size, err := cutAnswer(b[used:])
		if size == 0 && err == nil {
			return used, nil
		}
		p, waited, asked := c.sent.pop()
		switch {
		case !asked:
			c.e.counts.garbled++
			return used, errBroken
		case err != nil:
			c.e.counts.garbled++
			if waited {
				c.e.end(p, now, verdict{outcome: api.Failed})
			}
			return used, err
		case waited:
			c.e.end(p, now, c.e.read(a, p.op))
		default:
			c.e.counts.tooLate++
		}
		used += size
	}
	return used, nil
}

// unpaced asks for the congestion control that every kernel has. Some machines default to one that paces each connection
// by timers, and five connections carry what thousands of users' would.
func unpaced(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		// A kernel that does not allow it only costs more.
		_ = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
	})
}
