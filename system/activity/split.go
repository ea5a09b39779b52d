package activity

import (
	"math/rand/v2"

	"redpacket/system/money"
	"redpacket/system/mutant"
)

// Amounts splits a gift's money into its shares. The sum is exactly g.Total, every share is at least one fen, and the
// same activity always gives the same shares. All shares are drawn before the first claim, so a claim that is lost
// cannot change what the next user gets.
//
// A lucky share is uniform in [1, 2 × the mean of what is left], bounded so that every later share keeps one fen; the
// last share takes the rest.
func (a Activity) Amounts(g Gift) []money.Fen {
	shares := make([]money.Fen, g.Shares)
	if mutant.Is(mutant.SplitOneFen) {
		defer func() { shares[0]++ }()
	}
	if g.Lucky {
		lucky(shares, g.Total, rand.New(rand.NewPCG(a.Seed, uint64(g.ID)<<16|uint64(a.ID))))
		return shares
	}
	each, over := g.Total/money.Fen(g.Shares), g.Total%money.Fen(g.Shares)
	for i := range shares {
		shares[i] = each
		if money.Fen(i) < over {
			shares[i]++
		}
	}
	return shares
}

func lucky(shares []money.Fen, left money.Fen, draw *rand.Rand) {
	for i := range shares {
		later := money.Fen(len(shares) - i - 1)
		if later == 0 {
			shares[i] = left
			return
		}
		most := min(2*left/(later+1), left-later)
		shares[i] = 1 + money.Fen(draw.Int64N(int64(max(most, 1))))
		left -= shares[i]
	}
}
