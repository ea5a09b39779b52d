package tally

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// However the requests are dealt out over shards, and however the shards are added up, by way of files or not, the tally
// is the same to the byte.
func TestAnyShardsAddUpToTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := slices.Repeat(hits().Draw(t, "hits"), rapid.IntRange(1, 4).Draw(t, "times"))
		want := file(t, tallyOf(all))
		parts := make([]*Tally, rapid.IntRange(1, 5).Draw(t, "shards"))
		for i := range parts {
			parts[i] = New(time.Duration(rapid.IntRange(0, 50).Draw(t, "slots held")) * Slot)
		}
		for _, h := range rapid.Permutation(all).Draw(t, "order") {
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, "shard")].Record(h.owed, h.took, h.op, h.outcome)
		}
		for len(parts) > 1 {
			into, from := rapid.IntRange(0, len(parts)-2).Draw(t, "into"), len(parts)-1
			if rapid.Bool().Draw(t, "through a file") {
				read, err := Decode(bytes.NewReader(file(t, parts[from])))
				if err != nil {
					t.Fatal(err)
				}
				parts[from] = read
			}
			parts[into].Merge(parts[from])
			parts = parts[:from]
		}
		if !bytes.Equal(file(t, parts[0]), want) {
			t.Fatal("the shards add up to another tally")
		}
	})
}
