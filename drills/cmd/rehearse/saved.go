package main

import (
	"context"
	"fmt"
	"path/filepath"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/report"
	"redpacket/drills/stage"
)

// judge judges a saved record again, by the assertions it carries, and writes what a run would have written.
func (a *app) judge(_ context.Context, args []string, _ options) (int, error) {
	r, v, err := again(args[0])
	if err != nil {
		return exitRig, err
	}
	if err := stage.Report(args[0], r, v); err != nil {
		return exitRig, err
	}
	if err := report.Text(a.out, r, v); err != nil {
		return exitRig, err
	}
	return codeOf(v), nil
}

// report prints a saved record's verdict and writes its page again; it changes nothing else.
func (a *app) report(_ context.Context, args []string, _ options) (int, error) {
	r, v, err := again(args[0])
	if err != nil {
		return exitRig, err
	}
	if err := report.Text(a.out, r, v); err != nil {
		return exitRig, err
	}
	fmt.Fprintf(a.out, "  report     %s\n", filepath.Join(args[0], report.PageFile))
	return exitPass, stage.Report(args[0], r, v)
}

// diff shows two saved records side by side.
func (a *app) diff(_ context.Context, args []string, _ options) (int, error) {
	r1, v1, err := again(args[0])
	if err != nil {
		return exitRig, err
	}
	r2, v2, err := again(args[1])
	if err != nil {
		return exitRig, err
	}
	return exitPass, report.Diff(a.out, report.Judged{Record: r1, Verdict: v1}, report.Judged{Record: r2, Verdict: v2})
}

// open takes a run's record up.
func open(dir string) (*record.Record, error) {
	return record.Open(filepath.Join(dir, report.RecordDir))
}

func again(dir string) (*record.Record, judge.Verdict, error) {
	r, err := open(dir)
	if err != nil {
		return nil, judge.Verdict{}, err
	}
	assertions, err := judge.Decode(r.Claims)
	if err != nil {
		return nil, judge.Verdict{}, fmt.Errorf("judge %s: %w", dir, err)
	}
	return r, judge.Judge(r, assertions), nil
}

func codeOf(v judge.Verdict) int {
	switch v.Status {
	case judge.Pass:
		return exitPass
	case judge.Fail:
		return exitFail
	}
	return exitInconclusive
}
