package wire

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// keepBuffer is how large a written buffer may be and still be kept though little of it was used.
const keepBuffer = 256 << 10

// outbox is what waits to be written to one connection. Whoever has something to say appends it to buf under mu. One
// goroutine at a time writes, outside mu, with the other of two buffers, so that appending never waits for the network.
type outbox struct {
	mu      sync.Mutex
	moved   sync.Cond // on mu: something was written, writing has ended, or the connection died
	conn    net.Conn
	within  time.Duration // a write that takes longer ends the connection
	buf     []byte
	spare   []byte
	writing bool // somebody is in flush
	kicked  bool // the flusher was woken and has not looked yet
	started bool // the flusher runs; a connection that never needs it has none
	dead    bool
	wake    chan struct{}
	rearm   time.Time    // when the write deadline has to be moved on
	made    time.Time    // what since counts from
	since   atomic.Int64 // when what is unwritten began to wait, ns; 0: nothing waits
}

func (o *outbox) init(conn net.Conn, within time.Duration) {
	o.conn, o.within, o.wake, o.made = conn, within, make(chan struct{}, 1), time.Now()
	o.moved.L = &o.mu
}

// kick has what was appended written soon by the flusher; mu is held. The first append of a burst wakes it, and the
// flusher yields once, so that the whole burst leaves in one write.
func (o *outbox) kick() {
	if len(o.buf) == 0 || o.writing || o.kicked || o.dead {
		return
	}
	if !o.started {
		o.started = true
		go o.loop()
	}
	o.kicked = true
	o.since.Store(o.age(time.Now()))
	o.wake <- struct{}{} // never blocks: kicked says that the one place is free
}

func (o *outbox) loop() {
	for range o.wake {
		runtime.Gosched()
		o.mu.Lock()
		o.kicked = false
		if !o.writing {
			o.flush()
		}
		o.mu.Unlock()
	}
}

// flush writes until nothing is left; mu is held, and let go during each write. The caller has seen that nobody else
// writes.
func (o *outbox) flush() {
	o.writing = true
	for len(o.buf) > 0 && !o.dead {
		out := o.buf
		o.buf, o.spare = o.spare, nil
		o.mu.Unlock()
		err := o.write(out)
		o.mu.Lock()
		if o.spare = out[:0]; cap(out) > keepBuffer && len(out) < cap(out)/4 {
			o.spare = nil
		}
		if err != nil {
			o.die()
		}
		o.moved.Broadcast()
	}
	o.writing = false
	o.since.Store(0)
	o.moved.Broadcast()
}

// write moves the deadline only when half of it is gone: moving it costs as much as a small write's share of a batch.
func (o *outbox) write(out []byte) error {
	now := time.Now()
	o.since.Store(o.age(now))
	if now.After(o.rearm) {
		if err := o.conn.SetWriteDeadline(now.Add(o.within)); err != nil {
			return err
		}
		o.rearm = now.Add(o.within / 2)
	}
	_, err := o.conn.Write(out)
	return err
}

// die ends the connection and the flusher; mu is held. What was not written is dropped.
func (o *outbox) die() {
	if o.dead {
		return
	}
	o.dead, o.buf = true, nil
	close(o.wake)
	_ = o.conn.Close()
	o.moved.Broadcast()
}

func (o *outbox) kill() {
	o.mu.Lock()
	o.die()
	o.mu.Unlock()
}

// behind is how long the oldest unwritten byte has waited.
func (o *outbox) behind() time.Duration {
	since := o.since.Load()
	if since == 0 {
		return 0
	}
	return max(0, time.Duration(o.age(time.Now())-since))
}

// age is a moment in ns, never 0; a wall clock that jumps does not move it.
func (o *outbox) age(now time.Time) int64 { return int64(now.Sub(o.made)) + 1 }
