package judge

import (
	"slices"
	"testing"
)

// An assertion that was never seen to fail is not yet an assertion: every type there is must have rows that make it
// pass, fail and inconclusive. A validity gate never fails. Rows of a new type go into one of these tables.
func TestEveryAssertionIsSeenToPassToFailAndToDoubt(t *testing.T) {
	seen := map[string][]Status{}
	for _, table := range [][]row{validityRows(), invariantRows(), hypothesisRows(), recoveryRows(), linearizableRows(), faultyRows(), disasterRows(), modelRows(), triggerRows(), versionRows(), abortRows(), tagRows(), promotionRows()} {
		for _, r := range table {
			seen[TypeOf(r.asks)] = append(seen[TypeOf(r.asks)], r.want)
		}
	}
	for _, a := range kinds() {
		wanted := []Status{Pass, Fail, Inconclusive}
		if a.Kind() == Validity {
			wanted = []Status{Pass, Inconclusive}
			if slices.Contains(seen[TypeOf(a)], Fail) {
				t.Errorf("%s is a validity gate, and a row makes it fail", TypeOf(a))
			}
		}
		for _, want := range wanted {
			if !slices.Contains(seen[TypeOf(a)], want) {
				t.Errorf("no row makes %s %s", TypeOf(a), want)
			}
		}
	}
}
