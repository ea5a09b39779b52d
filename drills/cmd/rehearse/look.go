package main

import (
	"context"
	"fmt"
	"strings"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/rig"
	"redpacket/drills/stage"
)

// realRig runs drills in containers.
type realRig struct{}

// Rehearse runs one drill.
func (realRig) Rehearse(ctx context.Context, d drills.Drill, r stage.Run) (judge.Verdict, error) {
	return stage.Rehearse(ctx, d, r)
}

// Fit finds what the rig carries.
func (realRig) Fit(ctx context.Context, r stage.Run) (drills.Limits, error) { return stage.Fit(ctx, r) }

// Clean removes what earlier runs left.
func (realRig) Clean(ctx context.Context) (stage.Cleaned, error) { return stage.Clean(ctx) }

func (a *app) list(context.Context, []string, options) (int, error) {
	for _, d := range catalog.All(0) {
		fmt.Fprintf(a.out, "%-10s %-9s %4.0f s  %s\n", d.ID, d.Group, d.Profile().Curve.Length().Seconds(), d.Name)
	}
	return exitPass, nil
}

func (a *app) show(_ context.Context, args []string, o options) (int, error) {
	queue, err := chosen(args, o)
	if err != nil {
		return exitRig, err
	}
	for _, d := range queue {
		script := d.Script()
		fmt.Fprintf(a.out, "%s\n  hash       %s\n", strings.Join(script, "\n"), drills.ScriptHash(script))
	}
	return exitPass, nil
}

func (a *app) clean(ctx context.Context, _ []string, _ options) (int, error) {
	c, err := a.rig.Clean(ctx)
	for _, hurt := range c.Residue {
		fmt.Fprintln(a.out, "was hurt:", hurt)
	}
	for _, thing := range c.Removed {
		fmt.Fprintln(a.out, "removed", thing)
	}
	if err != nil {
		return exitRig, fmt.Errorf("clean: %w", err)
	}
	fmt.Fprintf(a.out, "clean: looked for every kind of fault on what dead runs left: %d found; %d things removed, and the faults with them; %s; nothing of ours is left\n",
		len(c.Residue), len(c.Removed), underWay(c.Living))
	return exitPass, nil
}

func (a *app) images(ctx context.Context, _ []string, _ options) (int, error) {
	if err := stage.Ready(ctx, func(line string) { fmt.Fprintln(a.out, line) }); err != nil {
		return exitRig, fmt.Errorf("images: %w", err)
	}
	fmt.Fprintln(a.out, "every image is there")
	return exitPass, nil
}

// doctor says whether this rig can rehearse, and what to do when it cannot.
func (a *app) doctor(ctx context.Context, _ []string, _ options) (int, error) {
	facts := rig.Look()
	fmt.Fprintf(a.out, "cores      %d (%s); %s\n", facts.Cores, facts.Processor, rig.Mine())
	fmt.Fprintf(a.out, "memory     %d MiB\n", facts.Memory>>20)
	fmt.Fprintf(a.out, "kernel     %s\n", facts.Kernel)
	fmt.Fprintf(a.out, "revision   %s\n", rig.Revision(ctx))
	if facts.Memory > 0 && facts.Memory < 4<<30 {
		return exitRig, fmt.Errorf("doctor: this rig has %d MiB of memory; a cluster and its load need 4096", facts.Memory>>20)
	}
	if err := stage.Ready(ctx, func(line string) { fmt.Fprintln(a.out, "images    ", line) }); err != nil {
		return exitRig, fmt.Errorf("doctor: %w", err)
	}
	fmt.Fprintln(a.out, "docker     answers, and every image is there")
	return exitPass, nil
}

// underWay says that runs of living processes were let be.
func underWay(runs int) string {
	if runs == 0 {
		return "no other run is under way"
	}
	return fmt.Sprintf("%d runs are under way and were let be", runs)
}
