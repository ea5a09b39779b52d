package record

import (
	"time"

	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// Tally is how many requests came to what, and how long their clients waited, by the time at which they were owed. A
// span is widened to the whole slots (100 ms) that it touches.
type Tally interface {
	Requests
	// Happened is how often something happened that is no request: an exposure, a click, a retry.
	Happened(s Span, f tally.Fact) uint64
}

// Requests is the part of a Tally that is about requests.
type Requests interface {
	Count(s Span, of Which) uint64
	// Quantile is the time that a share q (0 … 1) of those requests stayed within; 0 when there were none.
	Quantile(s Span, of Which, q float64) time.Duration
}

// Which picks requests by what they asked for and what they came to. An empty list means all of them.
type Which struct {
	Ops      []api.Op
	Outcomes []api.Outcome
}

// Has says whether a request belongs to those picked.
func (w Which) Has(op api.Op, out api.Outcome) bool { return has(w.Ops, op) && has(w.Outcomes, out) }

func has[T comparable](list []T, x T) bool {
	for _, e := range list {
		if e == x {
			return true
		}
	}
	return len(list) == 0
}
