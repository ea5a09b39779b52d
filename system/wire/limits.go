package wire

import (
	"cmp"
	"time"
)

// Limits bound what strangers can make a front door hold. A field that is zero takes the default written beside it.
//
// Memory: a connection at rest costs about 10 KiB; a busy one at most Buffer + 56 B × its share of the requests in
// flight + the answers that wait for their turn (≤ MaxBody and a head each) + backlog bytes not yet written.
type Limits struct {
	Conns       int // connections at once; 20,000
	InFlight    int // requests not yet answered, of one connection; 16,384
	InFlightAll int // of all connections; when they get many, each may have less, but always 64; 131,072

	Head   int // bytes of a request's line and headers; 4 KiB
	Target int // bytes of its target; 512
	Body   int // bytes of a POST's body; 1 KiB
	Buffer int // bytes of a connection's read buffer when it is busy; 64 KiB

	SlowHead time.Duration // from a request's first byte to its last; 5 s
	Idle     time.Duration // between requests; 120 s
	Write    time.Duration // for one write; 10 s
}

const (
	bufferSmall = 4 << 10               // a connection's read buffer at first, and after a rest
	backlog     = 1 << 20               // answers not yet written, in bytes, beyond which nothing more is read
	maxBatch    = 512                   // requests handed over at once
	minInFlight = 64                    // what a connection may always have in flight
	scanEvery   = 5 * time.Millisecond  // between two looks whether a deadline is over,
	scanRest    = 25 * time.Millisecond // or, while none is near, so much: a shorter one may be answered so much later
	restAfter   = 5 * time.Second       // a connection that was silent for so long gives back its buffers
	lingerFor   = time.Second           // how long we wait for a client to read why it was cut off
)

func (l Limits) orDefault() Limits {
	return Limits{
		Conns:       min(cmp.Or(l.Conns, 20_000), 1<<16),
		InFlight:    max(cmp.Or(l.InFlight, 16_384), 1),
		InFlightAll: cmp.Or(l.InFlightAll, 131_072),
		Head:        cmp.Or(l.Head, 4<<10), Target: cmp.Or(l.Target, 512), Body: cmp.Or(l.Body, 1<<10),
		Buffer:   max(cmp.Or(l.Buffer, 64<<10), cmp.Or(l.Head, 4<<10)+cmp.Or(l.Body, 1<<10)),
		SlowHead: cmp.Or(l.SlowHead, 5*time.Second), Idle: cmp.Or(l.Idle, 120*time.Second),
		Write: cmp.Or(l.Write, 10*time.Second),
	}
}
