package catalog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"redpacket/drills"
)

// A drill that is built twice has the same script to the byte; another seed is another script, and a sound one, in which each
// fault comes as long after the beginning of its phase as it was written.
func TestScriptsFollowTheSeedAlone(t *testing.T) {
	again := All(0)
	hashes := map[string]string{}
	for i, d := range All(0) {
		one, two := d.Script(), again[i].Script()
		if !slices.Equal(one, two) {
			t.Errorf("%s: two scripts of one drill", d.ID)
		}
		for seed := d.Seed; seed < d.Seed+20; seed++ {
			u := d.Under(seed)
			if err := u.Check(); err != nil {
				t.Errorf("%s under seed %d: %v", d.ID, seed, err)
			}
			hash := drills.ScriptHash(u.Script())
			if other, taken := hashes[hash]; taken {
				t.Errorf("%s under seed %d and %s have the same script", d.ID, seed, other)
			}
			hashes[hash] = fmt.Sprintf("%s under seed %d", d.ID, seed)
			if seed != d.Seed && len(d.Injections) > 0 && (u.Injections[0].At == d.Injections[0].At || into(u) != into(d)) {
				t.Errorf("%s under seed %d: the first fault comes at %s, %s into its phase; was at %s, %s into it", d.ID, seed,
					u.Injections[0].At, into(u), d.Injections[0].At, into(d))
			}
		}
	}
}

// into is how far into its phase a drill's first fault comes.
func into(d drills.Drill) time.Duration {
	from := time.Duration(0)
	for _, w := range d.Windows() {
		if w.From <= d.Injections[0].At {
			from = w.From
		}
	}
	return d.Injections[0].At - from
}
