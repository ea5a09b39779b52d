package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"redpacket/drills/judge"
	"redpacket/drills/report"
	"redpacket/drills/signoff"
	"redpacket/loadprofiles/estimate"
)

// signoff decides by saved records whether the event may be signed with a traffic sheet: the festival's, or --sheet FILE. A
// directory may hold a record, or runs that do.
func (a *app) signoff(_ context.Context, args []string, o options) (int, error) {
	sheet, err := sheetOf(o)
	if err != nil {
		return exitRig, err
	}
	var all []signoff.Evidence
	for _, dir := range args {
		for _, dir := range runsIn(dir) {
			r, err := open(dir)
			if err != nil {
				return exitRig, err
			}
			assertions, err := judge.Decode(r.Claims)
			if err != nil {
				return exitRig, fmt.Errorf("sign by %s: %w", dir, err)
			}
			all = append(all, signoff.Evidence{Where: dir, Record: r, Assertions: assertions})
		}
	}
	d := signoff.Decide(all, sheet)
	fmt.Fprintf(a.out, "by the sheet %q (%.12s)\n", sheet.Event, sheet.Hash())
	for _, row := range d.Rows {
		fmt.Fprintf(a.out, "  %-12s %-10s %s %s\n", row.Status, row.Drill, row.Where, row.Note)
	}
	if d.Go() {
		fmt.Fprintln(a.out, "go: every drill passed, and the traffic model holds")
	} else {
		fmt.Fprintln(a.out, "no-go")
	}
	for _, reason := range d.Reasons {
		fmt.Fprintln(a.out, "  "+reason)
	}
	return codeOf(judge.Verdict{Status: d.Status()}), nil
}

func sheetOf(o options) (estimate.Sheet, error) {
	if o.sheet != "" {
		return estimate.Open(o.sheet)
	}
	return estimate.Festival()
}

// runsIn are the directories below dir that hold a run, or dir itself.
func runsIn(dir string) []string {
	if _, err := os.Stat(filepath.Join(dir, report.RecordDir)); err == nil {
		return []string{dir}
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", report.RecordDir))
	if err != nil || len(found) == 0 {
		return []string{dir} // the error of opening it says what is wrong
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	return found
}
