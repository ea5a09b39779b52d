package gslb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Weights are how a region's users are shared out: data centre -> weight, 0 … MaxWeight, not all 0.
type Weights map[string]int

// MaxWeight is the largest weight.
const MaxWeight = 1000

// ErrWeights is wrapped by the error of weights that cannot be had; nothing was changed then.
var ErrWeights = errors.New("no such weights")

// table is who is sent where. It is never changed: a change makes another one.
type table struct {
	idcs    []string // in order
	weights [][]int  // by region and data centre, both by their places in idcs
	healthy []bool   // by data centre
	kept    []int    // by data centre: the percent of its weights that the switches leave it
	rows    [][]int  // weights, after what each has lost went to the others
}

// newTable sends every region's users home, and takes every data centre for healthy until it is seen not to be.
func newTable(idcs []string) *table {
	t := &table{idcs: idcs}
	for region := range idcs {
		t.weights = append(t.weights, make([]int, len(idcs)))
		t.weights[region][region] = 100
		t.healthy = append(t.healthy, true)
		t.kept = append(t.kept, 100)
	}
	return t.shared()
}

// shared works out the rows: what a data centre is drained of goes to the others, by what they keep. The sum of a row does
// not depend on what is drained, so a staged return moves each user once. One that nobody could take over from keeps all.
func (t *table) shared() *table {
	t.rows = nil
	for _, weights := range t.weights {
		row := make([]int, len(weights))
		for i, w := range weights {
			others := 0
			for j, kept := range t.kept {
				if j != i {
					others += kept
				}
			}
			left := 100 * t.kept[i] * w
			if others == 0 {
				left = 100 * 100 * w
			}
			row[i] += left
			for j, rest := 0, 100*100*w-left; j < len(row); j++ {
				if j != i && others > 0 {
					part := rest * t.kept[j] / others
					row[j], rest, others = row[j]+part, rest-part, others-t.kept[j]
				}
			}
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// drain is the table with other percents kept, by data centre.
func (t *table) drain(kept func(idc string) int) *table {
	next := &table{idcs: t.idcs, weights: t.weights, healthy: t.healthy}
	for _, idc := range t.idcs {
		next.kept = append(next.kept, kept(idc))
	}
	return next.shared()
}

// weigh is the table with other weights for one region, or for all when region is empty.
func (t *table) weigh(region string, w Weights) (*table, error) {
	place := slices.Index(t.idcs, region)
	if region != "" && place < 0 {
		return nil, fmt.Errorf("%w: no region %q; there are %s", ErrWeights, region, strings.Join(t.idcs, ", "))
	}
	row, sum := make([]int, len(t.idcs)), 0
	for _, idc := range slices.Sorted(maps.Keys(w)) {
		i := slices.Index(t.idcs, idc)
		if i < 0 || w[idc] < 0 || w[idc] > MaxWeight {
			return nil, fmt.Errorf("%w: %d for data centre %q; want 0 to %d for %s", ErrWeights, w[idc], idc, MaxWeight, strings.Join(t.idcs, ", "))
		}
		row[i], sum = w[idc], sum+w[idc]
	}
	if sum == 0 {
		return nil, fmt.Errorf("%w: the weights of region %q are all 0, so its users would have nowhere to go", ErrWeights, region)
	}
	next := &table{idcs: t.idcs, weights: slices.Clone(t.weights), healthy: t.healthy, kept: t.kept}
	for i := range next.weights {
		if region == "" || i == place {
			next.weights[i] = row
		}
	}
	return next.shared(), nil
}

// mark is the table with a data centre's health as it is now.
func (t *table) mark(idc int, healthy bool) *table {
	next := &table{idcs: t.idcs, weights: t.weights, healthy: slices.Clone(t.healthy), kept: t.kept, rows: t.rows}
	next.healthy[idc] = healthy
	return next
}

// pick is the data centre for a region's users of a bucket. Those that are not healthy get nobody; their users go where
// the weights send others of the region, or to any that is healthy. When none is, health says nothing, and the weights
// alone decide: somebody may be served, and a probe that is wrong about all must not take the event down.
func (t *table) pick(region int, bucket uint32) int {
	row := t.rows[region]
	if i := draw(row, bucket, func(i int) bool { return t.healthy[i] }); i >= 0 {
		return i
	}
	even := make([]int, len(row))
	for i := range even {
		even[i] = 1
	}
	if i := draw(even, bucket, func(i int) bool { return t.healthy[i] }); i >= 0 {
		return i
	}
	return draw(row, bucket, func(int) bool { return true })
}

// draw is the place whose part of the buckets a bucket lies in; -1: no weight is allowed. With two places, a weight that
// grows takes buckets over and gives none away.
func draw(weights []int, bucket uint32, allowed func(int) bool) int {
	sum := 0
	for i, w := range weights {
		if allowed(i) {
			sum += w
		}
	}
	if sum == 0 {
		return -1
	}
	at := uint64(bucket) * uint64(sum) >> 32
	for i, w := range weights {
		if !allowed(i) {
			continue
		}
		if at < uint64(w) {
			return i
		}
		at -= uint64(w)
	}
	return -1 // at is below sum
}

// bucketOf spreads neighbouring networks evenly over all buckets (by the golden ratio): of any run of networks nearly the
// share moves that the weights say.
func bucketOf(subnet netip.Addr) uint32 {
	const golden = 2654435769 // 2^32 / φ
	if !subnet.Is4() {
		return 0
	}
	b := subnet.As4()
	return (binary.BigEndian.Uint32(b[:]) >> 8) * golden
}

// state is the table as it is shown.
type state struct {
	Weights map[string]Weights `json:"weights"` // region -> data centre -> weight
	Healthy map[string]bool    `json:"healthy"` // data centre -> whether users are sent there
	Kept    map[string]int     `json:"kept"`    // data centre -> percent of its weights that the switches leave it
}

func (t *table) state() state {
	s := state{Weights: map[string]Weights{}, Healthy: map[string]bool{}, Kept: map[string]int{}}
	for i, region := range t.idcs {
		s.Weights[region], s.Healthy[region], s.Kept[region] = Weights{}, t.healthy[i], t.kept[i]
		for j, idc := range t.idcs {
			s.Weights[region][idc] = t.weights[i][j]
		}
	}
	return s
}
