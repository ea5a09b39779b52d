package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/report"
)

// overhead is what a drill takes beside its load: a cluster up and down, the drain, the books.
const overhead = 20 * time.Second

// rehearsal runs every group there is, within a budget of time, and signs off: go, or no-go with its reasons. A drill that
// the budget left out is a reason.
func (a *app) rehearsal(ctx context.Context, _ []string, o options) (int, error) {
	began := time.Now()
	o.out = filepath.Join(cmp.Or(o.out, "rehearsals"), began.UTC().Format("20060102-150405")+"-rehearsal")
	queue, err := chosen(catalog.Groups(), o)
	if err != nil {
		return exitRig, err
	}
	queue, left := within(queue, o.budget)
	all, err := a.series(ctx, &scaler{app: a, asked: o.scale}, queue, o)
	rows := rowsOf(all)
	for _, d := range left {
		rows = append(rows, report.Row{Drill: d.ID, Name: d.Name, Status: judge.Inconclusive, Because: fmt.Sprintf("not run: the budget of %s is used up", o.budget)})
	}
	if err != nil {
		return exitRig, err
	}
	table(a.out, rows)
	s := report.Summary{Began: began, Took: time.Since(began), Rows: rows}
	page := filepath.Join(o.out, "rehearsal.html")
	if err := report.WriteFile(page, func(w io.Writer) error { return report.RehearsalHTML(w, s) }); err != nil {
		return exitRig, err
	}
	fmt.Fprintf(a.out, "\n%s\n", s.Decision())
	for _, reason := range s.Reasons() {
		fmt.Fprintln(a.out, "  "+reason)
	}
	fmt.Fprintln(a.out, "  report     "+page)
	return worstCode(rows), nil
}

// within splits a queue into what fits a budget, in order, and what does not; no budget: all fits.
func within(queue []drills.Drill, budget time.Duration) (fits, left []drills.Drill) {
	var sum time.Duration
	for i, d := range queue {
		if sum += d.Profile().Curve.Length() + overhead; budget > 0 && sum > budget {
			return queue[:i], queue[i:]
		}
	}
	return queue, nil
}
