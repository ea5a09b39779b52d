package sameness

import (
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
	r := Ratio{log: HodgesLehmann(logs), sorted: make([]float64, draws), stretch: stretched(n, block)}
	draw, sample := loadprofiles.Draw(seed), make([]float64, 0, n+block)
	sum, squares := 0.0, 0.0
	for i := range r.sorted {
		sample = sample[:0]
		for len(sample) < n {
			from := int(draw.Next() % uint64(n-block+1))
			sample = append(sample, logs[from:from+block]...)
		}
		r.sorted[i] = HodgesLehmann(sample[:n])
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
func HodgesLehmann(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	means := make([]float64, 0, len(x)*(len(x)+1)/2)
	for i, a := range x {
		for _, b := range x[i:] {
			means = append(means, (a+b)/2)
		}
	}
	half := len(means) / 2
	upper := nth(means, half)
	if len(means)%2 == 1 {
		return upper
	}
	return (slices.Max(means[:half]) + upper) / 2 // nth left the smaller ones before it
}

// nth puts the k-th smallest value in its place, smaller ones before it, and returns it (Hoare 1961, "Find").
func nth(x []float64, k int) float64 {
	for from, to := 0, len(x)-1; from < to; {
		pivot := x[(from+to)/2]
		i, j := from, to
		for i <= j {
			for x[i] < pivot {
				i++
			}
			for x[j] > pivot {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			to = j
		case k >= i:
			from = i
		default:
			return x[k]
		}
	}
	return x[k]
}
