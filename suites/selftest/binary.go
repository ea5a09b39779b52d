package selftest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"redpacket/system/mutant"
)

// BugsIn builds the system as its image does, with a build tag or with none (""), in dir, and names the bugs that the
// binary has hooks for. A binary that can be told to have a bug also holds the name of the variable, which comes last.
func BugsIn(ctx context.Context, dir, tag string) ([]string, error) {
	out := filepath.Join(dir, "redpacket-"+tag)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", tag, "-ldflags", "-s -w", "-o", out, "redpacket/system/cmd/redpacket")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the system: %w: %s", err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range BugNames() {
		if bytes.Contains(text, []byte(name)) {
			found = append(found, name)
		}
	}
	return found, nil
}

// BugNames are the names of all bugs, and last the variable that a process is told its bug by.
func BugNames() []string { return append(mutant.Names(), mutant.Variable) }
