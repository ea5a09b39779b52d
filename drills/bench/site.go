package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"redpacket/drills"
	"redpacket/drills/rig"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
)

// Here is this machine.
type Here struct{ Say func(string) }

var _ Site = Here{}

// Stand stands a system up in containers.
func (h Here) Stand(ctx context.Context, s drills.Stage) (Cluster, error) {
	on, err := stage.Stand(ctx, s, h.Say)
	if err != nil {
		return nil, err
	}
	return on, nil
}

// SelfTest runs the generator on its core.
func (Here) SelfTest(ctx context.Context, p loadprofiles.Profile) (volley.Limit, error) {
	return volley.SelfTest(ctx, alone(p))
}

// Stall stalls a null server beside the generator's core.
func (Here) Stall(ctx context.Context, p loadprofiles.Profile, long time.Duration) (volley.Stalled, error) {
	return volley.Stall(ctx, alone(p), long)
}

// alone is a job for a server that checks no tokens.
func alone(p loadprofiles.Profile) volley.Job {
	return volley.Job{Profile: p, Scale: 1, Seed: 1, Key: "00112233445566778899aabbccddeeff", Cores: rig.Mine().Generator}
}

// Spent is what a process took.
type Spent struct {
	Took time.Duration
	Peak uint64 // bytes of resident memory, at most
}

// Judge runs this program again: rehearse judge DIR. A verdict other than pass is an error.
func (Here) Judge(ctx context.Context, dir string) (Spent, error) {
	self, err := os.Executable()
	if err != nil {
		return Spent{}, fmt.Errorf("find this program to judge with: %w", err)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "judge", dir)
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return Spent{}, fmt.Errorf("judge %s: %w; it said: %.2000s", dir, err, said.Bytes())
	}
	s := Spent{Took: time.Since(began)}
	if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.Peak = uint64(used.Maxrss) << 10
	}
	return s, nil
}
