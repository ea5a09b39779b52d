package wire

import (
	"time"

	"redpacket/system/api"
)

// Batch is the requests of one read of one connection, valid until Serve returns.
type Batch struct {
	Requests []Request // those whose Code is not OK are answered by the front itself
	At       time.Time // when they were read

	conn   *frontConn
	first  uint64 // the slot of Requests[0]
	orders []order
}

// order is what the handler has decided about a request.
type order struct {
	now  *Response // answer at once
	wait Wait      // if Late is set: answer later
}

// Wait is how an answer is waited for.
type Wait struct {
	Within time.Duration // since the batch was read; to within 5 ms
	Late   *Response     // the answer if none has come by then
	Note   uint64        // comes back in Door.Settled
	Via    uint16        // likewise: which way the call went, for whoever keeps count of that
}

// Answer answers Requests[i] when Serve returns, in its turn. It replaces what was decided about i before.
func (b *Batch) Answer(i int, r *Response) { b.orders[i] = order{now: r} }

// Later puts off the answer to Requests[i]; the id is what Front.Answer wants to see, which may happen even before
// Serve returns.
func (b *Batch) Later(i int, w Wait) (id uint64) {
	if w.Late == nil {
		w.Late = b.conn.front.door.Replies.Bare(api.Unknown)
	}
	b.orders[i] = order{wait: w}
	return b.conn.id(b.first + uint64(i))
}

// hand has the batch served, and puts what was decided into the slots.
func (b *Batch) hand() {
	c := b.conn
	c.mu.Lock()
	ok := c.room(len(b.Requests))
	if ok {
		b.first = c.take(b.Requests)
	}
	c.mu.Unlock()
	if !ok {
		return
	}
	b.orders = append(b.orders[:0], make([]order, len(b.Requests))...)
	b.At = time.Now()
	c.front.door.Serve(b)
	c.mu.Lock()
	b.settle(int64(b.At.Sub(c.front.start)))
	c.advance()
	if c.head == c.tail && !c.writing && !c.dead {
		c.flush() // nothing is waited for, so nothing would join these answers: no need to wake the flusher
	} else {
		c.kick()
	}
	c.mu.Unlock()
}

// tell passes on what a slot came to that was answered while the handler still ran; no other request has taken it since.
func (b *Batch) tell(i int) {
	if settled := b.conn.front.door.Settled; settled != nil && b.orders[i].wait.Late != nil {
		w := &b.orders[i].wait
		settled(Settled{Note: w.Note, Via: w.Via, Code: b.conn.at(b.first + uint64(i)).code})
	}
}

// settle carries out the orders; mu is held. A slot that was answered while the handler still ran is left as it is.
func (b *Batch) settle(now int64) {
	c, due := b.conn, int64(never)
	for i := range b.orders {
		s, o := c.pending(b.first+uint64(i)), &b.orders[i]
		if s == nil {
			b.tell(i)
			continue
		}
		switch code := b.Requests[i].Code; {
		case code != api.OK || o.now == nil && o.wait.Late == nil:
			c.put(s, c.front.door.Replies.Bare(code))
		case o.now != nil:
			c.put(s, o.now)
		default:
			s.late, s.note, s.via = o.wait.Late, o.wait.Note, o.wait.Via
			s.deadline = max(1, now+int64(o.wait.Within))
			due = min(due, s.deadline)
		}
	}
	if at := &c.front.due[c.index]; due < at.Load() {
		at.Store(due)
	}
}
