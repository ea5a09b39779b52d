package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/repeat"
	"redpacket/drills/report"
	"redpacket/drills/stage"
	"redpacket/system/topology"
)

// rehearse runs drills one after the other, each on a cluster of its own, and prints a table when there are several.
func (a *app) rehearse(ctx context.Context, args []string, o options) (int, error) {
	queue, err := chosen(args, o)
	if err != nil {
		return exitRig, err
	}
	o.out = cmp.Or(o.out, filepath.Join("rehearsals", time.Now().UTC().Format("20060102-150405")+"-"+strings.Join(args, "-")))
	if o.set["repeat"] {
		return a.repeat(ctx, args, o)
	}
	all, err := a.series(ctx, &scaler{app: a, asked: o.scale}, queue, o)
	if len(queue) > 1 {
		table(a.out, rowsOf(all))
	}
	return worstCode(rowsOf(all)), err
}

// chosen are the drills of the names, each once, under the seed that was asked for. Faults of the caller's own come when the
// caller says, whatever the seed.
func chosen(names []string, o options) ([]drills.Drill, error) {
	var queue []drills.Drill
	seen := map[string]bool{}
	for _, name := range names {
		found, err := catalog.Find(name, o.hold)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			seed := d.Seed
			if o.set["seed"] {
				seed = o.seed
			}
			d = d.Under(seed + o.round)
			if d.Topology, err = replaced(d.Topology, o.images); err != nil {
				return nil, fmt.Errorf("drill %s: %w", d.ID, err)
			}
			if d, err = injected(d, o.faults); err != nil {
				return nil, err
			}
			if !seen[d.ID] {
				queue = append(queue, d)
			}
			seen[d.ID] = true
		}
	}
	return queue, nil
}

// replaced is a topology with other images, each given as NAME=IMAGE.
func replaced(t topology.Topology, images []string) (topology.Topology, error) {
	for _, text := range images {
		name, image, ok := strings.Cut(text, "=")
		if !ok || name == "" || image == "" {
			return t, fmt.Errorf("--image %q; want NAME=IMAGE, such as recommend=example/recommend:7", text)
		}
		var err error
		if t, err = t.With(name, topology.Image(image)); err != nil {
			return t, err
		}
	}
	return t, nil
}

// ran is a drill that was run: its row in a summary, and itself as one repetition of several.
type ran struct {
	row report.Row
	run repeat.Run
}

func rowsOf(all []ran) (rows []report.Row) {
	for _, r := range all {
		rows = append(rows, r.row)
	}
	return rows
}

// series runs a queue of drills. A rig that fails ends the series: what was run before is returned with the error.
func (a *app) series(ctx context.Context, scales *scaler, queue []drills.Drill, o options) (all []ran, err error) {
	for _, d := range queue {
		scale, notes, err := scales.of(ctx, d)
		if err != nil {
			return all, err
		}
		dir := o.out
		if len(queue) > 1 {
			dir = filepath.Join(o.out, d.ID)
		}
		one, err := a.one(ctx, d, options{scale: scale, out: dir}, notes)
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

// scaler finds each drill's scale: the one asked for, the drill's own, or what the rig carries; the rig is measured once, when
// the first drill asks for that.
type scaler struct {
	app    *app
	asked  float64
	limits *drills.Limits
}

func (s *scaler) of(ctx context.Context, d drills.Drill) (float64, []string, error) {
	switch {
	case s.asked > 0:
		return s.asked, []string{"scale asked for with --scale"}, nil
	case d.Scale > 0:
		return d.Scale, []string{"the drill's own scale"}, nil
	}
	if s.limits == nil {
		limits, err := s.app.rig.Fit(ctx, s.app.runOf("fit", options{}))
		s.app.endLine()
		if err != nil {
			return 0, nil, err
		}
		s.limits = &limits
	}
	peak := d.Profile().Curve.Peak()
	scale, err := drills.FitScale(*s.limits, peak)
	return scale, s.limits.Notes(scale, peak), err
}

// one runs one drill and prints its verdict.
func (a *app) one(ctx context.Context, d drills.Drill, o options, notes []string) (ran, error) {
	fmt.Fprintf(a.out, "%s\n  scale      %g: %s\n  hash       %s\n", strings.Join(d.Script(), "\n"), o.scale, strings.Join(notes, "; "), drills.ScriptHash(d.Script()))
	began := time.Now()
	r := a.runOf(d.ID, o)
	r.Notes = notes
	v, err := a.rig.Rehearse(ctx, d, r)
	a.endLine()
	if err != nil {
		return ran{}, err
	}
	saved, err := open(o.out)
	if err != nil {
		return ran{}, err
	}
	if err := report.Text(a.out, saved, v); err != nil {
		return ran{}, err
	}
	fmt.Fprintf(a.out, "  report     %s\n", filepath.Join(o.out, report.PageFile))
	run, err := repeat.RunOf(o.out, saved, v)
	return ran{report.RowOf(saved, v, time.Since(began), d.ID+"/"+report.PageFile), run}, err
}

func (a *app) runOf(id string, o options) stage.Run {
	p := &printer{out: a.out, live: a.live, drill: id}
	return stage.Run{Scale: o.scale, Out: o.out, Say: p.say, Tell: p.tell}
}

func worstCode(rows []report.Row) int {
	code := exitPass
	if len(rows) == 0 {
		code = exitInconclusive
	}
	for _, r := range rows {
		switch {
		case r.Status == judge.Fail:
			return exitFail
		case r.Status == judge.Inconclusive:
			code = exitInconclusive
		}
	}
	return code
}
