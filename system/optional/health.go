package optional

import "time"

// A service that has answered nothing for a while, over several batches, is left alone; then one batch at a time is the
// probe. A stall of this process makes several batches late at once, so their number alone says nothing.
//
// This is the least that keeps a service that is slow rather than dead from holding up every request for Rules.Within.
// Once the callers of optional parts go through system/l5, its breaker takes health's place: it asks the same two questions.
const (
	badBatches = 5
	badFor     = 250 * time.Millisecond
	restFor    = time.Second
)

// health is how a service has answered lately; pure.
type health struct {
	bad     int           // batches in a row that were not answered in time
	since   time.Duration // when the first of them was given up
	until   time.Duration // the service is left alone till then; 0: it is not
	probing bool          // a probe is on its way
}

// allows says whether the service may be asked now.
func (h *health) allows(now time.Duration) bool {
	switch {
	case h.until == 0:
		return true
	case h.probing || now < h.until:
		return false
	}
	h.probing = true
	return true
}

// heard notes how a batch came out. One that was answered ends every doubt.
func (h *health) heard(now time.Duration, answered bool) {
	if answered {
		*h = health{}
		return
	}
	if h.bad++; h.bad == 1 {
		h.since = now
	}
	if h.bad >= badBatches && now-h.since >= badFor {
		h.until, h.probing = now+restFor, false
	}
}
