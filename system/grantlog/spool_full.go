package grantlog

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// ErrFull says that the disk has no room for more: the spool refuses, and tries again after tryAgain. What did not fit is
// certainly not on the disk.
var ErrFull = errors.New("the disk is full")

// tryAgain is how long a spool without room refuses before it lets one group find out whether there is some.
const tryAgain = 500 * time.Millisecond

// refuses is why nothing is taken just now; mu is held.
func (s *Spool) refuses() error {
	switch {
	case s.broken != nil:
		return s.broken
	case !s.filled.IsZero() && time.Since(s.filled) < tryAgain:
		return ErrFull
	}
	return nil
}

// outgrown says that a write failed for want of room alone, and that what it wrote of its group is off the disk again: the
// file is cut to what was synced, and that is synced. A failed sync is another matter: nobody knows what it has lost.
func (s *Spool) outgrown(cause error) bool {
	if !errors.Is(cause, ErrFull) || s.file.Close() != nil {
		return false
	}
	f, err := s.disk.Open(segmentPath(s.dir, s.number), s.length)
	if err != nil {
		return false
	}
	s.file = f
	s.mu.Lock()
	s.filled = time.Now()
	s.mu.Unlock()
	return true
}

// short says of a write that found no room that it did; a sync's error never passes here.
func short(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
