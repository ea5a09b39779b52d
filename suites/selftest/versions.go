package selftest

import (
	"strings"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/system/mutant"
)

// Release is the drill in which a new version's bugs are to be seen: GR-3 as it is, for its gates are what is tried.
func Release() drills.Drill { return catalog.VersionGray(0) }

// Recalled says whether the release was taken back, or, before its last stage, failed, for what a bug does: the stage's gate says so, and
// names it. Which findings did is told too.
func Recalled(v judge.Verdict, b mutant.Bug) (named []string, caught bool) {
	for _, f := range v.Findings {
		if f.Status == judge.Fail && strings.Contains(f.Because+"\n"+strings.Join(f.Examples, "\n"), b.Seen) {
			named = append(named, f.Assertion)
			caught = caught || strings.HasPrefix(f.Assertion, "the release goes to ") && strings.Contains(f.Because, "taken back at")
		}
	}
	return named, caught && v.Status == judge.Fail
}
