package grantlog

import (
	"sync"
	"sync/atomic"
)

// maxDoubts bounds the batches remembered. A process has one batch a worker under way, so this is never reached unless
// batches are given up in doubt.
const maxDoubts = 1 << 14

// doubts are the batches of which an attempt may have got into the log unheard.
type doubts struct {
	count atomic.Int64 // len(after): the common case, none, takes no lock
	mu    sync.Mutex
	after map[string]uint64 // batch -> the sequence number behind which it would stand
	full  bool              // some were not remembered: every batch counts as doubted
}

// remember notes that an attempt may have got in behind a sequence number.
func (d *doubts) remember(id string, after uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.after == nil {
		d.after = map[string]uint64{}
	}
	if _, known := d.after[id]; known {
		return // the first attempt's place is the lowest
	}
	if len(d.after) >= maxDoubts {
		d.full = true
		return
	}
	d.after[id] = after
	d.count.Store(int64(len(d.after)))
}

// of tells whether an attempt of the batch is in doubt, and behind which sequence number it would stand; fence is the
// lowest that could be.
func (d *doubts) of(id string, fence uint64) (after uint64, doubted bool) {
	if d.count.Load() == 0 {
		return 0, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	after, doubted = d.after[id]
	if !doubted && d.full {
		return fence, true
	}
	return after, doubted
}

// forget is for a batch of which everything is known.
func (d *doubts) forget(id string) {
	if d.count.Load() == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.after, id)
	d.count.Store(int64(len(d.after)))
}
