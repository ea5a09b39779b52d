package grantlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// SegmentBytes is the length at which a spool begins its next file.
const SegmentBytes = 64 << 20

// maxWaiting bounds the bytes that wait for one sync; beyond it Append refuses.
const maxWaiting = 16 << 20

// Spool is the local disk's copy of the grants this process decided: append-only files, each record on disk before its
// Append returns. It may be used by several goroutines at once.
type Spool struct {
	dir  string
	disk disk
	wake chan struct{} // a place for one: there is something to write
	full int64         // the length at which the next file begins
	quit chan struct{}
	gone chan struct{} // closed when the writer has stopped

	mu      sync.Mutex
	waiting *group // what the next sync will cover
	file    file
	marks   *os.File // how far it is synced; nil: not kept
	number  uint64
	length  int64     // of the current file, all of it on disk
	broken  error     // the first failure of a write or a sync; final
	filled  time.Time // when the disk last had no room for a group; zero: never

	appends, syncs uint64
}

// group is the appends that share one write and one sync.
type group struct {
	batches [][]byte // encoded
	bytes   int
	done    chan struct{} // closed when err is final
	err     error
}

// file and disk are what a spool needs of the operating system; tests put failing ones in their place.
type file interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// disk makes and opens a spool's files.
type disk interface {
	Create(path string) (file, error)
	Open(path string, length int64) (file, error) // for appending, cut to length
	SyncDir(dir string) error
}

// OpenSpool opens the spool in dir, and makes the directory when it is missing. A torn tail of the last segment is cut
// at the last whole record, if the spool had not yet synced it. A missing segment, and damage in the last one, are errors
// that name the file (damage in an earlier one is found by Read). Only one process may have a spool open. It reads the last segment: 64 MiB at most.
func OpenSpool(dir string) (*Spool, error) { return openSpool(dir, osDisk{}) }

// openSpool opens a spool on a disk that may be a test's.
func openSpool(dir string, d disk) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open spool %s: %w", dir, err)
	}
	s := &Spool{dir: dir, disk: d, full: SegmentBytes, waiting: &group{done: make(chan struct{})},
		wake: make(chan struct{}, 1), quit: make(chan struct{}), gone: make(chan struct{})}
	if err := s.recover(); err != nil {
		return nil, fmt.Errorf("open spool %s: %w", dir, err)
	}
	var err error
	if s.marks, err = os.OpenFile(filepath.Join(dir, markFile), os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		_ = s.file.Close()
		return nil, fmt.Errorf("open spool %s: %w", dir, err)
	}
	s.note()
	go s.run()
	return s, nil
}

// String is the spool's name in errors.
func (s *Spool) String() string { return "spool " + s.dir }

// Append puts the batch on the local disk. It returns after the sync; concurrent appends share one. After a failed
// write or sync the spool takes nothing more until it is opened again: what the disk holds then is not known (the
// kernel may have dropped the pages it could not write). A disk without room is no such failure: see ErrFull. When ctx
// ends first the error wraps ErrDoubt.
func (s *Spool) Append(ctx context.Context, b Batch) error {
	encoded, err := AppendBatch(make([]byte, 0, headLen+len(b.Writer)+len(b.Grants)*grantLen), b)
	if err != nil {
		return fmt.Errorf("append to %s: %w: %w", s, ErrRefused, err)
	}
	g, err := s.join(encoded)
	if err != nil {
		return err
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return fmt.Errorf("append to %s: %w: %w", s, ErrDoubt, ctx.Err())
	}
}

// join adds an encoded batch to the group that the next sync will cover.
func (s *Spool) join(encoded []byte) (*group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuses(); err != nil {
		return nil, fmt.Errorf("append to %s: %w: %w", s, ErrRefused, err)
	}
	g := s.waiting
	if g.bytes+len(encoded) > maxWaiting {
		return nil, fmt.Errorf("append to %s: %w: %d bytes wait for the disk", s, ErrRefused, g.bytes)
	}
	g.batches = append(g.batches, encoded)
	g.bytes += len(encoded)
	select {
	case s.wake <- struct{}{}:
	default: // the writer has been told
	}
	return g, nil
}

// Close writes what waits and closes the files. Appends after it are refused.
func (s *Spool) Close() error {
	s.mu.Lock()
	closed := errors.Is(s.broken, fs.ErrClosed)
	if s.broken == nil {
		s.broken = fs.ErrClosed
	}
	s.mu.Unlock()
	if !closed {
		close(s.quit)
	}
	<-s.gone
	return nil
}

// Healthy is nil while the spool takes batches.
func (s *Spool) Healthy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return fmt.Errorf("%s takes nothing until it is opened again: %w", s, s.broken)
	}
	if err := s.refuses(); err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// Counts are the batches appended and the syncs they took, since the spool was opened.
func (s *Spool) Counts() (appends, syncs uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.appends, s.syncs
}

// Segments lists the spool's files in order.
func (s *Spool) Segments() ([]Segment, error) { return listSegments(filepath.Clean(s.dir)) }
