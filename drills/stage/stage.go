// Package stage is where a drill meets a real system: it stands the cluster up, runs the drill, judges and reports. The
// suites and the command line call the same function.
package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/report"
	"redpacket/drills/rig"
	"redpacket/faults/warden"
	"redpacket/loadprofiles/volley"
	"redpacket/system/mutant"
	"redpacket/system/provision"
	"redpacket/system/topology"
)

// Run is what one rehearsal of a drill adds to the drill.
type Run struct {
	Scale float64               // 0 … 1
	Out   string                // a directory of its own, made here
	Notes []string              // for the record: how the scale was found
	Say   func(string)          // a line for each long step
	Tell  func(drills.Progress) // how the drill goes; must not block

	// Mutant, unless empty, names the deliberate bug that the system is to have; see system/mutant.
	Mutant string
}

// downWithin bounds the taking down of a cluster, which also happens when the run was interrupted.
const downWithin = 60 * time.Second

// Rehearse stands a cluster up for one drill, runs it, takes the cluster down, and judges and reports what was recorded.
// The error wraps drills.ErrCluster when the stage is to blame.
func Rehearse(ctx context.Context, d drills.Drill, r Run) (judge.Verdict, error) {
	saved, err := perform(ctx, d, r) // a stage, and on it a record, which is kept whatever comes next
	if err != nil {
		return judge.Verdict{}, err
	}
	v := judge.Judge(saved, d.Assertions) // a verdict, a pure function of the record
	return v, Report(r.Out, saved, v)     // a report, a pure function of both
}

// Report writes everything that people and tools read beside the record.
func Report(dir string, r *record.Record, v judge.Verdict) error {
	script, style, err := volley.Chart()
	if err != nil {
		return err
	}
	return report.Write(dir, r, v, report.Chart{Script: script, Style: style})
}

func perform(ctx context.Context, d drills.Drill, r Run) (saved *record.Record, err error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if err := writeScript(d, r); err != nil {
		return nil, err
	}
	into, err := record.Create(filepath.Join(r.Out, report.RecordDir))
	if err != nil {
		return nil, err
	}
	cores := rig.Mine()
	on, tax, err := up(ctx, d.Stage(r.Scale), r)
	if err != nil {
		return nil, fmt.Errorf("drill %s: stand up %s: %w: %w", d.ID, d.Topology.Name, drills.ErrCluster, err)
	}
	defer func() { err = errors.Join(err, down(ctx, on, r.Say)) }()
	ward, err := warden.Hold(warden.Beside(into.Dir()), on.Tell)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w: %w", d.ID, drills.ErrCluster, err)
	}
	defer func() { err = errors.Join(err, ward.Close()) }()
	facts := drills.Facts{Revision: rig.Revision(ctx), Images: on.Images(), Rig: rig.Look(), Notes: append(r.Notes, cores.String(), tax)}
	if r.Mutant != "" {
		facts.Notes = append(facts.Notes, "the system was built to have a deliberate bug: "+r.Mutant)
	}
	return drills.Run(ctx, d, cluster{on}, drills.Conditions{
		Scale: r.Scale, Volley: fires{on: on, cores: cores.Generator, tag: d.ID}, Prober: probes{on, d.Stage(r.Scale).Activity}, Into: into,
		Tell: r.Tell, Facts: facts, Ward: ward,
	})
}

func writeScript(d drills.Drill, r Run) error {
	if err := os.MkdirAll(r.Out, 0o755); err != nil {
		return fmt.Errorf("drill %s: %w; choose another --out", d.ID, err)
	}
	text := fmt.Sprintf("%s\n  scale      %g\n  hash       %s\n", strings.Join(d.Script(), "\n"), r.Scale, drills.ScriptHash(d.Script()))
	if err := os.WriteFile(filepath.Join(r.Out, report.ScriptFile), []byte(text), 0o644); err != nil {
		return fmt.Errorf("drill %s: %w; choose another --out", d.ID, err)
	}
	return nil
}

// up stands the system up, and says how long that took and what a link costs.
func up(ctx context.Context, s drills.Stage, r Run) (on *provision.Cluster, tax string, err error) {
	say, began := r.Say, time.Now()
	on, err = provision.Up(ctx, provision.Plan{Topology: s.Topology, Activity: s.Activity, Rules: s.Rules, Say: say,
		Cores: rig.Mine().System, Beside: rig.Mine().Beside, Mutant: r.Mutant, MutantOn: mutantOn(s.Topology, r.Mutant)})
	if err != nil {
		return nil, "", err
	}
	say(fmt.Sprintf("%d containers healthy after %.1f s", len(s.Topology.Nodes), time.Since(began).Seconds()))
	cost, err := on.LinkTax(ctx)
	if err != nil {
		return nil, "", errors.Join(err, down(ctx, on, say))
	}
	tax = fmt.Sprintf("an idle link makes a round trip of %d µs one of %d µs", cost.Direct.Microseconds(), cost.Linked.Microseconds())
	say(tax)
	return on, tax, nil
}

// mutantOn is the nodes that a bug belongs to; none: all.
func mutantOn(t topology.Topology, bug string) []string {
	for _, b := range mutant.Versions() {
		switch {
		case b.Name != bug:
		case b.On == mutant.New:
			return t.New()
		default:
			return t.Role(b.On)
		}
	}
	return nil
}

// down takes the cluster away on a clock of its own, so that Ctrl-C cannot leave it behind.
func down(ctx context.Context, on *provision.Cluster, say func(string)) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), downWithin)
	defer cancel()
	began := time.Now()
	err := on.Down(ctx)
	say(fmt.Sprintf("everything taken down in %.1f s", time.Since(began).Seconds()))
	return err
}
