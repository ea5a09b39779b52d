package ams

import (
	"sync"
	"time"

	"redpacket/system/api"
	"redpacket/system/wire"
)

// line is a bounded queue, first in first out. It is a ring, so that a full queue costs no allocation.
type line struct {
	wake chan struct{} // a place for one: there is something in line

	mu   sync.Mutex
	ring []waiting
	head int
	n    int
}

func newLine(size int) *line {
	return &line{wake: make(chan struct{}, 1), ring: make([]waiting, size)}
}

// aside is check's word for a call that neither joins the line nor is refused: check has put it elsewhere.
const aside = api.Codes

// push puts the calls that check allows at the end of the line, and returns the answers of the others: check's code, or
// Busy where the line is full. It never blocks.
func (l *line) push(calls []wire.Call, from answerer, now time.Duration, check func(wire.Call) api.Code) (refused []wire.Reply) {
	l.mu.Lock()
	for _, c := range calls {
		code := check(c)
		switch {
		case code == aside:
		case code != api.OK:
			refused = append(refused, refuse(c, code))
		case l.n == len(l.ring):
			refused = append(refused, refuse(c, api.Busy))
		default:
			l.ring[(l.head+l.n)%len(l.ring)] = waiting{call: c, from: from, at: now}
			l.n++
		}
	}
	some := l.n > 0
	l.mu.Unlock()
	if some {
		l.signal()
	}
	return refused
}

// move puts calls that were in another line at the end of this one, as old as they are; it returns those that did not fit.
func (l *line) move(calls []waiting) (rest []waiting) {
	l.mu.Lock()
	fit := min(len(calls), len(l.ring)-l.n)
	for _, w := range calls[:fit] {
		l.ring[(l.head+l.n)%len(l.ring)] = w
		l.n++
	}
	l.mu.Unlock()
	if fit > 0 {
		l.signal()
	}
	return calls[fit:]
}

// state tells how many are in line and when the first of them came.
func (l *line) state() (n int, first time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n, l.ring[l.head].at
}

// pop appends up to most calls from the front to dst. Where some are left, the next waiter is woken.
func (l *line) pop(dst []waiting, most int) []waiting {
	l.mu.Lock()
	for most = min(most, l.n); most > 0; most-- {
		dst = append(dst, l.shift())
	}
	left := l.n > 0
	l.mu.Unlock()
	if left {
		l.signal()
	}
	return dst
}

// expire appends to dst the calls that came before a time, which stand at the front.
func (l *line) expire(dst []waiting, before time.Duration) []waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.n > 0 && l.ring[l.head].at < before {
		dst = append(dst, l.shift())
	}
	return dst
}

func (l *line) shift() waiting {
	w := l.ring[l.head]
	l.ring[l.head] = waiting{} // a caller that is gone must not be kept alive by an old place in line
	l.head = (l.head + 1) % len(l.ring)
	l.n--
	return w
}

func (l *line) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
