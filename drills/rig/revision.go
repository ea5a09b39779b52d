package rig

import (
	"context"
	"os/exec"
	"runtime/debug"
	"strings"
	"time"
)

// Revision is the project's commit, with "-dirty" when files differ from it: as built in, or as git says in the working
// directory; "unknown" when neither tells.
func Revision(ctx context.Context) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		built := map[string]string{}
		for _, s := range info.Settings {
			built[s.Key] = s.Value
		}
		if rev := built["vcs.revision"]; rev != "" {
			return marked(rev, built["vcs.modified"] == "true")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	rev, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	status, err := exec.CommandContext(ctx, "git", "status", "--porcelain").Output()
	return marked(strings.TrimSpace(string(rev)), err != nil || len(status) > 0)
}

func marked(rev string, dirty bool) string {
	if dirty {
		return rev + "-dirty"
	}
	return rev
}
