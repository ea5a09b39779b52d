// Package money counts whole fen, so that no sum in the system is ever rounded.
package money

import "fmt"

// Fen is an amount of money in whole fen (one hundredth of a yuan). It is never a float and never a fraction.
type Fen int64

// Yuan is one yuan in fen.
const Yuan Fen = 100

// String writes the amount in yuan with two decimals, for people: 8000 fen is "80.00 yuan".
func (f Fen) String() string {
	sign, fen := "", uint64(f)
	if f < 0 {
		sign, fen = "-", -fen // as unsigned, or the least amount would have no opposite
	}
	return fmt.Sprintf("%s%d.%02d yuan", sign, fen/uint64(Yuan), fen%uint64(Yuan))
}
