package selftest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/system/gray"
	"redpacket/system/mutant"
)

// Release is the drill in which a new version's bug is to be seen: GR-3, as far as the gate that must not let it pass.
func Release(v mutant.Version) drills.Drill {
	d := catalog.VersionGrayTo(v.By)
	d.ID = "st-" + v.Name
	d.Load.Name = d.ID
	return d
}

// Recalled is nil if a release was taken back for what a bug does: by the stage at whose end that can be told, and past no gate that
// said the version was the same. Which findings tell of the bug comes with it.
func Recalled(r *record.Record, judged judge.Verdict, v mutant.Version) (named []string, missed error) {
	tells := regexp.MustCompile(v.Seen)
	back := false
	for _, f := range judged.Findings {
		if f.Status == judge.Fail && tells.MatchString(f.Because+"\n"+strings.Join(f.Examples, "\n")) {
			named = append(named, f.Assertion)
			back = back || strings.HasPrefix(f.Assertion, "the release goes to ") && strings.Contains(f.Because, "taken back at")
		}
	}
	if !back {
		return named, fmt.Errorf("the release was not taken back for %q", v.Seen)
	}
	return named, passedBy(r, v)
}

// passedBy is an error if a gate let a bug pass that was there, or the release came further than to the bug's last stage.
func passedBy(r *record.Record, v mutant.Version) error {
	stages := gray.Stages()
	for i, behind := range stages[:len(stages)-1] {
		next := stages[i+1]
		if _, reached := r.Event(judge.StageName(next)); reached && next > v.By {
			return fmt.Errorf("the release came to %d %%; %d %% could tell", next, v.By)
		}
		let := slices.ContainsFunc(r.Events, func(e record.Event) bool {
			return e.Track == record.Gate && e.What == judge.GateName(next) && e.Level == judge.Pass.String()
		})
		if let && behind >= v.Since {
			return fmt.Errorf("the gate behind %d %% passed a version that has the bug", behind)
		}
	}
	return nil
}
