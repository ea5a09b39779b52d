package wire

import (
	"net"
	"time"
)

const (
	readSmall = 64 << 10
	readLarge = frameHead + MaxFrame
)

// pipe is one standing connection of an inner link, of either side.
type pipe struct {
	outbox
	framer
}

func newPipe(conn net.Conn, kind byte) *pipe {
	p := &pipe{framer: framer{kind: kind}}
	p.init(conn, writeWithin)
	return p
}

// beat sends a heartbeat, whatever else waits to be written.
func (p *pipe) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.dead && len(p.buf) < MaxQueued {
		p.buf = p.framer.beat(p.buf)
		p.kick()
	}
}

// batches is what a reader does with the frames of its connection.
type batches interface {
	frame(items []byte) error // one frame's items, valid until hand returns; empty: a heartbeat
	hand()                    // no more whole frame of this read is there
}

// read hands frames to b until the connection fails, breaks the protocol, or is silent for too long; it always returns
// an error.
func (p *pipe) read(kind byte, b batches) error {
	buf, have := make([]byte, readSmall), 0
	for {
		if err := p.conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		n, err := p.conn.Read(buf[have:])
		if err != nil {
			return err
		}
		have += n
		used, err := takeFrames(buf[:have], kind, b)
		if err != nil {
			return err
		}
		b.hand()
		have = copy(buf, buf[used:have])
		if have == len(buf) { // one frame fills the buffer; nextFrame has checked that it is not over the limit
			buf = append(make([]byte, 0, readLarge), buf...)[:readLarge]
		}
	}
}

// takeFrames hands the whole frames at the start of buf to b, and returns how many bytes they were.
func takeFrames(buf []byte, kind byte, b batches) (used int, err error) {
	for {
		items, size, err := nextFrame(buf[used:], kind)
		if err != nil || size == 0 {
			return used, err
		}
		if err := b.frame(items); err != nil {
			return used, err
		}
		used += size
	}
}
