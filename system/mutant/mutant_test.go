package mutant

import (
	"os"
	"regexp"
	"testing"
)

// In a normal build nothing is a bug, whatever the environment says; go test -tags mutant asks the other build.
func TestABuildHasTheBugThatItWasTold(t *testing.T) {
	told := os.Getenv(Variable)
	tagged := Is(told) // only a build with the tag says yes to what it was told, even to nothing
	for _, name := range Names() {
		if want := tagged && name == told; Is(name) != want {
			t.Errorf("Is(%q) is %v; the variable is %q, the build has the tag: %v", name, Is(name), told, tagged)
		}
	}
}

func TestEveryBugSaysWhatItIs(t *testing.T) {
	seen := map[string]bool{None: true, "": true}
	for _, b := range All() {
		if len(b.Does) < 30 || b.Seen == "" || !regexp.MustCompile(`^M[1-8]$`).MatchString(b.Breaks) {
			t.Errorf("%+v: it needs a sentence, the promise that it breaks and how", b)
		}
	}
	for _, v := range Versions() {
		if _, err := regexp.Compile(v.Seen); len(v.Does) < 30 || v.Seen == "" || err != nil || v.On == "" || v.Since < 1 || v.By < v.Since || v.By > 50 {
			t.Errorf("%+v: it needs a sentence, how it is seen, who has it, and the stages of it (%v)", v, err)
		}
	}
	for _, name := range Names() {
		if seen[name] {
			t.Errorf("two bugs are called %s", name)
		}
		seen[name] = true
		if err := Check(name); err != nil {
			t.Error(err)
		}
	}
	if Check(None) != nil || Check("no-such-bug") == nil || Check("") == nil {
		t.Error("None must be known, and names of nothing must not")
	}
}
