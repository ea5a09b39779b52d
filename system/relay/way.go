package relay

import (
	"bytes"
	"container/heap"
	"sync"
	"time"
)

// Counts are running totals of one way's datagrams. At every moment
//
//	In + Doubled = Out + Lost + Overflow + Failed + Held
type Counts struct {
	In        int64 `json:"in"`        // came
	Out       int64 `json:"out"`       // were sent on
	Lost      int64 `json:"lost"`      // by a hurt
	Doubled   int64 `json:"doubled"`   // copies made, by a hurt
	Overtaken int64 `json:"overtaken"` // left after one that came later
	Overflow  int64 `json:"overflow"`  // too many were held already
	Failed    int64 `json:"failed"`    // the system would not send them, or there was no socket for their caller
	Held      int64 `json:"held"`      // are held back, or on their way out
}

// Plus is the sum of two.
func (c Counts) Plus(d Counts) Counts {
	return Counts{c.In + d.In, c.Out + d.Out, c.Lost + d.Lost, c.Doubled + d.Doubled, c.Overtaken + d.Overtaken,
		c.Overflow + d.Overflow, c.Failed + d.Failed, c.Held + d.Held}
}

// way is one direction of a link.
type way struct {
	mu     sync.Mutex
	dice   []*dice
	held   queue
	bytes  int
	seq    uint64 // of the last that came
	newest uint64 // of those that left
	counts Counts
	wake   chan struct{} // holds a place: the next to leave has changed
}

// parcel is a datagram that is held back.
type parcel struct {
	due    time.Time
	seq    uint64
	copy   bool
	data   []byte
	send   func([]byte) error
	heldBy []*hits
}

func newWay() *way { return &way{wake: make(chan struct{}, 1)} }

// suffer replaces the hurts. Without any, all that is held leaves at once.
func (w *way) suffer(dice []*dice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dice = dice; len(dice) == 0 {
		for _, p := range w.held {
			p.due = time.Time{}
		}
		heap.Init(&w.held)
	}
	w.rouse()
}

func (w *way) count() Counts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts
}

// refuse counts a datagram that cannot be sent on.
func (w *way) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.In++
	w.counts.Failed++
}

// take decides on a datagram and sends it on now, later, twice or not at all. data is the caller's again afterwards.
func (w *way) take(data []byte, send func([]byte) error) {
	for _, p := range w.decide(data, send) {
		w.leave(p)
	}
}

// decide returns the copies that leave at once.
func (w *way) decide(data []byte, send func([]byte) error) (now []*parcel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.In++
	w.seq++
	first := &parcel{seq: w.seq, data: data, send: send}
	copies, delay, lost := 1, time.Duration(0), false
	for _, d := range w.dice {
		f := d.next()
		d.counts.Met.Add(1)
		if f.lost {
			d.counts.Lost.Add(1)
			lost = true
		}
		if lost {
			continue // its fate by the other hurts is drawn all the same
		}
		if f.twice {
			d.counts.Doubled.Add(1)
			copies++
		}
		if f.late {
			d.counts.Late.Add(1)
			first.heldBy = append(first.heldBy, d.counts)
			delay += f.delay
		}
	}
	if lost {
		w.counts.Lost++
		return nil
	}
	w.counts.Doubled += int64(copies - 1)
	for n := range copies {
		p := *first
		p.copy = n > 0
		if delay == 0 {
			w.counts.Held++
			now = append(now, &p)
			continue
		}
		p.due = time.Now().Add(delay)
		w.hold(&p)
	}
	return now
}

// hold keeps a parcel until it is due, if there is room; mu is held.
func (w *way) hold(p *parcel) {
	if len(w.held) >= MaxHeld || w.bytes+len(p.data) > MaxBytes {
		w.counts.Overflow++
		return
	}
	p.data = bytes.Clone(p.data)
	w.bytes += len(p.data)
	w.counts.Held++
	heap.Push(&w.held, p)
	w.rouse()
}

func (w *way) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// leave sends a parcel that is counted as held.
func (w *way) leave(p *parcel) {
	err := p.send(p.data)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.Held--
	if err != nil {
		w.counts.Failed++
		return
	}
	w.counts.Out++
	if p.seq < w.newest && !p.copy {
		w.counts.Overtaken++
		for _, by := range p.heldBy {
			by.Overtaken.Add(1)
		}
	}
	w.newest = max(w.newest, p.seq)
}

// pump sends what is due until done is closed. It sleeps while nothing is held.
func (w *way) pump(done <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		p, wait := w.due(time.Now())
		if p != nil {
			w.leave(p)
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-w.wake:
		case <-done:
			return
		}
	}
}

// due takes out a parcel that is due, or says how long the next one is not.
func (w *way) due(now time.Time) (*parcel, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 {
		return nil, time.Hour
	}
	if wait := w.held[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	p := heap.Pop(&w.held).(*parcel)
	w.bytes -= len(p.data)
	return p, 0
}

// queue is a heap of parcels by when they are due, and then by when they came.
type queue []*parcel

// Len is how many are held.
func (q queue) Len() int { return len(q) }

// Less says which leaves first.
func (q queue) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].seq < q[j].seq
}

// Swap swaps two.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *queue) Push(p any) { *q = append(*q, p.(*parcel)) }

// Pop is for container/heap.
func (q *queue) Pop() any {
	old := *q
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return p
}
