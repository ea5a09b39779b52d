package sameness

import (
	"cmp"
	"math"
	"slices"
)

// quantile is the standard normal's: quantile(0.975) = 1.95996.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// above is the chance that a standard normal exceeds z.
func above(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// Holm adjusts p-values for being looked at together (Holm 1979, "A simple sequentially rejective multiple test procedure"): reject
// those whose adjusted value is below alpha, and the chance of any wrong rejection is at most alpha.
func Holm(raw []float64) []float64 {
	order := make([]int, len(raw))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(raw[a], raw[b]) })
	adjusted := make([]float64, len(raw))
	most := 0.0
	for rank, i := range order {
		most = max(most, min(1, raw[i]*float64(len(raw)-rank)))
		adjusted[i] = most
	}
	return adjusted
}

// SampleRatio is how surprising it would be to see so many users of the new and of the old version if each user had gone to the new
// one with chance share (0 < share < 1): Pearson's chi-squared with one degree of freedom (Pearson 1900), whose tail is erfc of the
// root of its half. It wants users, each counted once: requests of one user go the same way together. A value below SplitWrong means
// that whoever was compared is not who should have been (Fabijan et al. 2019, "Diagnosing Sample Ratio Mismatch").
func SampleRatio(gray, base uint64, share float64) float64 {
	n := float64(gray + base)
	if n == 0 || !(share > 0 && share < 1) {
		return 1
	}
	d := float64(gray) - n*share
	return math.Erfc(math.Sqrt(d * d / (n * share * (1 - share)) / 2))
}

// SplitWrong is the p-value below which a split is wrong. It is small, for it is looked at in every stage of every run.
const SplitWrong = 0.0005

// SplitDetectable is by how much the new version's share would have to be wrong for SampleRatio to say so of so many users, with the
// power asked for (0 … 1), to either side; the whole 1 of nobody.
func SplitDetectable(users uint64, share, power float64) float64 {
	return min(1, (quantile(1-SplitWrong/2)+quantile(power))*math.Sqrt(share*(1-share)/float64(users)))
}

// LeastUsers is how many users a version must have for the chi-squared's approximation to hold (Cochran 1954: five expected).
const LeastUsers = 5
