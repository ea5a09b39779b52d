package mutant

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// In a normal build nothing is a bug, whatever the environment says; go test -tags mutant asks the other build.
func TestABuildHasTheBugThatItWasTold(t *testing.T) {
	told := os.Getenv(Variable)
	tagged := Is(told) // only a build with the tag says yes to what it was told, even to nothing
	for _, b := range slices.Concat(All(), Versions()) {
		if want := tagged && b.Name == told; Is(b.Name) != want {
			t.Errorf("Is(%q) is %v; the variable is %q, the build has the tag: %v", b.Name, Is(b.Name), told, tagged)
		}
	}
}

func TestEveryBugSaysWhatItIs(t *testing.T) {
	seen := map[string]bool{None: true, "": true}
	for _, b := range slices.Concat(All(), Versions()) {
		if seen[b.Name] || len(b.Does) < 30 || b.Seen == "" || !regexp.MustCompile(`^(M[1-8]|gate)$`).MatchString(b.Breaks) {
			t.Errorf("%+v: it needs a name of its own, a sentence, the promise that it breaks and how", b)
		}
		seen[b.Name] = true
		if err := Check(b.Name); err != nil {
			t.Error(err)
		}
	}
	if Check(None) != nil || Check("no-such-bug") == nil || Check("") == nil {
		t.Error("None must be known, and names of nothing must not")
	}
}
