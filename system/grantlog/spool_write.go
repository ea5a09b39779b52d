package grantlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// run is the one goroutine that writes: while it syncs one group, the next gathers.
func (s *Spool) run() {
	defer close(s.gone)
	var buffer []byte
	for {
		quit := false
		select {
		case <-s.wake:
		case <-s.quit:
			quit = true
		}
		if g := s.take(); len(g.batches) > 0 {
			buffer = s.commit(g, buffer)
		}
		if quit {
			_, _ = s.file.Close(), s.marks.Close()
			return
		}
	}
}

// take starts a new group and returns the one that was gathering.
func (s *Spool) take() *group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.waiting
	s.waiting = &group{done: make(chan struct{})}
	return g
}

// commit writes and syncs one group and tells its appenders. It returns the buffer for use again.
func (s *Spool) commit(g *group, buffer []byte) []byte {
	defer close(g.done)
	if g.err = s.poisoned(); g.err != nil {
		return buffer
	}
	buffer = buffer[:0]
	for _, b := range g.batches {
		buffer = appendRecord(buffer, b, s.length)
	}
	if g.err = s.write(buffer); g.err != nil {
		if !s.outgrown(g.err) {
			g.err = s.poison(g.err)
		} else {
			g.err = fmt.Errorf("append to %s: %w: %w", s, ErrRefused, g.err)
		}
		return buffer
	}
	s.note()
	s.mu.Lock()
	s.appends, s.syncs = s.appends+uint64(len(g.batches)), s.syncs+1
	s.mu.Unlock()
	return buffer
}

// write puts whole records on disk and begins the next segment when this one is full.
func (s *Spool) write(records []byte) error {
	if _, err := s.file.Write(records); err != nil {
		return short(err)
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	if s.length += int64(len(records)); s.length < s.full {
		return nil
	}
	// Only a full and synced segment gets a successor, so a torn record can stand in the last one only. Where there is no
	// room for one, this one grows on.
	old := s.file
	if err := s.begin(s.number + 1); err != nil {
		if errors.Is(err, syscall.ENOSPC) && s.file == old {
			return nil
		}
		return err
	}
	return old.Close()
}

// begin makes an empty segment the current one.
func (s *Spool) begin(number uint64) error {
	f, err := s.disk.Create(segmentPath(s.dir, number))
	if err != nil {
		return err
	}
	s.file, s.number, s.length = f, number, 0
	return s.disk.SyncDir(s.dir)
}

// poisoned is the spool's failure, if it had one. A closed spool still writes what was waiting.
func (s *Spool) poisoned() error {
	select {
	case <-s.quit:
		return nil
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return fmt.Errorf("append: %w: %w", ErrRefused, s.broken)
	}
	return nil
}

// poison keeps the first failure. The group's own records may or may not be on disk.
func (s *Spool) poison(cause error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = cause
	}
	return fmt.Errorf("append to %s: %w: %w", s, ErrDoubt, cause)
}

// osDisk is the real disk.
type osDisk struct{}

// osFile is a file whose Sync costs no more than it must.
type osFile struct{ *os.File }

// Sync flushes the data and the file's length; times of access do not matter.
func (f osFile) Sync() error { return syscall.Fdatasync(int(f.Fd())) }

// Create makes a file that must not be there yet: an existing one would be somebody's grants.
func (osDisk) Create(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	return osFile{f}, err
}

// Open cuts the file to length and syncs that, so that the next record never stands behind a torn one.
func (osDisk) Open(path string, length int64) (file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(length); err != nil {
		_ = f.Close()
		return nil, err
	}
	return osFile{f}, f.Sync()
}

// SyncDir makes the names of new files durable; syncing a file does not.
func (osDisk) SyncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
