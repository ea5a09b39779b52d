// Package bench measures what the system and the harness carry: a literal table of promises, each measured on a fresh
// cluster, the worst of its runs shown, beside stock Vegeta on the same work where there is something to compare.
package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/rig"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
)

// Row is one promise.
type Row struct {
	ID   string  `json:"id"`
	Part string  `json:"part,omitempty"` // where one id has several figures
	What string  `json:"what"`
	Unit string  `json:"unit"`
	Less bool    `json:"less,omitempty"` // less is better
	Gate float64 `json:"gate,omitempty"` // 0: the figure is only printed
	Goal float64 `json:"goal,omitempty"` // 0: none beyond the gate
}

// Rows are all promises, in the order in which they are printed.
func Rows() []Row {
	return []Row{
		{ID: "B1", What: "full mix, one hit a request, all admitted", Unit: "requests/s", Gate: 120_000, Goal: 200_000},
		{ID: "B2", What: "full mix, one hit a journey, all admitted", Unit: "requests/s", Gate: 200_000, Goal: 400_000},
		{ID: "B3", What: "200,000/s offered to a squeezed system: goodput of its capacity", Unit: "of capacity", Gate: 0.85, Goal: 0.95},
		{ID: "B4", What: "refusals alone: the smaller of per-user limit and admission", Unit: "refusals/s", Gate: 250_000, Goal: 500_000},
		{ID: "B5", What: "claims alone, durable before they are acknowledged", Unit: "claims/s", Gate: 100_000, Goal: 250_000},
		{ID: "B6", What: "the generator's cost, journeys (in B2's runs)", Unit: "µs/request", Less: true, Gate: 3, Goal: 1.5},
		{ID: "B7", What: "full mix over 1,000 client connections", Unit: "requests/s", Goal: 80_000},
		{ID: "B8", Part: "time", What: "judging 20 M requests and 3 M claims", Unit: "s", Less: true, Gate: 60, Goal: 20},
		{ID: "B8", Part: "memory", What: "the same, peak resident memory", Unit: "MB", Less: true, Gate: 256},
		{ID: "B9", Part: "up", What: "one-IDC cluster up", Unit: "s", Less: true, Gate: 15, Goal: 7.5},
		{ID: "B9", Part: "down", What: "one-IDC cluster down", Unit: "s", Less: true, Gate: 5, Goal: 2.5},
		{ID: "B9", Part: "full up", What: "full cluster, two data centres, up", Unit: "s", Less: true, Gate: 30, Goal: 15},
		{ID: "B9", Part: "full down", What: "full cluster down", Unit: "s", Less: true, Gate: 10, Goal: 5},
		{ID: "B9", Part: "full at rest", What: "full cluster at rest, of the machine's processor time", Unit: "%", Less: true, Gate: 15, Goal: 7.5},
		{ID: "B9", Part: "full memory", What: "full cluster at rest, memory", Unit: "GiB", Less: true, Gate: 4, Goal: 2},
		{ID: "B10", What: "B1 against stock Vegeta with net/http, same work, same run", Unit: "times", Gate: 5, Goal: 8},
		{ID: "S1", What: "a server that stalls for 2 s: p99 from owed time, off the arithmetic", Unit: "%", Less: true, Gate: 5},
	}
}

// Site is where things are measured.
type Site interface {
	// Stand stands a system up on its own.
	Stand(ctx context.Context, s drills.Stage) (Cluster, error)
	// SelfTest is the generator by itself, against a server that does nothing.
	SelfTest(ctx context.Context, p loadprofiles.Profile) (volley.Limit, error)
	// Stall is one stall of a server as arithmetic, our generator and stock Vegeta see it.
	Stall(ctx context.Context, p loadprofiles.Profile, long time.Duration) (volley.Stalled, error)
	// Judge judges a saved run in a process of its own, and says what that took.
	Judge(ctx context.Context, dir string) (Spent, error)
}

// Cluster is a system that stands.
type Cluster interface {
	drills.Gauges
	drills.Keepers
	Trials
	Squeeze(ctx context.Context, node string, cores float64) error
	Down(ctx context.Context) error
}

// Trials are what a system is put to: a load, or none.
type Trials interface {
	Fire(ctx context.Context, l stage.Load) (loadprofiles.Yield, error)
	AtRest(ctx context.Context, watched time.Duration) (stage.Rest, error)
}

// Bench is how the rows are measured.
type Bench struct {
	On   Site
	Warm time.Duration // how long each rate is held before it is looked at
	Hold time.Duration // of each run
	Runs int           // of each figure
	Say  func(string)  // hears a line for each step

	fired uint64 // volleys so far
}

// measurement yields the findings of the rows that are measured together.
type measurement struct {
	ids []string
	run func(b *Bench, ctx context.Context) (outcome, error)
}

// outcome is what one measurement found.
type outcome struct {
	findings []Finding
	costs    []Cost
}

func measurements() []measurement {
	return []measurement{
		{[]string{"B1", "B10"}, (*Bench).requests},
		{[]string{"B2", "B6"}, (*Bench).journeys},
		{[]string{"B3"}, (*Bench).squeezed},
		{[]string{"B4"}, (*Bench).refusals},
		{[]string{"B5"}, (*Bench).claims},
		{[]string{"B7"}, (*Bench).thousand},
		{[]string{"B8"}, (*Bench).judging},
		{[]string{"B9"}, (*Bench).coming},
		{[]string{"S1"}, (*Bench).stalled},
	}
}

// Check says whether there are such rows; no ids at all stand for every row.
func Check(ids []string) error {
	var known []string
	for _, m := range measurements() {
		known = append(known, m.ids...)
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			return fmt.Errorf("bench: there is no row %q; the rows are %s", id, strings.Join(known, ", "))
		}
	}
	return nil
}

// Run measures the rows of these ids, or all. Rows that are measured together come together. It takes about two minutes a
// measurement at 30 s and three runs. The error wraps drills.ErrCluster when the rig is to blame; what had been measured
// before is in the report beside it.
func (b *Bench) Run(ctx context.Context, ids []string) (Report, error) {
	r := Report{Began: time.Now(), Revision: rig.Revision(ctx), Rig: rig.Look(), Warm: b.Warm, Hold: b.Hold, Runs: b.Runs}
	if err := Check(ids); err != nil {
		return r, err
	}
	ticks := rig.Count()
	for _, m := range measurements() {
		asked := func(id string) bool { return slices.Contains(m.ids, id) }
		if len(ids) > 0 && !slices.ContainsFunc(ids, asked) {
			continue
		}
		found, err := m.run(b, ctx)
		if err != nil {
			return r, fmt.Errorf("measure %s: %w", strings.Join(m.ids, " and "), err)
		}
		r.Findings = append(r.Findings, found.findings...)
		r.Costs = append(r.Costs, found.costs...)
	}
	r.Took, r.Stolen = time.Since(r.Began), rig.Count().StolenSince(ticks)
	return r, nil
}

// finding starts the finding of a row of the table.
func finding(id, part string) Finding {
	rows := Rows()
	i := slices.IndexFunc(rows, func(r Row) bool { return r.ID == id && r.Part == part })
	return Finding{Row: rows[i]}
}

// with stands a system up, hands it over, and takes it down.
func (b *Bench) with(ctx context.Context, s drills.Stage, do func(Cluster) error) (err error) {
	on, err := b.On.Stand(ctx, s)
	if err != nil {
		return fmt.Errorf("%w: %w", drills.ErrCluster, err)
	}
	defer func() {
		if e := on.Down(ctx); err == nil {
			err = e
		}
	}()
	if err := opened(ctx, on); err != nil {
		return fmt.Errorf("%w: %w", drills.ErrCluster, err)
	}
	return do(on)
}

// inside makes a directory for as long as do runs.
func inside(do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "rehearse-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	return do(dir)
}
