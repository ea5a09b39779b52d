package ams

import (
	"sync"
	"time"

	"redpacket/system/api"
	"redpacket/system/overload"
	"redpacket/system/wire"
)

// line is a bounded queue, first in first out, with a short one beside it that goes first: for neighbours' calls, as many
// a second as are reserved for them. So an activity that is overloaded does not make those wait who came for another.
type line struct {
	wake    chan struct{}   // a place for one: there is something in line
	reserve *overload.Pacer // neighbours' calls that may go first; nil: none

	mu    sync.Mutex
	first ring
	rest  ring
}

// reserved is one part in so many of a line's places: those that go first.
const reserved = 8

func newLine(size int) *line {
	return &line{wake: make(chan struct{}, 1), first: ring{places: make([]waiting, size/reserved)}, rest: ring{places: make([]waiting, size)}}
}

// reserveAt is what a process that is built for a rate keeps for neighbours; nil: nobody knows what it is built for.
func reserveAt(rate, share float64) *overload.Pacer {
	if rate*share <= 0 {
		return nil
	}
	return overload.NewPacer(rate*share, burst)
}

// ring is a queue whose places are made once, so that a full one costs no allocation.
type ring struct {
	places []waiting
	head   int
	n      int
}

func (r *ring) add(w waiting) {
	r.places[(r.head+r.n)%len(r.places)] = w
	r.n++
}

func (r *ring) full() bool { return r.n == len(r.places) }

func (r *ring) shift() waiting {
	w := r.places[r.head]
	r.places[r.head] = waiting{} // a caller that is gone must not be kept alive by an old place in line
	r.head = (r.head + 1) % len(r.places)
	r.n--
	return w
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
		case l.goesFirst(c):
			l.first.add(waiting{call: c, from: from, at: now})
		case l.rest.full():
			refused = append(refused, refuse(c, api.Busy))
		default:
			l.rest.add(waiting{call: c, from: from, at: now})
		}
	}
	some := l.first.n+l.rest.n > 0
	l.mu.Unlock()
	if some {
		l.signal()
	}
	return refused
}

// goesFirst says whether a call is a neighbour's and within what is reserved.
func (l *line) goesFirst(c wire.Call) bool {
	return c.Gift.Place() > 0 && l.reserve != nil && !l.first.full() && l.reserve.Take(time.Now(), 1) > 0
}

// move puts calls that were in another line at the end of this one, as old as they are; it returns those that did not
// fit. What was reserved for a neighbour's call was taken when it came.
func (l *line) move(calls []waiting) (rest []waiting) {
	l.mu.Lock()
	fit := 0
	for ; fit < len(calls); fit++ {
		to := &l.rest
		if calls[fit].call.Gift.Place() > 0 && !l.first.full() {
			to = &l.first
		}
		if to.full() {
			break
		}
		to.add(calls[fit])
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
	first = l.rest.places[l.rest.head].at
	if l.first.n > 0 && (l.rest.n == 0 || l.first.places[l.first.head].at < first) {
		first = l.first.places[l.first.head].at
	}
	return l.first.n + l.rest.n, first
}

// pop appends up to most calls from the front to dst. Where some are left, the next waiter is woken.
func (l *line) pop(dst []waiting, most int) []waiting {
	l.mu.Lock()
	for ; most > 0 && l.first.n > 0; most-- {
		dst = append(dst, l.first.shift())
	}
	for ; most > 0 && l.rest.n > 0; most-- {
		dst = append(dst, l.rest.shift())
	}
	left := l.first.n+l.rest.n > 0
	l.mu.Unlock()
	if left {
		l.signal()
	}
	return dst
}

// expire appends to dst the calls that came before a time, which stand at the fronts.
func (l *line) expire(dst []waiting, before time.Duration) []waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range [...]*ring{&l.first, &l.rest} {
		for r.n > 0 && r.places[r.head].at < before {
			dst = append(dst, r.shift())
		}
	}
	return dst
}

func (l *line) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
