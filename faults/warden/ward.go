package warden

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"redpacket/faults"
	"redpacket/faults/kinds"
)

// Ward is the harness' side: it writes down what it is about to hurt, and holds the lease. One cluster has one Ward. Its
// methods may be called from any goroutine.
type Ward struct {
	path    string
	journal *journal
	tell    func(line string) error
	stop    chan struct{}
	beats   sync.WaitGroup

	mu    sync.Mutex
	last  int
	open  map[int]*Hurt
	stuck error // a fault that could not be healed, or a guard that is gone
}

// Hold opens the journal of a run and begins its lease. tell passes a line on to the guard; nil: there is none, as in a
// test whose system goes with the process.
func Hold(path string, tell func(line string) error) (*Ward, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the journal of faults: %w", err)
	}
	j, err := openJournal(path)
	if err != nil {
		return nil, err
	}
	w := &Ward{path: path, journal: j, tell: tell, stop: make(chan struct{}), open: map[int]*Hurt{}}
	if tell == nil {
		return w, nil
	}
	if err := tell(journalIs + path); err != nil {
		return nil, errors.Join(fmt.Errorf("no warden watches: %w", err), j.close())
	}
	w.beats.Go(w.beat)
	return w, nil
}

// beat renews the lease until the ward is closed. A guard that does not hear leaves nobody who would heal after us.
func (w *Ward) beat() {
	clock := time.NewTicker(beatEvery)
	defer clock.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-clock.C:
		}
		if err := w.tell(alive); err != nil {
			w.spoil(fmt.Errorf("no warden watches any more: %w", err))
			return
		}
	}
}

func (w *Ward) spoil(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stuck == nil {
		w.stuck = err
	}
}

// Fit is nil while faults may be injected. A cluster on which one could not be healed, or over which nobody watches, is
// not fit for any further drill; the error says why.
func (w *Ward) Fit() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stuck != nil {
		return fmt.Errorf("this cluster is unusable: %w; take it down", w.stuck)
	}
	return nil
}

// Hurt is a fault under the ward: it was injected, or tried. Heal it.
type Hurt struct {
	Fault faults.Fault
	ward  *Ward
	n     int
}

// Inject writes a fault down, so that the guard heals it after ttl or when this process is no more, and then injects it.
// Whenever a Hurt is returned, with an error too, its heal is due; without one nothing was done.
func (w *Ward) Inject(ctx context.Context, f faults.Fault, ttl time.Duration, on faults.Levers) (*Hurt, error) {
	if err := w.Fit(); err != nil {
		return nil, err
	}
	note, err := kinds.Encode(f)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.last++
	h := &Hurt{f, w, w.last}
	w.mu.Unlock()
	if err := w.journal.write(entry{N: h.n, Fault: &note, TTL: ttl}); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.open[h.n] = h
	w.mu.Unlock()
	return h, f.Inject(ctx, on)
}

// Heal heals the fault, escalating, each way within faults.HealWithin. The steps tell what was done, by the guard too
// where that was before us. After an error the cluster is unusable, and says so.
func (h *Hurt) Heal(ctx context.Context, on faults.Levers) (steps []string, err error) {
	w := h.ward
	early, looked := w.healedByWarden(h.n)
	own, err := faults.Undo(ctx, h.Fault, on)
	steps = append(early, own...)
	done := &Healing{By: byHarness, Steps: own}
	if err != nil {
		done.Err = err.Error()
		w.spoil(err)
	}
	wrote := w.journal.write(entry{N: h.n, Healed: done})
	w.mu.Lock()
	delete(w.open, h.n)
	w.mu.Unlock()
	if err == nil && len(early) > 0 {
		err = fmt.Errorf("%q did not last: %s", h.Fault, strings.Join(early, "; "))
	}
	return steps, errors.Join(err, looked, wrote)
}

// healedByWarden says what the guard did to a fault that was still to last.
func (w *Ward) healedByWarden(n int) (steps []string, err error) {
	if w.tell == nil {
		return nil, nil
	}
	entries, err := readJournalFile(w.path)
	for _, e := range entries {
		if e.N == n && e.Healed != nil && e.Healed.By == byWarden {
			steps = append(steps, "the warden healed it, because "+e.Healed.Why)
		}
	}
	return steps, err
}

// HealAll heals everything that is still hurt, all at once; a second call does nothing.
func (w *Ward) HealAll(ctx context.Context, on faults.Levers) error {
	w.mu.Lock()
	var hurts []*Hurt
	for _, h := range w.open {
		hurts = append(hurts, h)
	}
	w.mu.Unlock()
	errs := make([]error, len(hurts))
	var group sync.WaitGroup
	for i, h := range hurts {
		group.Go(func() { _, errs[i] = h.Heal(ctx, on) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// Audit looks for what faults left, those apart that are still meant to last, and writes down what it found. Residue
// makes the cluster unusable.
func (w *Ward) Audit(ctx context.Context, on faults.Levers) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, auditWithin)
	defer cancel()
	found, err := faults.Audit(ctx, kinds.All(), on)
	w.mu.Lock()
	found = slices.DeleteFunc(found, func(r faults.Residue) bool {
		for _, h := range w.open {
			if r.By(h.Fault) {
				return true
			}
		}
		return false
	})
	w.mu.Unlock()
	a := auditOf(byHarness, found, err)
	if len(found) > 0 {
		w.spoil(fmt.Errorf("faults left something behind: %s", strings.Join(a.Residue, ", ")))
	}
	return a.Residue, errors.Join(err, w.journal.write(entry{Audit: a}))
}

func auditOf(by string, found []faults.Residue, err error) *Audit {
	a := &Audit{By: by, Residue: []string{}}
	for _, r := range found {
		a.Residue = append(a.Residue, r.String())
	}
	if err != nil {
		a.Err = strings.Join(strings.Fields(err.Error()), " ")
	}
	return a
}

// Close ends the lease and the journal. It heals nothing: what is still hurt is meant to go with the cluster.
func (w *Ward) Close() error {
	close(w.stop)
	w.beats.Wait()
	return w.journal.close()
}
