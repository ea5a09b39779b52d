package sameness

import "math"

// Count is so many of all.
type Count struct{ Of, All uint64 }

func (c Count) share() float64 { return float64(c.Of) / float64(c.All) }

// Difference is the share of the new version less the old one's, such as of requests that failed. Both counts' All must be above 0.
type Difference struct{ Gray, Base Count }

var _ Effect = Difference{}

// Estimate is the difference of the shares.
func (d Difference) Estimate() float64 { return d.Gray.share() - d.Base.share() }

// Error is the standard error by the normal approximation, with the shares of Agresti and Coull 1998 (two more of each kind), so that
// it is not 0 when nothing was seen.
func (d Difference) Error() float64 {
	part := func(c Count) float64 {
		p, n := float64(c.Of+2)/float64(c.All+4), float64(c.All+4)
		return p * (1 - p) / n
	}
	return math.Sqrt(part(d.Gray) + part(d.Base))
}

// Interval is Newcombe's (1998, "Interval estimation for the difference between independent proportions", method 10): the Wilson
// intervals of both, put together. It holds where shares are near 0, as those of errors are.
func (d Difference) Interval(alpha float64) (low, high float64) {
	return d.newcombe(quantile(1 - alpha))
}

func (d Difference) newcombe(z float64) (low, high float64) {
	g, b := d.Gray.share(), d.Base.share()
	gl, gu := Wilson(d.Gray, z)
	bl, bu := Wilson(d.Base, z)
	return max(-1, g-b-math.Hypot(g-gl, bu-b)), min(1, g-b+math.Hypot(gu-g, b-bl)) // rounding goes beyond
}

// Beyond finds the level at which the interval's lower bound would touch the margin.
func (d Difference) Beyond(margin float64) float64 {
	if d.Estimate() <= margin {
		return 1 // not outside; how far inside, the interval says
	}
	from, to := 0.0, 40.0
	for range 60 {
		z := (from + to) / 2
		if low, _ := d.newcombe(z); low > margin {
			from = z
		} else {
			to = z
		}
	}
	return above(from)
}

// Wilson is the score interval of a share, z standard errors wide (Wilson 1927). All must be above 0.
func Wilson(c Count, z float64) (low, high float64) {
	n, p := float64(c.All), c.share()
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}
