package volley

import (
	"time"

	"redpacket/system/api"
)

// pending is a request whose answer has not come; journey is nil for a static part.
type pending struct {
	journey *journey
	owed    time.Duration
	op      api.Op
	beside  bool // asked of the neighbour
}

// fifo is the requests on one connection, in the order in which their answers must come. Requests before given are
// given up: their clients lost patience, and their answers will be swallowed. The places count up for ever.
type fifo struct {
	ring  []pending // its length is a power of two
	head  uint64    // the next answer is this request's
	given uint64    // head … tail: the first that still has a client waiting
	tail  uint64
}

func (f *fifo) push(p pending) {
	if f.tail-f.head == uint64(len(f.ring)) {
		f.grow()
	}
	f.ring[f.tail&uint64(len(f.ring)-1)] = p
	f.tail++
}

func (f *fifo) grow() {
	wider := make([]pending, max(1024, 2*len(f.ring)))
	for at := f.head; at < f.tail; at++ {
		wider[at&uint64(len(wider)-1)] = f.ring[at&uint64(len(f.ring)-1)]
	}
	f.ring = wider
}

// pop takes the request that an answer belongs to. waited is false when it was given up before; ok is false when
// nothing was asked.
func (f *fifo) pop() (p pending, waited, ok bool) {
	if f.head == f.tail {
		return p, false, false
	}
	p = f.ring[f.head&uint64(len(f.ring)-1)]
	waited = f.head >= f.given
	f.head++
	f.given = max(f.given, f.head)
	return p, waited, true
}

// giveUp takes the first request that still has a client waiting, if it was owed before a time. Requests are pushed
// nearly in the order in which they are owed, so those behind it are not older by much.
func (f *fifo) giveUp(before time.Duration) (pending, bool) {
	if f.given == f.tail {
		return pending{}, false
	}
	p := f.ring[f.given&uint64(len(f.ring)-1)]
	if p.owed >= before {
		return pending{}, false
	}
	f.given++
	return p, true
}

// clear forgets all requests.
func (f *fifo) clear() { f.head, f.given = f.tail, f.tail }

// waiting is how many requests have a client waiting.
func (f *fifo) waiting() uint64 { return f.tail - f.given }
