package grantlog

import "time"

// Small makes the lanes hold few grants and move their bookmarks often, so that tests need not be large or slow.
func (s *Lanes) Small(grants int, every time.Duration) {
	s.tail.most = grants
	for _, l := range s.lanes {
		l.every = every
	}
}
