package wire

import (
	"math"

	"redpacket/system/api"
)

// slot is one request of a connection that has its place in the order of answers.
type slot struct {
	text     []byte // the answer, once there is one
	late     *Response
	deadline int64 // ns since the front began; 0: not to be answered later, or not yet
	note     uint64
	via      uint16
	op       api.Op
	code     api.Code // of the answer
	answered bool
	borrowed bool // text goes back to the connection's spare buffers
	last     bool
}

// never is the deadline of a connection that waits for nothing.
const never = math.MaxInt64

// ring holds the requests in flight of one connection, in the order in which they came: HTTP/1.1 has no other way to
// tell a client which answer is whose. So an answer that is ready waits behind those before it that are not (head of
// line blocking): clients should not mix what tgw answers by itself with what it has to ask for on one connection, and
// a slot's deadline bounds how long it can hold up the others. A slot's number (head … tail-1) never comes again, so an
// answer that is late finds its slot gone or answered, and is dropped.
type ring struct {
	slots      []slot // a power of two
	head, tail uint64
	spares     [][]byte
}

func (r *ring) at(n uint64) *slot { return &r.slots[n&uint64(len(r.slots)-1)] }

func (r *ring) inFlight() int { return int(r.tail - r.head) }

// take reserves the next slots for the requests of a batch, and returns the first one's number.
func (r *ring) take(requests []Request) (first uint64) {
	first = r.tail
	r.grow(r.inFlight() + len(requests))
	for i := range requests {
		*r.at(r.tail) = slot{op: requests[i].Op, last: requests[i].last}
		r.tail++
	}
	return first
}

func (r *ring) grow(need int) {
	size := max(len(r.slots), 16)
	for size < need {
		size *= 2
	}
	if size == len(r.slots) {
		return
	}
	old := *r
	r.slots = make([]slot, size)
	for n := old.head; n != old.tail; n++ {
		*r.at(n) = *old.at(n)
	}
}

// pending is the slot with this number if it still waits for its answer, else nil.
func (r *ring) pending(n uint64) *slot {
	if n-r.head >= r.tail-r.head {
		return nil
	}
	if s := r.at(n); !s.answered {
		return s
	}
	return nil
}

// expand completes the low 32 bits of a slot's number; at most 2^31 slots are ever in flight.
func (r *ring) expand(low uint32) uint64 { return r.head + uint64(low-uint32(r.head)) }

// The buffers of answers that have to wait for their turn.
const (
	spareSize = 512 // holds a claim's answer
	spareKeep = 1024
)

func (r *ring) borrow() []byte {
	if n := len(r.spares); n > 0 {
		b := r.spares[n-1]
		r.spares = r.spares[:n-1]
		return b[:0]
	}
	return make([]byte, 0, spareSize)
}

func (r *ring) giveBack(b []byte) {
	if len(r.spares) < spareKeep {
		r.spares = append(r.spares, b)
	}
}

// rest gives back what a burst has needed.
func (r *ring) rest() {
	if r.head == r.tail {
		r.slots, r.spares = nil, nil
	}
}
