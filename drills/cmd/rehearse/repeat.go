package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"redpacket/drills/judge"
	"redpacket/drills/repeat"
)

// repeat runs all drills of the names under one seed after the other, each in a folder of its seed, and puts the repetitions
// side by side. A rig that fails ends it: what was run before is in the table, and the table says what is missing.
func (a *app) repeat(ctx context.Context, args []string, o options) (int, error) {
	var runs []repeat.Run
	var failed error
	dir, scales := o.out, &scaler{app: a, asked: o.scale}
	for ; o.round < uint64(o.repeat) && failed == nil; o.round++ {
		queue, err := chosen(args, o)
		if err != nil {
			return exitRig, err
		}
		o.out = filepath.Join(dir, fmt.Sprintf("seed-%d", queue[0].Seed))
		all, err := a.series(ctx, scales, queue, o)
		for _, one := range all {
			runs = append(runs, one.run)
		}
		failed = err
	}
	code, err := a.sideBySide(repeat.Compare(o.repeat, runs), dir)
	return code, errors.Join(failed, err)
}

// repeats puts saved runs side by side: each is judged again. A directory may hold a record, or runs that do. The tables are
// saved where --out says, or nowhere.
func (a *app) repeats(_ context.Context, args []string, o options) (int, error) {
	var runs []repeat.Run
	for _, dir := range args {
		for _, dir := range runsIn(dir) {
			r, v, err := again(dir)
			if err != nil {
				return exitRig, err
			}
			run, err := repeat.RunOf(dir, r, v)
			if err != nil {
				return exitRig, err
			}
			runs = append(runs, run)
		}
	}
	return a.sideBySide(repeat.Compare(0, runs), o.out)
}

// sideBySide prints the tables and saves them in dir, unless that is empty.
func (a *app) sideBySide(s repeat.Series, dir string) (int, error) {
	fmt.Fprintln(a.out)
	if err := s.Text(a.out); err != nil {
		return exitRig, err
	}
	if dir != "" {
		if err := s.Save(dir); err != nil {
			return exitRig, err
		}
		fmt.Fprintf(a.out, "  saved      %s and %s\n", filepath.Join(dir, repeat.TextFile), repeat.JSONFile)
	}
	return codeOf(judge.Verdict{Status: s.Status()}), nil
}
