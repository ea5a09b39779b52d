package wire

import (
	"errors"
	"net"
	"os"
	"time"

	"redpacket/system/api"
)

// frontConn is one client connection. The goroutine in run reads, parses and hands over; answers come from anywhere.
type frontConn struct {
	answers
	gen   uint16
	batch Batch

	in    []byte // in[:have] is read and not yet parsed
	have  int
	begun bool  // the last read found an unfinished request
	from  int64 // when the unfinished request began, or else the last one ended; ns since the front began
	armed int64 // when the read deadline wakes us to look
	full  bool  // the last read filled the buffer
	last  bool  // no more requests are wanted
}

func newFrontConn(f *Front, conn net.Conn, index int, gen uint16) *frontConn {
	c := &frontConn{answers: answers{front: f, index: index}, gen: gen, in: make([]byte, bufferSmall), from: f.since()}
	c.init(conn, f.door.Limits.Write)
	c.batch.conn = c
	return c
}

func (c *frontConn) id(n uint64) uint64 { return id(c.index, c.gen, n) }

// run serves the connection until it ends, one way or another.
func (c *frontConn) run() {
	for !c.last && c.more() {
		c.parse()
	}
	c.drained()
	if c.last {
		c.linger()
	}
	c.kill()
	c.front.leave(c)
}

// parse hands over the complete requests in the buffer, and moves the rest to its start.
func (c *frontConn) parse() {
	b, used := &c.batch, 0
	for !c.last {
		b.Requests = b.Requests[:0]
		for most := min(maxBatch, c.front.share()); len(b.Requests) < most && !c.last; {
			n := c.one(used)
			if n == 0 {
				break
			}
			used += n
		}
		if len(b.Requests) == 0 {
			break
		}
		c.begun = false
		b.hand()
	}
	if used >= c.have {
		c.have = 0
	} else if used > 0 {
		c.have = copy(c.in, c.in[used:c.have])
	}
	if !c.begun || c.have == 0 {
		c.from = c.front.since()
	}
}

// one parses the request at c.in[at:] into the batch; 0: there is no complete one.
func (c *frontConn) one(at int) int {
	b := &c.batch
	b.Requests = append(b.Requests, Request{})
	r := &b.Requests[len(b.Requests)-1]
	n := c.front.door.Limits.parse(c.in[at:c.have], r)
	if n == 0 {
		b.Requests = b.Requests[:len(b.Requests)-1]
	}
	c.last = n != 0 && r.last
	return n
}

// more reads what has come, and waits for it; false: the client has nothing more to say, or was too slow.
func (c *frontConn) more() bool {
	if c.full && len(c.in) < c.front.door.Limits.Buffer {
		c.in = append(make([]byte, 0, c.front.door.Limits.Buffer), c.in[:c.have]...)[:c.front.door.Limits.Buffer]
	}
	c.begun = c.have > 0
	for {
		if now := c.front.since(); now >= c.armed && !c.arm(now, now+c.patience()) {
			return false
		}
		n, err := c.conn.Read(c.in[c.have:])
		if n > 0 {
			c.have += n
			c.full = c.have == len(c.in)
			return true
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return false
		}
		if now := c.front.since(); !c.look(now) {
			return false
		}
	}
}

// patience is how long to read before looking at the clock again.
func (c *frontConn) patience() int64 {
	l := &c.front.door.Limits
	return int64(min(restAfter, l.SlowHead, l.Idle))
}

// arm moves the read deadline. That is done rarely, not before each read: when it strikes, look decides whether
// somebody was really slow.
func (c *frontConn) arm(now, at int64) bool {
	c.armed = at
	return c.conn.SetReadDeadline(time.Now().Add(time.Duration(at-now))) == nil
}

// look is what happens when the read deadline has passed: the slow are told so, and the connection at rest gives back
// its buffers.
func (c *frontConn) look(now int64) (patient bool) {
	l := &c.front.door.Limits
	limit := int64(l.Idle)
	if c.have > 0 {
		limit = int64(l.SlowHead)
	}
	left := c.from + limit - now
	if left <= 0 {
		c.last = true
		c.batch.Requests = append(c.batch.Requests[:0], Request{Code: api.TooSlow, Op: api.Ops, last: true})
		c.batch.hand()
		return false
	}
	if c.have == 0 {
		c.in, c.full = make([]byte, bufferSmall), false
		c.batch.Requests, c.batch.orders = nil, nil
		c.mu.Lock()
		c.rest()
		if !c.writing && len(c.buf) == 0 {
			c.buf, c.spare = nil, nil
		}
		c.mu.Unlock()
	}
	return c.arm(now, now+min(left, c.patience()))
}

// linger lets the client read its last answer: closing while bytes of it are unread would reset the connection and
// could destroy the answer on its way.
func (c *frontConn) linger() {
	half, ok := c.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.conn.SetReadDeadline(time.Now().Add(lingerFor)) != nil {
		return
	}
	for range 64 {
		if _, err := c.conn.Read(c.in); err != nil {
			return
		}
	}
}
