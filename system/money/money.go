// Package money counts whole fen, so that no sum in the system is ever rounded.
package money

import "fmt"

// Fen is an amount of money in whole fen (one hundredth of a yuan). It is never a float and never a fraction.
type Fen int64

// Yuan is one yuan in fen.
const Yuan Fen = 100

// String writes the amount in yuan with two decimals, for people: 8000 fen is "80.00 yuan".
func (f Fen) String() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d yuan", sign, f/Yuan, f%Yuan)
}
