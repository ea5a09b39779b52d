package money

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func amounts() *rapid.Generator[Fen] {
	return rapid.OneOf(rapid.Custom(func(t *rapid.T) Fen { return Fen(rapid.Int64().Draw(t, "fen")) }),
		rapid.SampledFrom([]Fen{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, -100, -99, -1, 0, 99, 100}))
}

// Every amount is written so that it can be read again to the fen, and two amounts are never written alike.
func TestTextTellsEveryFen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := amounts().Draw(t, "f")
		yuan, fen, ok := strings.Cut(strings.TrimSuffix(f.String(), " yuan"), ".")
		back, digits := new(big.Int).SetString(yuan+fen, 10)
		if !ok || !digits || len(fen) != 2 || back.Cmp(big.NewInt(int64(f))) != 0 {
			t.Fatalf("%d fen is written %q", int64(f), f)
		}
		if strings.HasPrefix(f.String(), "-") != (f < 0) {
			t.Fatalf("%d fen is written %q", int64(f), f)
		}
	})
}

// Whole fen add up to the same sum in any order and any grouping: nothing is ever rounded.
func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(-1<<55, 1<<55), 1, 200).Draw(t, "all")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		sum := func(part []int64) (s Fen) {
			for _, f := range part {
				s += Fen(f)
			}
			return s
		}
		shuffled := rapid.Permutation(all).Draw(t, "shuffled")
		if whole := sum(all); sum(all[:cut])+sum(all[cut:]) != whole || sum(shuffled) != whole {
			t.Fatalf("%d in one order, %d in another, %d in two parts", whole, sum(shuffled), sum(all[:cut])+sum(all[cut:]))
		}
	})
}
