package tally

import (
	"time"

	"redpacket/system/api"
)

// A window is [from, to) of owed time, in whole slots: a slot belongs to it when it begins in it.

func (t *Tally) window(from, to time.Duration) (first, end int) {
	up := func(at time.Duration) int { return min(int((max(at, 0)+Slot-1)/Slot), len(t.slots)) }
	first = up(from)
	return first, max(first, up(to))
}

// Counts is how many requests owed in a window were of an op and came to an outcome.
func (t *Tally) Counts(from, to time.Duration, op api.Op, outcome api.Outcome) uint64 {
	return t.Sum(from, to, []api.Op{op}, []api.Outcome{outcome})
}

// Sum is how many requests owed in a window were of any of the ops and came to any of the outcomes; nil means all.
func (t *Tally) Sum(from, to time.Duration, ops []api.Op, outcomes []api.Outcome) uint64 {
	return t.count(from, to, chosen(ops, outcomes))
}

func (t *Tally) count(from, to time.Duration, take [kinds]bool) (sum uint64) {
	first, end := t.window(from, to)
	for at := first; at < end; at++ {
		t.each(at, func(kind, _ int, count int64) {
			if take[kind] {
				sum += uint64(count)
			}
		})
	}
	return sum
}

// Window is the requests owed in a stretch of time that are of any of the ops and came to any of the outcomes; nil means
// all of them.
type Window struct {
	From, To time.Duration
	Ops      []api.Op
	Outcomes []api.Outcome
}

// Within is the time within which the share q (0 … 1) of a window's requests ended, counted from when they were owed; 1
// is the longest, at most 1 % above what was recorded. It is false when there were none.
func (t *Tally) Within(w Window, q float64) (time.Duration, bool) {
	all, sum := t.gather(w.From, w.To, chosen(w.Ops, w.Outcomes))
	return quantile(all, sum, q)
}

// Max is the longest of the chosen requests, at most 1 % above what was recorded. It is false when there were none.
func (t *Tally) Max(from, to time.Duration, ops []api.Op, outcomes []api.Outcome) (time.Duration, bool) {
	return t.Within(Window{from, to, ops, outcomes}, 1)
}

// LateQuantile is the lateness that the share q (0 … 1) of the clicks sent in a window did not exceed, and how many
// clicks those were.
func (t *Tally) LateQuantile(from, to time.Duration, q float64) (time.Duration, uint64) {
	all, sum := t.gather(from, to, onlyLateness())
	by, _ := quantile(all, sum, q)
	return by, sum
}

// Facts is how often something happened in a window.
func (t *Tally) Facts(from, to time.Duration, f Fact) uint64 {
	var take [kinds]bool
	if int(f) >= lateness && int(f) < kinds {
		take[f] = true
	}
	return t.count(from, to, take)
}

func quantile(all []int64, sum uint64, q float64) (time.Duration, bool) {
	if sum == 0 {
		return 0, false
	}
	return time.Duration(histogram(all).ValueAtQuantile(100*q)) * time.Microsecond, true
}

func chosen(ops []api.Op, outcomes []api.Outcome) (take [kinds]bool) {
	if ops == nil {
		for op := range api.Ops {
			ops = append(ops, op, op.Beside())
		}
	}
	if outcomes == nil {
		outcomes = []api.Outcome{api.Doubt, api.Done, api.Refused, api.Shed, api.Failed}
	}
	for _, op := range ops {
		for _, outcome := range outcomes {
			if k, ok := kind(op, outcome); ok {
				take[k] = true
			}
		}
	}
	return take
}

func onlyLateness() (take [kinds]bool) {
	take[lateness] = true
	return take
}

func (t *Tally) gather(from, to time.Duration, take [kinds]bool) (all []int64, sum uint64) {
	all = make([]int64, counts)
	first, end := t.window(from, to)
	for at := first; at < end; at++ {
		t.each(at, func(kind, index int, count int64) {
			if take[kind] {
				all[index] += count
				sum += uint64(count)
			}
		})
	}
	return all, sum
}
