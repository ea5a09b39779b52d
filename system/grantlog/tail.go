package grantlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"redpacket/system/api"
	"redpacket/system/pause"
)

// tailGrants bounds the grants that the tail holds for the lanes: about 10 MB.
const tailGrants = 1 << 18

// How soon the tail looks again when the log had nothing new.
const (
	tailSoon = 10 * time.Millisecond
	tailWait = 80 * time.Millisecond
)

// tail reads the log once for all lanes: it counts every game's grants, and holds the newest pages for the lanes that
// keep up. A lane that has fallen behind them reads for itself, at its own pace.
type tail struct {
	log    *Log
	sorter sorter
	most   int      // tailGrants
	floors []uint64 // where each game's delivery stood when the tail began

	mu     sync.Mutex
	grown  chan struct{} // closed at the next growth
	pages  []page        // without a gap
	held   int           // grants in pages
	next   uint64        // the first sequence number not read yet
	counts []uint64      // by game: grants behind its floor
	strays uint64
	fault  error // why it does not read; nil while it does
}

// newTail begins where the slowest lane stands, so that every undelivered grant is counted.
func newTail(l *Log, s sorter, floors []uint64) *tail {
	t := &tail{log: l, sorter: s, most: tailGrants, floors: floors, grown: make(chan struct{}), counts: make([]uint64, s.games)}
	t.next = floors[0] + 1
	for _, f := range floors {
		t.next = min(t.next, f+1)
	}
	return t
}

// run reads until ctx ends or a message cannot be read, and says why.
func (t *tail) run(ctx context.Context) error {
	r, err := t.log.reader()
	if err != nil {
		return err
	}
	defer r.close()
	wait := tailSoon
	for {
		run, err := r.fetch(ctx, t.next) // only run writes next
		if err == nil && len(run) > 0 {
			err = t.grow(run)
			wait = 0
		}
		if err != nil && !errors.Is(err, errAgain) {
			t.note(err)
			return err
		}
		t.note(err)
		if len(run) == 0 {
			wait = min(max(2*wait, tailSoon), tailWait)
			if !pause.For(ctx, wait) {
				return ctx.Err()
			}
		}
	}
}

// note keeps why the tail does not read, for Healthy; nil while it does.
func (t *tail) note(err error) {
	t.mu.Lock()
	t.fault = err
	t.mu.Unlock()
}

// grow adds messages, and lets the oldest pages go when there are too many.
func (t *tail) grow(run []stored) error {
	for _, m := range run {
		p, strays, err := t.sorter.page(m)
		if err != nil {
			return fmt.Errorf("read the %s: %w", t.log, err)
		}
		t.mu.Lock()
		t.strays += uint64(strays)
		for game := range t.sorter.games {
			if p.pos > t.floors[game] {
				t.counts[game] += uint64(len(p.of(game)))
			}
		}
		t.pages, t.held, t.next = append(t.pages, p), t.held+p.weight(), p.pos+1
		for t.held > t.most {
			t.held -= t.pages[0].weight()
			t.pages[0], t.pages = page{}, t.pages[1:]
		}
		close(t.grown)
		t.grown = make(chan struct{})
		t.mu.Unlock()
	}
	return nil
}

// from appends a game's grants from the pages on, and returns where the pages end. A cursor before the oldest page is
// behind: the tail cannot help. At the end of the log it returns the channel that the next growth closes.
func (t *tail) from(cursor uint64, game uint8, most int, held []owned) (got []owned, next uint64, behind bool, grown chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.next - uint64(len(t.pages))
	if cursor < first {
		return held, cursor, true, nil
	}
	if cursor >= t.next {
		return held, cursor, false, t.grown
	}
	for _, p := range t.pages[cursor-first:] {
		held = own(held, p, game)
		if cursor = p.pos + 1; len(held) >= most {
			break
		}
	}
	return held, cursor, false, nil
}

// owned is a grant of a lane with its place in the log.
type owned struct {
	api.Grant
	pos uint64
	at  time.Time
}

// own appends one game's grants of a page.
func own(held []owned, p page, game uint8) []owned {
	for _, g := range p.of(game) {
		held = append(held, owned{g, p.pos, p.at})
	}
	return held
}

// count is the number of a game's grants behind its first floor; oldest is when the first of them at or behind cursor
// was logged, as far as the pages know.
func (t *tail) count(game uint8, cursor uint64) (n uint64, oldest time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.pages {
		if p.pos >= cursor && len(p.of(game)) > 0 {
			return t.counts[game], p.at
		}
	}
	return t.counts[game], time.Time{}
}
