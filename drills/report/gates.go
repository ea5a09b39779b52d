package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"redpacket/drills/judge"
	"redpacket/drills/judge/sameness"
	"redpacket/drills/record"
)

// gateRow is one stage of a release.
type gateRow struct {
	Stage   string
	Users   string // of the new version, and of the old
	Split   string
	Metrics []cell
	Gate    string // what the drill decided at its end, while it ran
}

// cell is one metric of a stage.
type cell struct{ Name, Text, Status string }

// gateRows are the stages of the record's release, worked out anew from what was seen; none of a drill without one.
func gateRows(r *record.Record) (rows []gateRow) {
	asked, err := judge.Decode(r.Claims)
	if err != nil {
		return nil // the findings say so
	}
	next := following(asked)
	for _, stage := range compared(asked) {
		row := gateRow{Stage: fmt.Sprintf("%d %%", stage.Percent), Gate: decided(r, next[stage.Percent])}
		got, err := stage.Compare(r)
		if users := got.Split.Users; err == nil && users[0] > 0 {
			row.Users = thousands(users[0]) + " / " + thousands(users[1])
			row.Split = fmt.Sprintf("%.2g (± %.2f pp)", got.Split.P, 100*got.Split.Detectable)
			for _, m := range got.Judged {
				row.Metrics = append(row.Metrics, metric(m))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// compared are the stages of a release in which two versions answer. The verdict asks only for those that can tell; the others, whose
// gates were asked the same while the drill ran, are shown by the same margins.
func compared(asked []judge.Assertion) (stages []judge.SameVersion) {
	for _, a := range asked {
		if same, ok := a.(judge.SameVersion); ok {
			stages = append(stages, same)
		}
	}
	if len(stages) == 0 {
		return nil
	}
	for percent := range following(asked) {
		if !slices.ContainsFunc(stages, func(s judge.SameVersion) bool { return s.Percent == percent }) {
			one := stages[0]
			one.Percent, one.In = percent, judge.StageWindow(percent)
			stages = append(stages, one)
		}
	}
	slices.SortFunc(stages, func(a, b judge.SameVersion) int { return a.Percent - b.Percent })
	return stages
}

// following is the stage after each, in percent.
func following(asked []judge.Assertion) map[int]int {
	next := map[int]int{}
	for _, a := range asked {
		if all, ok := a.(judge.Released); ok {
			for i := range max(0, len(all.Stages)-1) {
				next[all.Stages[i]] = all.Stages[i+1]
			}
		}
	}
	return next
}

// decided is what the gate before a stage came to.
func decided(r *record.Record, stage int) string {
	for _, e := range r.Events {
		if e.Track == record.Gate && e.What == judge.GateName(stage) {
			return e.Level + " at " + moment(e.Effective)
		}
	}
	if e, was := r.Event(judge.Recall); was {
		return "taken back before it, at " + moment(e.From)
	}
	return "not reached"
}

// metric writes what a metric came to: a ratio of times, or a difference in percentage points, with its interval.
func metric(m sameness.Finding) cell {
	if !m.Measured {
		return cell{m.Metric, "not measured", m.Status.String()}
	}
	write := func(effect float64) string { return fmt.Sprintf("× %.3f", math.Exp(effect)) }
	if m.Metric == "errors" {
		write = func(effect float64) string { return fmt.Sprintf("%+.3f pp", 100*effect) }
	}
	return cell{m.Metric, write(m.Estimate) + " (" + write(m.Low) + " to " + write(m.High) + ")", m.Status.String()}
}

// gatesText is the table for a terminal; empty where there is no release.
func gatesText(rows []gateRow) string {
	var b strings.Builder
	if len(rows) > 0 {
		b.WriteString("  the release, by stages (users of the new version / the old, split p and what it could have told; gray beside base, with one-sided 95 % bounds)\n")
	}
	for _, row := range rows {
		fmt.Fprintf(&b, "    %-5s users %-17s split p %-18s gate: %s\n", row.Stage, row.Users, row.Split, row.Gate)
		for _, m := range row.Metrics {
			fmt.Fprintf(&b, "          %-14s %-40s %s\n", m.Name, m.Text, m.Status)
		}
	}
	return b.String()
}
