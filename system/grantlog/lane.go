package grantlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/api"
	"redpacket/system/pause"
)

// saveEvery is how often a lane moves its bookmark while it is busy. What a crash forgets is delivered again, under
// orders that the ledger knows.
const saveEvery = time.Second

// passEvery is how many times as long a bookmark may stay behind where only other games' grants were passed. Each move is
// a file that the log's server writes and syncs.
const passEvery = 10

// refillTo is how many grants a lane takes from the log at once, or a message's more.
const refillTo = 1024

// Lane is one game's queue: the grants of the log behind its bookmark, in order. Next and done are for one goroutine,
// Backlog for any.
type Lane struct {
	game uint8
	log  *Log
	tail *tail
	own  *reader // opened when the lane falls behind the tail

	every time.Duration // saveEvery

	held   []owned // taken from the log, not delivered
	cursor uint64  // the first sequence number not taken
	floor  uint64  // every grant up to here is delivered
	saved  uint64  // the floor that the bookmark has
	savedT time.Time
	owing  bool // something was delivered since

	delivered atomic.Uint64
	mu        sync.Mutex
	front     time.Time // when the first of held was logged; zero: nothing is held
	reached   uint64    // cursor, for Backlog
	last      time.Time // when the last delivered one was logged
}

// Next waits for grants of the game and returns 1 to most of them, in the log's order. They stay the lane's: when done
// is not called, the next Next returns them again. done says that all of them are delivered, and moves the bookmark when
// it is due, for which it may wait a second; its error means that the bookmark did not move, which is tried again later.
func (l *Lane) Next(ctx context.Context, most int) (grants []api.Grant, done func(context.Context) error, err error) {
	for len(l.held) == 0 {
		if err := l.refill(ctx); err != nil {
			return nil, nil, fmt.Errorf("lane of game %d: %w", l.game, err)
		}
	}
	n := min(len(l.held), max(most, 1))
	grants = make([]api.Grant, n)
	for i := range grants {
		grants[i] = l.held[i].Grant
	}
	return grants, func(ctx context.Context) error { return l.deliver(ctx, n) }, nil
}

// deliver takes the first n grants off the lane: the game has answered for all of them.
func (l *Lane) deliver(ctx context.Context, n int) error {
	l.mu.Lock()
	l.last = l.held[n-1].at
	l.mu.Unlock()
	l.held = l.held[n:]
	l.owing = true
	l.delivered.Add(uint64(n))
	l.publish()
	if time.Since(l.savedT) < l.every {
		return nil
	}
	return l.save(ctx)
}

// publish works out the floor, and what Backlog tells.
func (l *Lane) publish() {
	l.floor = l.cursor - 1
	front := time.Time{}
	if len(l.held) > 0 {
		l.floor, front = l.held[0].pos-1, l.held[0].at
	}
	l.mu.Lock()
	l.front, l.reached = front, l.cursor
	l.mu.Unlock()
}

// save moves the bookmark to the floor.
func (l *Lane) save(ctx context.Context) error {
	l.savedT = time.Now()
	if l.saved == l.floor {
		return nil
	}
	floor := l.floor
	err := l.log.setFloor(ctx, l.game, floor)
	if err == nil {
		l.saved, l.owing = floor, false
	}
	return err
}

// refill takes some more of the log; it may find nothing for this game.
func (l *Lane) refill(ctx context.Context) error {
	held, next, behind, grown := l.tail.from(l.cursor, l.game, refillTo, nil)
	switch {
	case behind:
		return l.catchUp(ctx)
	case grown != nil:
		return l.idle(ctx, grown)
	}
	l.held, l.cursor = held, next
	l.publish()
	return nil
}

// idle waits at the log's end, and brings the bookmark up to date while nothing comes.
func (l *Lane) idle(ctx context.Context, grown chan struct{}) error {
	due := make(<-chan time.Time) // never
	if l.saved != l.floor {
		wait := l.every
		if !l.owing {
			wait *= passEvery
		}
		timer := time.NewTimer(wait - time.Since(l.savedT))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-grown:
		return nil
	case <-due:
		_ = l.save(ctx) // the log may be away; it is tried again
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// catchUp reads the log for this lane alone.
func (l *Lane) catchUp(ctx context.Context) error {
	if l.own == nil {
		r, err := l.log.reader()
		if err != nil {
			return err
		}
		l.own = r
	}
	run, err := l.own.fetch(ctx, l.cursor)
	if errors.Is(err, errAgain) {
		if !pause.For(ctx, redialWait) {
			return ctx.Err()
		}
		return nil
	}
	if err != nil {
		return err
	}
	if len(run) == 0 {
		return fmt.Errorf("message %d of the %s is gone: it has lost grants", l.cursor, l.log)
	}
	for _, m := range run {
		p, _, err := l.tail.sorter.page(m)
		if err != nil {
			return err
		}
		l.held, l.cursor = own(l.held, p, l.game), m.pos+1
		if len(l.held) >= refillTo {
			break
		}
	}
	l.publish()
	return nil
}

// Backlog is the number of grants that the log holds for this game and that are not delivered, as far as the log has
// been read (the moment before), and how long ago the oldest of them was logged, by the log's clock.
func (l *Lane) Backlog() (grants uint64, oldest time.Duration) {
	l.mu.Lock()
	front, reached, last := l.front, l.reached, l.last
	l.mu.Unlock()
	delivered := l.delivered.Load()
	count, unread := l.tail.count(l.game, reached)
	if count <= delivered {
		return 0, 0
	}
	for _, at := range []time.Time{front, unread, last} {
		if !at.IsZero() { // the last delivered one bounds the age when the first undelivered one is not read yet
			return count - delivered, max(0, time.Since(at))
		}
	}
	return count - delivered, 0
}
