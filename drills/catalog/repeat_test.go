package catalog

import (
	"slices"
	"testing"

	"redpacket/drills"
)

// A drill that is built twice has the same script to the byte; another seed is another script.
func TestScriptsFollowTheSeedAlone(t *testing.T) {
	again := All(0)
	hashes := map[string]string{}
	for i, d := range All(0) {
		one, two := d.Script(), again[i].Script()
		if !slices.Equal(one, two) {
			t.Errorf("%s: two scripts of one drill", d.ID)
		}
		hash := drills.ScriptHash(one)
		if other, taken := hashes[hash]; taken {
			t.Errorf("%s and %s have the same script", d.ID, other)
		}
		hashes[hash] = d.ID
		if d.Seed++; drills.ScriptHash(d.Script()) == hash {
			t.Errorf("%s: another seed, the same script", d.ID)
		}
	}
}
