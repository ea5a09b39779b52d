package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"redpacket/drills/bench"
)

// These are what every figure stands for unless asked otherwise.
const (
	benchHold = 30 * time.Second
	benchRuns = 3
	benchWarm = 2 * time.Second
)

// bench measures the rows that were named, or all, prints them, and leaves bench.json.
func (a *app) bench(ctx context.Context, ids []string, o options) (int, error) {
	p := &printer{out: a.out, live: a.live, drill: "bench"}
	b := bench.Bench{On: bench.Here{Say: p.say}, Warm: benchWarm, Hold: cmp.Or(o.hold, benchHold), Runs: cmp.Or(o.runs, benchRuns), Say: p.say}
	out := cmp.Or(o.out, filepath.Join("rehearsals", time.Now().UTC().Format("20060102-150405")+"-bench"))
	r, err := b.Run(ctx, ids)
	a.endLine()
	if len(r.Findings) == 0 {
		return exitRig, err
	}
	// A rig that failed half way has still measured what came before.
	if e := r.Write(a.out); err == nil {
		err = e
	}
	if e := r.Save(out); err == nil {
		err = e
	}
	fmt.Fprintf(a.out, "saved in %s\n", filepath.Join(out, "bench.json"))
	switch {
	case err != nil:
		return exitRig, err
	case !r.Holds():
		return exitFail, nil
	}
	return exitPass, nil
}
