package volley

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/gray"
)

// cohorts counts one shard's requests apart by who asked, and by which version answered. It is under the engine's lock.
type cohorts struct {
	of    [gray.Buckets]uint8 // a bucket's cohort
	cells []*tally.Tally
	hold  time.Duration // what was owed longer ago has ended
	told  int           // the slots before this one are in the stream
}

// newCohorts is nil for a profile that tells nobody apart.
func newCohorts(p loadprofiles.Profile) *cohorts {
	if len(p.Cohorts) == 0 {
		return nil
	}
	c := &cohorts{of: p.CohortOf(), hold: p.Patience + time.Second}
	for range p.Cells() {
		c.cells = append(c.cells, newTally(p))
	}
	return c
}

func (c *cohorts) record(p pending, took time.Duration, v verdict) {
	cohort := int(c.of[gray.Bucket(p.journey.click.User)])
	c.cells[loadprofiles.CellOf(cohort, v.gray)].Record(p.owed, took, p.op, v.outcome)
}

// piece adds what is new in the stream's form: the slots that are too old to change.
func (c *cohorts) piece(dst []byte, now time.Duration) []byte {
	upTo := int((now - c.hold) / tally.Slot)
	if upTo <= c.told {
		return dst
	}
	for i, t := range c.cells {
		if i == 0 || t.Slots() > c.told { // the first says how far the stream is
			dst = t.Piece(dst, i, c.told, upTo)
		}
	}
	c.told = upTo
	return dst
}

// rest is piece when nothing changes any more.
func (c *cohorts) rest(dst []byte) []byte {
	last := 0
	for _, t := range c.cells {
		last = max(last, t.Slots())
	}
	return c.piece(dst, c.hold+time.Duration(last)*tally.Slot)
}

// cellsPaper writes the stream of cells, which others read while it grows. A disk that stalls must not stall the load.
type cellsPaper struct {
	pieces chan []byte
	ended  chan error
	kept   []byte // what found no room
}

const cellsRoom = 64 // pieces that wait for a slow disk: half a minute

// openCells is nil for a profile that tells nobody apart.
func openCells(dir string, p loadprofiles.Profile) (*cellsPaper, error) {
	if len(p.Cohorts) == 0 {
		return nil, nil
	}
	file, err := os.Create(filepath.Join(dir, CellsFile))
	if err != nil {
		return nil, fmt.Errorf("create the cells: %w", err)
	}
	w, err := tally.NewCellsWriter(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the cells: %w", err), file.Close())
	}
	c := &cellsPaper{pieces: make(chan []byte, cellsRoom), ended: make(chan error, 1)}
	go func() { c.ended <- c.write(file, w) }()
	return c, nil
}

// write goes on after an error, so that nobody waits.
func (c *cellsPaper) write(file *os.File, w *tally.CellsWriter) (err error) {
	for piece := range c.pieces {
		if err == nil {
			err = w.Write(piece)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the cells: %w", err)
	}
	return nil
}

// hand gives what there is to the disk; what finds no room goes with the next.
func (c *cellsPaper) hand(piece []byte) {
	c.kept = append(c.kept, piece...)
	if len(c.kept) == 0 {
		return
	}
	select {
	case c.pieces <- c.kept:
		c.kept = nil
	default:
	}
}

// close writes the rest, and waits until it is written.
func (c *cellsPaper) close() error {
	if len(c.kept) > 0 {
		c.pieces <- c.kept
	}
	close(c.pieces)
	return <-c.ended
}

// tellCells writes down what each shard's cohorts have come to.
func (v *volley) tellCells(piece func(*cohorts, []byte) []byte) {
	if v.cells == nil {
		return
	}
	var all []byte
	for _, s := range v.shards {
		s.engine.mu.Lock()
		all = piece(s.engine.cohorts, all)
		s.engine.mu.Unlock()
	}
	v.cells.hand(all)
}

// closeCells ends the stream, if there is one.
func (v *volley) closeCells() error {
	if v.cells == nil {
		return nil
	}
	v.tellCells((*cohorts).rest)
	return v.cells.close()
}
