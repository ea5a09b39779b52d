package catalog

import (
	"flag"
	"os"
	"strings"
	"testing"

	"redpacket/drills"
)

// rewrite is given as `go test ./drills/catalog -args rewrite` after a drill was changed on purpose.
func rewrite() bool {
	for _, arg := range flag.Args() {
		if arg == "rewrite" {
			return true
		}
	}
	return false
}

func TestScriptsAreAsTheyWere(t *testing.T) {
	const golden = "testdata/scripts.txt"
	var text strings.Builder
	for _, d := range All(0) {
		script := d.Script()
		text.WriteString(strings.Join(script, "\n") + "\n  hash       " + drills.ScriptHash(script) + "\n\n")
	}
	if rewrite() {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(text.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d of the scripts was\n%s\nand is\n%s\nif that is meant: go test ./drills/catalog -args rewrite", i+1, line, strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""))
		}
	}
}
