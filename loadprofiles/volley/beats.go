package volley

import (
	"time"

	"redpacket/loadprofiles"
)

// beat is how finely the rhythm of the load is looked at: load that comes in lumps further apart than this is not the
// curve's, even when none of it is late.
const beat = 20 * time.Millisecond

// maxBeats bounds the memory for beats: an hour and a half. A longer volley's rhythm is looked at so far.
const maxBeats = 1 << 18

// beats counts the hits that left in each beat, by when they left.
type beats []uint32

func (b *beats) add(at time.Duration) {
	place := int(max(0, at) / beat)
	if place >= maxBeats {
		return
	}
	for len(*b) <= place {
		*b = append(*b, 0)
	}
	(*b)[place]++
}

func (b *beats) merge(from beats) {
	for len(*b) < len(from) {
		*b = append(*b, 0)
	}
	for place, n := range from {
		(*b)[place] += n
	}
}

// bunched is the share of a curve's beats, until a time, in which less than half or more than double of what was owed in
// them left, give or take one hit.
func (b beats) bunched(hits loadprofiles.Curve, until time.Duration) float64 {
	off, all, before := 0, 0, 0.0
	for place := range min(int(until/beat), maxBeats) {
		due := hits.Due(time.Duration(place+1) * beat)
		owed, left := due-before, 0.0
		if before = due; place < len(b) {
			left = float64(b[place])
		}
		if all++; left < owed/2-1 || left > 2*owed+1 {
			off++
		}
	}
	return float64(off) / float64(max(1, all))
}
