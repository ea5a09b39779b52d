package loadprofiles

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A curve owes at each time what its parts owe, also in the middle of them, and a part's arrivals come when they would
// alone, later by what stands before it.
func TestThenIsItsPartsAtEveryTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := curves().Draw(t, "a"), curves().Draw(t, "b")
		both := Then(a, b)
		at := time.Duration(rapid.Int64Range(0, int64(both.Length())).Draw(t, "at"))
		want := a.Due(at) + b.Due(at-a.Length())
		if got := both.Due(at); math.Abs(got-want) > 1e-9*(1+want) {
			t.Fatalf("at %s both owe %f, want %f", at, got, want)
		}
		if got := both.Rate(at); at < a.Length() && got != a.Rate(at) || at >= a.Length() && got != b.Rate(at-a.Length()) {
			t.Fatalf("at %s the rate is %f", at, got)
		}
	})
}

// A ramp owes as much as its mean held, its halves add up to it, and a hold is a ramp that does not rise.
func TestRampsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.Float64Range(0, 50_000).Draw(t, "from"), rapid.Float64Range(0, 50_000).Draw(t, "to")
		half := time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond
		ramp, mean := Ramp(from, to, 2*half), (from+to)/2
		want := mean * 2 * half.Seconds()
		for _, c := range []Curve{ramp, Then(Ramp(from, mean, half), Ramp(mean, to, half)), Hold(mean, 2*half), Ramp(mean, mean, 2*half)} {
			if got := c.Due(c.Length()); math.Abs(got-want) > 1e-9*(1+want) {
				t.Fatalf("%v owes %f, want %f", c, got, want)
			}
		}
		factor := rapid.Float64Range(0.001, 1000).Draw(t, "factor")
		if got := ramp.Times(factor).Due(half); math.Abs(got-factor*ramp.Due(half)) > 1e-9*(1+got) {
			t.Fatalf("%g times owes %f, want %f", factor, got, factor*ramp.Due(half))
		}
	})
}

// However the clicks are dealt out, to any number of shards and machines, the stream is the same; another seed's is not.
func TestStreamDoesNotHangOnTheShards(t *testing.T) {
	p := Night200k(time.Second)
	rapid.Check(t, func(t *rapid.T) {
		scaled := p.Scaled(rapid.Float64Range(0.001, 1).Draw(t, "scale"))
		seed, clicks := rapid.Uint64().Draw(t, "seed"), rapid.Uint64Range(1, 300).Draw(t, "clicks")
		whole, other := uint64(0), uint64(0)
		one, two := scaled.Crowd(seed), scaled.Crowd(seed+1)
		for n := uint64(1); n <= clicks; n++ {
			whole += one.Click(n).Hash(n)
			other += two.Click(n).Hash(n)
		}
		shards := rapid.IntRange(1, 9).Draw(t, "shards")
		parts, crowds := make([]uint64, shards), make([]*Crowd, shards)
		for i := range crowds {
			crowds[i] = scaled.Crowd(seed)
		}
		for n := clicks; n >= 1; n-- {
			i := rapid.IntRange(0, shards-1).Draw(t, "shard")
			parts[i] += crowds[i].Click(n).Hash(n)
		}
		sum := uint64(0)
		for _, part := range parts {
			sum += part
		}
		if sum != whole || whole == other {
			t.Fatalf("seed %d: %x whole, %x in %d shards, %x with another seed", seed, whole, sum, shards, other)
		}
	})
}
