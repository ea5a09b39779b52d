package loadprofiles

import (
	"math"
	"time"
)

// Curve is a rate of arrivals over time, as straight stretches one after the other. It is data, so it can be sent to a
// worker and written down; its arithmetic is on running totals, so that nothing is lost between two readings.
type Curve []Stretch

// Stretch is a piece of a curve: from one rate (arrivals per second) straight to another.
type Stretch struct {
	From, To float64
	For      time.Duration
}

// Hold is a steady rate.
func Hold(rate float64, length time.Duration) Curve { return Curve{{rate, rate, length}} }

// Ramp is a rate that rises or falls in a straight line.
func Ramp(from, to float64, length time.Duration) Curve { return Curve{{from, to, length}} }

// Then is curves one after the other.
func Then(curves ...Curve) Curve {
	var all Curve
	for _, c := range curves {
		all = append(all, c...)
	}
	return all
}

// Times is the curve with every rate multiplied.
func (c Curve) Times(factor float64) Curve {
	scaled := make(Curve, len(c))
	for i, s := range c {
		scaled[i] = Stretch{s.From * factor, s.To * factor, s.For}
	}
	return scaled
}

// Length is how long the curve lasts.
func (c Curve) Length() time.Duration {
	var sum time.Duration
	for _, s := range c {
		sum += s.For
	}
	return sum
}

// Peak is the highest rate.
func (c Curve) Peak() float64 {
	peak := 0.0
	for _, s := range c {
		peak = max(peak, s.From, s.To)
	}
	return peak
}

// Rate is the arrivals per second at a time; 0 outside the curve.
func (c Curve) Rate(at time.Duration) float64 {
	for _, s := range c {
		if at >= 0 && at < s.For {
			return s.From + (s.To-s.From)*at.Seconds()/s.For.Seconds()
		}
		at -= s.For
	}
	return 0
}

// Due is how many arrivals are owed from the start until a time: the integral of the rate. It never falls.
func (c Curve) Due(at time.Duration) float64 {
	sum := 0.0
	for _, s := range c {
		if at <= 0 {
			break
		}
		sum += s.due(min(at, s.For))
		at -= s.For
	}
	return sum
}

// slack is the part of an arrival by which sums of floats may be short of a whole number.
const slack = 1e-6

// Arrivals is how many whole arrivals the curve owes in all: the last n for which When is true.
func (c Curve) Arrivals() uint64 { return uint64(c.Due(c.Length()) + slack) }

// When is the time at which arrival number n (1 …) is owed: the inverse of Due. It is false when the curve owes fewer.
func (c Curve) When(n uint64) (time.Duration, bool) {
	if n > c.Arrivals() {
		return c.Length(), false
	}
	owed, from := float64(n), time.Duration(0)
	for _, s := range c {
		if all := s.due(s.For); owed > all {
			owed -= all
			from += s.For
			continue
		}
		return from + s.when(owed), true
	}
	return from, true
}

func (s Stretch) due(at time.Duration) float64 {
	if s.For <= 0 {
		return 0
	}
	t := at.Seconds()
	slope := (s.To - s.From) / s.For.Seconds()
	return s.From*t + slope*t*t/2
}

// when solves due(t) = n for t: slope/2·t² + From·t − n = 0, in the form that stays exact when the slope is small.
func (s Stretch) when(n float64) time.Duration {
	slope := (s.To - s.From) / s.For.Seconds()
	root := math.Sqrt(max(s.From*s.From+2*slope*n, 0))
	if s.From+root == 0 {
		return s.For
	}
	return min(time.Duration(2*n/(s.From+root)*float64(time.Second)), s.For)
}
