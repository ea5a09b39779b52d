package stage

import (
	"context"
	"fmt"
	"os"
	"time"

	"redpacket/drills"
	"redpacket/drills/rig"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/topology"
)

const (
	probeStep  = 1200 * time.Millisecond
	probeStock = 0.2 // of the festival's stocks: more than a probe can take
)

// Fit finds what this rig carries: how fast the generator is against a server that does nothing, and how much the system
// answers cleanly without build limits. It takes half a minute.
func Fit(ctx context.Context, r Run) (limits drills.Limits, err error) {
	dir, err := os.MkdirTemp("", "rehearse-fit-")
	if err != nil {
		return limits, fmt.Errorf("fit the scale: %w", err)
	}
	defer os.RemoveAll(dir)
	if limits.Generator, err = generatorLimit(ctx, dir, r.Say); err != nil {
		return limits, fmt.Errorf("fit the scale: %w: %w", drills.ErrCluster, err)
	}
	if limits.System, err = systemLimit(ctx, dir, r); err != nil {
		return limits, fmt.Errorf("fit the scale: %w", err)
	}
	r.Say(fmt.Sprintf("the system answers %.0f requests/s cleanly", limits.System))
	return limits, nil
}

func generatorLimit(ctx context.Context, dir string, say func(string)) (float64, error) {
	say("how fast is the generator by itself?")
	job := volley.Job{Profile: loadprofiles.Night200k(time.Second), Scale: 1, Seed: 1, Dir: dir, Key: "00112233445566778899aabbccddeeff",
		Cores: rig.Mine().Generator}
	limit, err := volley.SelfTest(ctx, job)
	if err != nil {
		return 0, err
	}
	say(fmt.Sprintf("the generator reaches %.0f requests/s at %s of CPU a request", limit.RequestsPerSecond, limit.CPUPerRequest))
	return limit.RequestsPerSecond, nil
}

func systemLimit(ctx context.Context, dir string, r Run) (limit float64, err error) {
	r.Say("how much does the system answer cleanly?")
	s := drills.Stage{Topology: topology.OneIDC(), Activity: activity.Festival(1, probeStock), Rules: config.Default()}
	on, _, err := up(ctx, s, r)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", drills.ErrCluster, err)
	}
	defer func() {
		if e := down(ctx, on, r.Say); err == nil {
			err = e
		}
	}()
	return drills.Probe(ctx, drills.Probing{
		Clients: loadprofiles.Built146k(time.Second), Step: probeStep, Dir: dir, Tell: r.Tell,
		Volley: fires{on: on, cores: rig.Mine().Generator, tag: "probe"},
	})
}
