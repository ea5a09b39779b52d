// Package repeat compares repetitions of drills that differ in their seed alone: the worst of each figure counts, and a drill
// whose verdict hangs on the seed has failed.
package repeat

import (
	"fmt"
	"path/filepath"
	"slices"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/report"
)

// Run is one repetition, judged. Its hashes say what it was worked out from.
type Run struct {
	Drill   string       `json:"drill"`
	Name    string       `json:"name"`
	Seed    uint64       `json:"seed"`
	Verdict judge.Status `json:"verdict"`
	Because string       `json:"because,omitempty"` // the first finding that is not a pass
	Dir     string       `json:"dir"`
	Figures []Figure     `json:"figures"`

	Revision string `json:"revision"`
	Script   string `json:"script_sha256"`
	Record   string `json:"record_sha256"` // of the record's SHA256SUMS
}

// RunOf is the repetition in a run's directory, whose record and verdict these are. It reads the books again where the
// drill asks for an RPO.
func RunOf(dir string, r *record.Record, v judge.Verdict) (Run, error) {
	run := Run{Drill: r.Drill, Name: r.Name, Seed: r.Seed, Verdict: v.Status, Because: report.Because(v), Dir: dir, Revision: r.Revision, Script: r.ScriptHash}
	var err error
	if run.Record, err = record.Seal(filepath.Join(dir, report.RecordDir)); err == nil {
		run.Figures, err = figures(r)
	}
	if err != nil {
		return Run{}, fmt.Errorf("repetition %s: %w", dir, err)
	}
	return run, nil
}

// Table is the repetitions of one drill side by side.
type Table struct {
	Drill string `json:"drill"`
	Name  string `json:"name"`
	Asked int    `json:"asked"` // how many repetitions there were to be
	Rows  []Row  `json:"figures"`
	Runs  []Run  `json:"repetitions"`
}

// Series is the tables of several drills, in the order of their first repetitions.
type Series []Table

// Compare puts repetitions side by side, asked of each drill.
func Compare(asked int, runs []Run) (all Series) {
	for _, run := range runs {
		i := slices.IndexFunc(all, func(t Table) bool { return t.Drill == run.Drill })
		if i < 0 {
			i, all = len(all), append(all, Table{Drill: run.Drill, Name: run.Name, Asked: asked})
		}
		all[i].Runs = append(all[i].Runs, run)
	}
	for i := range all {
		all[i].Rows = rows(all[i].Runs)
	}
	return all
}

// Flaky says that the verdict hangs on the seed.
func (t Table) Flaky() bool {
	return slices.ContainsFunc(t.Runs, func(r Run) bool { return r.Verdict != t.Runs[0].Verdict })
}

// Status is the worst verdict; that of a flaky drill is fail, and that of one which was not repeated as often as asked, or
// whose repetitions were the same, is no pass.
func (t Table) Status() judge.Status {
	worst := judge.Pass
	for _, r := range t.Runs {
		worst = worse(worst, r.Verdict)
	}
	if t.Flaky() {
		worst = judge.Fail
	}
	if len(t.Runs) < t.Asked || len(t.Runs) == 0 || t.same() != "" {
		worst = worse(worst, judge.Inconclusive)
	}
	return worst
}

// Reasons are why the status is no pass.
func (t Table) Reasons() (all []string) {
	if t.Flaky() {
		all = append(all, fmt.Sprintf("%s is flaky: %s", t.Drill, t.verdicts()))
	}
	for _, r := range t.Runs {
		if r.Verdict != judge.Pass {
			all = append(all, fmt.Sprintf("%s under seed %d is %s: %s", t.Drill, r.Seed, r.Verdict, r.Because))
		}
	}
	if len(t.Runs) < t.Asked {
		all = append(all, fmt.Sprintf("%s was played %d times of %d", t.Drill, len(t.Runs), t.Asked))
	}
	if same := t.same(); same != "" {
		all = append(all, fmt.Sprintf("%s: %s", t.Drill, same))
	}
	return all
}

// same names two repetitions that were the same; empty: there are none.
func (t Table) same() string {
	seen := map[string]uint64{}
	for _, r := range t.Runs {
		if other, there := seen[r.Script]; there {
			return fmt.Sprintf("seeds %d and %d have the same script, so one is no repetition of the other", other, r.Seed)
		}
		seen[r.Script] = r.Seed
	}
	return ""
}

// Status is the worst of the tables; that of none is inconclusive.
func (s Series) Status() judge.Status {
	worst := judge.Pass
	for _, t := range s {
		worst = worse(worst, t.Status())
	}
	if len(s) == 0 {
		return judge.Inconclusive
	}
	return worst
}

// Reasons are why the status is no pass.
func (s Series) Reasons() (all []string) {
	for _, t := range s {
		all = append(all, t.Reasons()...)
	}
	return all
}

// Flaky are the drills whose verdict hangs on the seed.
func (s Series) Flaky() []string {
	ids := []string{}
	for _, t := range s {
		if t.Flaky() {
			ids = append(ids, t.Drill)
		}
	}
	return ids
}

// worse is the worse of two: fail, then inconclusive, then pass.
func worse(a, b judge.Status) judge.Status {
	switch {
	case a == judge.Fail || b == judge.Fail:
		return judge.Fail
	case a == judge.Inconclusive || b == judge.Inconclusive:
		return judge.Inconclusive
	}
	return judge.Pass
}
