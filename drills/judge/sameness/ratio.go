package sameness

import (
	"cmp"
	"math"
	"slices"

	"redpacket/loadprofiles"
)

// Pair is one second of both versions: the same metric, above 0, at the same time, so that what shakes both cancels out.
type Pair struct{ Gray, Base float64 }

// The least that a ratio wants.
const (
	LeastPairs = 8   // seconds; with fewer a block bootstrap has nothing to draw from
	draws      = 499 // of the bootstrap: the smallest p-value is 0.002
)

// Ratio is the Hodges-Lehmann estimate of gray/base over paired seconds, on the scale of its logarithm, with a moving-block bootstrap.
type Ratio struct {
	log     float64
	sorted  []float64 // the bootstrap's, in order
	stretch float64
	spread  float64 // standard error
}

var _ Effect = Ratio{}

// RatioOf estimates a ratio. Seconds follow on each other: they are drawn in blocks of the cube root of their number, so that
// neighbours which move together stay together (Künsch 1989; Hall, Horowitz and Jing 1995 for the length). It is false with fewer
// than LeastPairs usable pairs.
func RatioOf(pairs []Pair, seed uint64) (Ratio, bool) {
	var logs []float64
	for _, p := range pairs {
		if p.Gray > 0 && p.Base > 0 {
			logs = append(logs, math.Log(p.Gray/p.Base))
		}
	}
	n := len(logs)
	if n < LeastPairs {
		return Ratio{}, false
	}
	block := int(math.Ceil(math.Cbrt(float64(n))))
	means, times := meansOf(logs), once(n)
	r := Ratio{log: means.middle(times), sorted: make([]float64, draws), stretch: stretched(n, block)}
	draw, sum, squares := loadprofiles.Draw(seed), 0.0, 0.0
	for i := range r.sorted {
		clear(times)
		for drawn := 0; drawn < n; drawn += block {
			from := int(draw.Next() % uint64(n-block+1))
			for at := from; at < from+min(block, n-drawn); at++ {
				times[at]++
			}
		}
		r.sorted[i] = means.middle(times)
		sum += r.sorted[i]
		squares += r.sorted[i] * r.sorted[i]
	}
	slices.Sort(r.sorted)
	r.spread = r.stretch * math.Sqrt(max(0, squares/draws-sum/draws*sum/draws))
	return r, true
}

// stretched makes up for what a bootstrap of few seconds falls short by: the variance of blocks' means by the factor (n-block)/n
// (Künsch 1989), and the tails of a spread that is itself estimated, by the first term of Fisher's expansion of Student's t, at 5 %.
func stretched(n, block int) float64 {
	z := quantile(0.95)
	free := float64(n - block)
	return math.Sqrt(float64(n)/free) * (1 + (z*z+1)/(4*free))
}

// Estimate is the logarithm of the ratio.
func (r Ratio) Estimate() float64 { return r.log }

// Error is the bootstrap's standard error.
func (r Ratio) Error() float64 { return r.spread }

// Interval is the percentiles of the bootstrap (Efron 1979), stretched.
func (r Ratio) Interval(alpha float64) (low, high float64) {
	at := func(q float64) float64 {
		x := r.sorted[min(max(int(math.Round(q*(draws+1)))-1, 0), draws-1)]
		return r.log + (x-r.log)*r.stretch
	}
	return at(alpha), at(1 - alpha)
}

// Beyond is the share of the bootstrap at or below the margin: the level at which the interval's lower bound would touch it.
func (r Ratio) Beyond(margin float64) float64 {
	edge := r.log + (margin-r.log)/r.stretch
	n, found := slices.BinarySearch(r.sorted, edge)
	for found && n < draws && r.sorted[n] <= edge {
		n++
	}
	return float64(n+1) / (draws + 1)
}

// HodgesLehmann is the median of the means of all pairs, each value with itself too: an estimate of the middle of a symmetric
// distribution that outliers hardly move (Hodges and Lehmann 1963). It is 0 of nothing.
func HodgesLehmann(x []float64) float64 { return meansOf(x).middle(once(len(x))) }

// mean is that of two values, by their places.
type mean struct {
	value float64
	a, b  int32
}

// means are those of all pairs of some values, each with itself too, in order. A bootstrap's samples are the same values, some of them
// more than once: what changes from one sample to the next is how often a pair is there, and nothing need be sorted anew.
type means []mean

func meansOf(x []float64) means {
	all := make(means, 0, len(x)*(len(x)+1)/2)
	for i, a := range x {
		for k, b := range x[i:] {
			all = append(all, mean{(a + b) / 2, int32(i), int32(i + k)})
		}
	}
	slices.SortFunc(all, func(a, b mean) int { return cmp.Compare(a.value, b.value) })
	return all
}

// once is that each of n values is there one time.
func once(n int) []int { return slices.Repeat([]int{1}, n) }

// middle is the median of the means where each value is there so many times, in all as often as there are values. Of an even number
// it is the mean of the two in the middle.
func (m means) middle(times []int) float64 {
	lower, upper := (len(m)-1)/2, len(m)/2 // how many means are before the one, and before the other
	below, seen := 0.0, 0
	for _, p := range m {
		pairs := times[p.a] * times[p.b]
		if p.a == p.b {
			pairs = times[p.a] * (times[p.a] + 1) / 2
		}
		if seen <= lower {
			below = p.value
		}
		if seen += pairs; seen > upper {
			return (below + p.value) / 2
		}
	}
	return 0
}
