package tally

import (
	"encoding/binary"
	"errors"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// A packed slot is, for each kind that has counts: the kind, how many different values, and for each of them the step
// from the index before and the count, all as varints. It is the histogram's own array without its zeros. (The
// library's V2 form costs half a millisecond and 0.8 MB of garbage a histogram, some hundred times a second, on the
// core that fires the load; this costs a fortieth.)

// counts is the length of a histogram's array of counts; every histogram here has the same shape.
const counts = 2560

// errCorrupt says that packed bytes are not what pack wrote.
var errCorrupt = errors.New("packed histogram is corrupt")

// pack closes an open slot.
func (t *Tally) pack(at int) {
	s := &t.slots[at]
	if s.open == nil {
		return
	}
	var b []byte
	for kind, h := range s.open {
		if h == nil {
			continue
		}
		b = appendCounts(b, kind, h.Export().Counts)
		h.Reset()
		t.spare = append(t.spare, h)
	}
	s.open, s.packed = nil, b
}

func appendCounts(b []byte, kind int, all []int64) []byte {
	filled := 0
	for _, n := range all {
		if n != 0 {
			filled++
		}
	}
	b = binary.AppendUvarint(b, uint64(kind))
	b = binary.AppendUvarint(b, uint64(filled))
	before := 0
	for i, n := range all {
		if n != 0 {
			b = binary.AppendUvarint(b, uint64(i-before))
			b = binary.AppendUvarint(b, uint64(n))
			before = i
		}
	}
	return b
}

// unpack fills an opened slot with what was packed of it.
func (t *Tally) unpack(at int) {
	s := &t.slots[at]
	packed := s.packed
	s.packed = nil
	// The bytes are pack's own, or were checked when they were read.
	_ = walk(packed, func(kind, index int, count int64) {
		if s.open[kind] == nil {
			s.open[kind] = t.fresh()
		}
		_ = s.open[kind].RecordValues(valueAt(index), count)
	})
}

// each shows every count of a slot.
func (t *Tally) each(at int, show func(kind, index int, count int64)) {
	s := &t.slots[at]
	if s.open == nil {
		_ = walk(s.packed, show)
		return
	}
	for kind, h := range s.open {
		if h == nil {
			continue
		}
		for index, n := range h.Export().Counts {
			if n != 0 {
				show(kind, index, n)
			}
		}
	}
}

// walk reads packed bytes. It stops at the first thing that pack cannot have written: kinds rise, indexes rise and are
// in range, counts are 1 … 1<<32.
func walk(b []byte, show func(kind, index int, count int64)) error {
	next := func() (n uint64) {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			b = nil
			return 1 << 62
		}
		b = b[size:]
		return n
	}
	for last := -1; len(b) > 0; {
		kind, filled := next(), next()
		if kind >= uint64(kinds) || int(kind) <= last || filled == 0 || filled > counts {
			return errCorrupt
		}
		last = int(kind)
		index := uint64(0)
		for i := range filled {
			step, count := next(), next()
			if step >= counts || (step == 0 && i > 0) || count < 1 || count > 1<<32 || index+step >= counts {
				return errCorrupt
			}
			index += step
			show(int(kind), int(index), int64(count))
		}
	}
	return nil
}

// valueAt is a value that a histogram counts at an index: with two digits the first 256 values have a place each, and
// every doubling after that has 128.
func valueAt(index int) int64 {
	if index < 256 {
		return int64(index)
	}
	doubling := index/128 - 1
	return int64(128+index%128) << doubling
}

// histogram is a set of counts as a histogram that can be asked for quantiles.
func histogram(all []int64) *hdr.Histogram {
	return hdr.Import(&hdr.Snapshot{LowestTrackableValue: 1, HighestTrackableValue: Longest.Microseconds(),
		SignificantFigures: digits, Counts: all})
}
