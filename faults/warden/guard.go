package warden

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"redpacket/faults"
	"redpacket/faults/kinds"
)

// Attach finds the levers of a running system by what is on the engine alone; it may take a second.
type Attach func(ctx context.Context) (faults.Levers, error)

// Guard is the side that heals what the harness does not: faults that outlive their TTL, all of them when the harness is
// silent for longer than its lease, or dead. It lives in a process of its own.
type Guard struct {
	attach Attach
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	path    string
	heard   time.Time // when the harness last said something
	journal *journal
	read    int64 // bytes of the journal that were there when it was last read
	due     map[int]*due
	hurt    bool // something was ever hurt
	levers  faults.Levers
}

// due is a fault that is not closed by the harness.
type due struct {
	n     int
	fault faults.Fault
	ends  time.Time // by its TTL
	next  time.Time // not healed again before
}

// NewGuard begins to watch; it does nothing before the harness has told it of a journal.
func NewGuard(attach Attach) *Guard {
	ctx, stop := context.WithCancel(context.Background())
	g := &Guard{attach: attach, stop: stop, due: map[int]*due{}}
	g.done.Go(func() { g.watch(ctx) })
	return g
}

// Hear takes a line that the harness wrote.
func (g *Guard) Hear(line string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = time.Now()
	if path, ok := strings.CutPrefix(line, journalIs); ok && g.journal == nil {
		if j, err := openJournal(path); err == nil {
			g.journal, g.path = j, path
		}
	}
}

func (g *Guard) watch(ctx context.Context) {
	clock := time.NewTicker(lookEvery)
	defer clock.Stop()
	for before := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
		before = g.awake(before)
		if g.look(); g.watching() {
			g.healLate(ctx)
		}
	}
}

// awake forgives the harness a silence in which this process did not run either: then it was the machine that stood still.
func (g *Guard) awake(before time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if asleep := now.Sub(before); asleep > beatEvery {
		g.heard = g.heard.Add(asleep)
	}
	return now
}

func (g *Guard) watching() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.journal != nil
}

// look reads the journal again if it has grown.
func (g *Guard) look() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.journal == nil {
		return
	}
	at, err := os.Stat(g.path)
	if err != nil || at.Size() == g.read {
		return
	}
	entries, _ := readJournalFile(g.path) // a line that cannot be read must not keep the others from being healed
	g.read = at.Size()
	g.take(entries)
}

// take brings what is due up to date.
func (g *Guard) take(entries []entry) {
	open := map[int]entry{}
	for _, e := range entries {
		switch {
		case e.Fault != nil:
			open[e.N] = e
		case e.Healed != nil && e.Healed.By == byHarness && e.Healed.Err == "":
			delete(open, e.N)
		}
	}
	maps.DeleteFunc(g.due, func(n int, _ *due) bool { _, still := open[n]; return !still })
	g.hurt = g.hurt || len(entries) > 0
	for n, e := range open {
		if g.due[n] != nil {
			continue
		}
		if f, err := kinds.Decode(*e.Fault); err == nil {
			g.due[n] = &due{n: n, fault: f, ends: time.Now().Add(e.TTL)}
		}
	}
}

// healLate heals what is over its time, and everything while the harness is silent. A harness that comes back may still
// inject what it had announced, so what it does not close is healed again and again.
func (g *Guard) healLate(ctx context.Context) {
	g.mu.Lock()
	now := time.Now()
	silent := now.Sub(g.heard)
	var late []*due
	var why []string
	for _, d := range g.due {
		reason := ""
		switch {
		case silent > Lease:
			reason = fmt.Sprintf("the harness was silent for %s", silent.Round(time.Millisecond))
		case now.After(d.ends):
			reason = "its time was over"
		}
		if reason != "" && now.After(d.next) {
			late, why = append(late, d), append(why, reason)
		}
	}
	g.mu.Unlock()
	var group sync.WaitGroup
	for i, d := range late {
		group.Go(func() { g.heal(ctx, d, why[i]) })
	}
	group.Wait()
}

// heal heals one fault and writes down how that went.
func (g *Guard) heal(ctx context.Context, d *due, why string) {
	h := &Healing{By: byWarden, Why: why}
	on, err := g.lever(ctx)
	if err == nil {
		h.Steps, err = faults.Undo(ctx, d.fault, on)
	}
	if err != nil {
		h.Err = strings.Join(strings.Fields(err.Error()), " ")
	}
	g.mu.Lock()
	d.next = time.Now().Add(again)
	g.mu.Unlock()
	_ = g.journal.write(entry{N: d.n, Healed: h})
}

// lever attaches once.
func (g *Guard) lever(ctx context.Context) (faults.Levers, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.levers != nil {
		return g.levers, nil
	}
	on, err := g.attach(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the levers: %w", err)
	}
	g.levers = on
	return on, nil
}

// Bereft is told that the harness is dead: it heals everything at once, looks for what is left, and returns; the run may
// then be removed. It takes no longer than ctx allows.
func (g *Guard) Bereft(ctx context.Context) {
	g.stop()
	g.done.Wait()
	g.look()
	g.mu.Lock()
	all := slices.Collect(maps.Values(g.due))
	watched, hurt := g.journal != nil, g.hurt
	g.mu.Unlock()
	if !watched {
		return
	}
	defer func() { _ = g.journal.close() }()
	if !hurt {
		return
	}
	var group sync.WaitGroup
	for _, d := range all {
		group.Go(func() { g.heal(ctx, d, "the harness died") })
	}
	group.Wait()
	on, err := g.lever(ctx)
	if err != nil {
		return // the heals have said so
	}
	ctx, cancel := context.WithTimeout(ctx, auditWithin)
	defer cancel()
	found, err := faults.Audit(ctx, kinds.All(), on)
	_ = g.journal.write(entry{Audit: auditOf(byWarden, found, err)})
}

// Dismissed ends the guard: the harness has taken everything down itself.
func (g *Guard) Dismissed() {
	g.stop()
	g.done.Wait()
}
