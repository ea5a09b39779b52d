// Package optional asks services that the path of a claim can do without: many questions together, within a deadline, and
// not at all for a while when they do not answer. Whoever asks has a default ready.
package optional

import (
	"context"
	"sync"
	"time"

	"redpacket/system/api"
	"redpacket/system/wire"
)

// Deadline is how long an optional part may hold up a request, all waiting included; then its default is taken.
const Deadline = 20 * time.Millisecond

// Rules bound the asking of one service.
type Rules struct {
	Within time.Duration // from a question to its answer or to giving it up
	Linger time.Duration // of it, how long the first question of a batch waits for others
	Most   int           // questions that leave together: 1 … 65,536
	Open   int           // questions that may be open at once; those beyond are not asked
}

// Asked is one question, settled.
type Asked[T any] struct {
	Of       T
	Answered bool     // in time; else the default holds, and what is below means nothing
	Code     api.Code // of the reply
	Value    int      // the reply's body as a decimal number; -1 when it is none
}

// Counts are running totals of questions.
type Counts struct {
	Answered int64 // in time
	Missed   int64 // asked, and not answered in time
	Skipped  int64 // not asked: no link was up, too many were open, or the service is left alone
	Batches  int64
}

// Asker asks one service on behalf of one process. It holds no goroutine and no timer while nothing is open. It is safe
// for any number of goroutines.
type Asker[T any] struct {
	rules    Rules
	question func(T) wire.Call
	settle   func([]Asked[T])
	now      func() time.Duration
	links    []*wire.Link

	settling sync.Mutex // held while settle runs

	mu        sync.Mutex
	sent      []*batch[T] // by age; nil: settled
	first     uint64      // the number of sent[0]
	gathering bool        // the last of sent has not left yet
	open      int
	timer     *time.Timer
	spare     []*batch[T]
	health    health
	counts    Counts
}

// batch is questions that leave together.
type batch[T any] struct {
	asked []Asked[T]
	left  int           // answers that are still to come
	leave time.Duration // at the latest
	due   time.Duration // given up then
}

// New is an asker without links. question makes the call that asks about a T; its ID is the asker's. settle hears each
// question exactly once, those of a batch together; the list is valid until it returns. It is never called twice at
// once, must not block, and must not Ask.
func New[T any](r Rules, question func(T) wire.Call, settle func([]Asked[T]), now func() time.Duration) *Asker[T] {
	return &Asker[T]{rules: r, question: question, settle: settle, now: now}
}

// Dial links the asker to the service's instances until ctx ends. It is called once, before the first Ask.
func (a *Asker[T]) Dial(ctx context.Context, addrs []string) {
	for _, addr := range addrs {
		a.links = append(a.links, wire.DialCalls(ctx, addr, a.hear))
	}
}

// Ask takes questions; settle will hear of each of them within Rules.Within. False: none is asked, settle hears nothing,
// and the caller takes the default at once, because no instance can be reached, too many questions are open, or the
// service did not answer lately. It never blocks.
func (a *Asker[T]) Ask(list []T) bool {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open+len(list) > a.rules.Open || a.up(0) == nil || !a.health.allows(now) {
		a.counts.Skipped += int64(len(list))
		return false
	}
	a.open += len(list)
	for _, of := range list {
		if !a.gathering {
			a.begin(now)
		}
		b := a.sent[len(a.sent)-1]
		if b.asked = append(b.asked, Asked[T]{Of: of}); len(b.asked) >= a.rules.Most {
			a.send(now)
		}
	}
	a.arm(now)
	return true
}

// Counts is how it went so far.
func (a *Asker[T]) Counts() Counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts
}

// up is a link that is up, looking from one on; nil: none is.
func (a *Asker[T]) up(from int) *wire.Link {
	for i := range a.links {
		if l := a.links[(from+i)%len(a.links)]; l.Up() {
			return l
		}
	}
	return nil
}

// begin opens a batch; mu is held, as below.
func (a *Asker[T]) begin(now time.Duration) {
	b := &batch[T]{}
	if n := len(a.spare); n > 0 {
		b, a.spare = a.spare[n-1], a.spare[:n-1]
	}
	b.leave, b.due = now+a.rules.Linger, now+a.rules.Within
	a.sent = append(a.sent, b)
	a.gathering = true
}

// send has the gathered batch leave. What no link takes will not be answered.
func (a *Asker[T]) send(now time.Duration) {
	a.gathering = false
	place := len(a.sent) - 1
	b, number := a.sent[place], a.first+uint64(place)
	a.counts.Batches++
	link := a.up(int(number % (1 << 30)))
	for i := range b.asked {
		call := a.question(b.asked[i].Of)
		call.ID = number<<16 | uint64(i)
		if link == nil || !link.Send(call) {
			break
		}
		b.left++
	}
	if b.left < len(b.asked) {
		b.due = now
	}
}

// arm sets the timer to what is due next; with nothing open there is none.
func (a *Asker[T]) arm(now time.Duration) {
	if len(a.sent) == 0 {
		return
	}
	next := a.sent[0].due
	if a.gathering {
		next = min(next, a.sent[len(a.sent)-1].leave)
	}
	if wait := max(next-now, 0); a.timer == nil {
		a.timer = time.AfterFunc(wait, a.tick)
	} else {
		a.timer.Reset(wait)
	}
}

// tick has what was gathered leave, and gives up what is due.
func (a *Asker[T]) tick() {
	now := a.now()
	var over []*batch[T]
	a.mu.Lock()
	if a.gathering && a.sent[len(a.sent)-1].leave <= now {
		a.send(now)
	}
	for i, b := range a.sent {
		if b != nil && b.due <= now && !(a.gathering && i == len(a.sent)-1) {
			a.health.heard(now, false)
			over = a.close(i, over)
		}
	}
	a.trim()
	a.arm(now)
	a.mu.Unlock()
	a.tell(over)
}

// hear takes the answers that came on a link.
func (a *Asker[T]) hear(replies []wire.Reply) {
	var over []*batch[T]
	now := a.now()
	a.mu.Lock()
	for i := range replies {
		r := &replies[i]
		place, within := r.ID>>16-a.first, int(r.ID&0xffff)
		if place >= uint64(len(a.sent)) || a.sent[place] == nil {
			continue // too late, or never asked
		}
		b := a.sent[place]
		if within >= len(b.asked) || b.asked[within].Answered || b.left == 0 {
			continue
		}
		q := &b.asked[within]
		q.Answered, q.Code, q.Value = true, r.Code, number(r.Body)
		if b.left--; b.left == 0 && b.due > now {
			a.health.heard(now, true)
			over = a.close(int(place), over)
		}
	}
	a.trim()
	a.mu.Unlock()
	a.tell(over)
}

// close takes a batch out; over is what is to be told.
func (a *Asker[T]) close(place int, over []*batch[T]) []*batch[T] {
	b := a.sent[place]
	a.sent[place] = nil
	a.open -= len(b.asked)
	for i := range b.asked {
		if b.asked[i].Answered {
			a.counts.Answered++
		} else {
			a.counts.Missed++
		}
	}
	return append(over, b)
}

// trim forgets the settled batches at the front.
func (a *Asker[T]) trim() {
	for len(a.sent) > 0 && a.sent[0] == nil {
		a.sent = a.sent[1:]
		a.first++
	}
}

// tell settles batches, and keeps their memory for the next ones; mu is not held.
func (a *Asker[T]) tell(over []*batch[T]) {
	if len(over) == 0 {
		return
	}
	a.settling.Lock()
	for _, b := range over {
		a.settle(b.asked)
		clear(b.asked)
		b.asked, b.left = b.asked[:0], 0
	}
	a.settling.Unlock()
	a.mu.Lock()
	a.spare = append(a.spare, over...)
	a.mu.Unlock()
}

// number reads a decimal number of at most nine digits; -1 when it is none.
func number(body []byte) int {
	if len(body) == 0 || len(body) > 9 {
		return -1
	}
	n := 0
	for _, c := range body {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}
