package funnel

import (
	"math"

	"redpacket/loadprofiles/estimate"
)

// z is the 97.5 % quantile of the normal distribution: intervals are of 95 % confidence.
const z = 1.959963984540054

// wilson is the score interval of a share k of n (E. B. Wilson, Probable inference, JASA 22, 1927, p. 209-212). It stays
// within 0 … 1 and is honest where k is near 0 or n. n is 1 or more.
func wilson(k, n uint64) estimate.Range {
	p, size := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*size)) / (1 + z*z/size)
	half := z / (1 + z*z/size) * math.Sqrt(p*(1-p)/size+z*z/(4*size*size))
	return estimate.Range{Low: max(0, min(p, middle-half)), Mid: p, High: min(1, max(p, middle+half))}
}

// block is what happened in about a second: so many of y, while there were so many of x.
type block struct{ y, x float64 }

// leastBlocks: an interval from fewer seconds says nothing.
const leastBlocks = 5

// ratio is the interval of a ratio of two counts out of its values in seconds (W. G. Cochran, Sampling Techniques, 3rd ed.
// 1977, section 2.11): R = Σy/Σx with the variance Σ(y-Rx)²/((n-1)·n·x̄²), and Student's t of n-1. It assumes nothing of how
// counts spread within a second, so it holds where requests come in groups. There are leastBlocks blocks or more, Σx > 0.
func ratio(blocks []block) estimate.Range {
	var y, x float64
	for _, b := range blocks {
		y, x = y+b.y, x+b.x
	}
	r, n, sum := y/x, float64(len(blocks)), 0.0
	for _, b := range blocks {
		sum += (b.y - r*b.x) * (b.y - r*b.x)
	}
	half := student(n-1) * math.Sqrt(sum/(n-1)/n) / (x / n)
	return estimate.Range{Low: max(0, r-half), Mid: r, High: r + half}
}

// student is the 97.5 % quantile of Student's t (M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 1964,
// 26.7.5): within 0.3 % from 4 degrees of freedom on.
func student(freedom float64) float64 {
	z2 := z * z
	return z * (1 + (z2+1)/(4*freedom) + ((5*z2+16)*z2+3)/(96*freedom*freedom) +
		(((3*z2+19)*z2+17)*z2-15)/(384*freedom*freedom*freedom))
}
