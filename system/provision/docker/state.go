package docker

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// State is how a container is.
type State struct {
	Running   bool // a paused one runs too
	Paused    bool
	OutOfMem  bool // the kernel killed one of its processes for memory
	ExitCode  int  // of the last end; 0 while it runs
	StartedAt time.Time
}

// State asks how a container is; one that is not there is an error.
func (e *Engine) State(ctx context.Context, id string) (State, error) {
	found, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return State{}, fmt.Errorf("inspect container %.12s: %w", id, err)
	}
	s := found.Container.State
	if s == nil {
		return State{}, fmt.Errorf("inspect container %.12s: the engine gave no state", id)
	}
	started, err := time.Parse(time.RFC3339Nano, s.StartedAt)
	if err != nil {
		return State{}, fmt.Errorf("inspect container %.12s: started at %q: %w", id, s.StartedAt, err)
	}
	return State{Running: s.Running, Paused: s.Paused, OutOfMem: s.OOMKilled, ExitCode: s.ExitCode, StartedAt: started}, nil
}

// Env is the environment that a container was created with.
func (e *Engine) Env(ctx context.Context, id string) (map[string]string, error) {
	found, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, fmt.Errorf("inspect container %.12s: %w", id, err)
	}
	env := map[string]string{}
	if found.Container.Config != nil {
		for _, pair := range found.Container.Config.Env {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
	}
	return env, nil
}

// longestLine bounds one line of a log; what is longer is cut into lines.
const longestLine = 64 << 10

// Logs calls each with the lines that a container wrote, oldest first: the last tail lines, or all for 0.
func (e *Engine) Logs(ctx context.Context, id string, tail int, each func(line string)) error {
	options := client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true}
	if tail > 0 {
		options.Tail = strconv.Itoa(tail)
	}
	raw, err := e.api.ContainerLogs(ctx, id, options)
	if err != nil {
		return fmt.Errorf("read the log of container %.12s: %w", id, err)
	}
	defer raw.Close()
	lines := &lineWriter{each: each}
	if _, err := stdcopy.StdCopy(lines, lines, bufio.NewReader(raw)); err != nil && err != io.EOF {
		return fmt.Errorf("read the log of container %.12s: %w", id, err)
	}
	lines.flush()
	return nil
}

// lineWriter cuts what is written to it into lines of bounded length.
type lineWriter struct {
	part []byte
	each func(string)
}

func (w *lineWriter) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' || len(w.part) == longestLine {
			w.flush()
		}
		if b != '\n' {
			w.part = append(w.part, b)
		}
	}
	return len(p), nil
}

func (w *lineWriter) flush() {
	if len(w.part) > 0 {
		w.each(string(w.part))
	}
	w.part = w.part[:0]
}

// CPU is the processor time that a container has used since its last start. It reads the control group where that can
// be seen (microseconds of work), and asks the engine where it cannot (milliseconds). A dead container is an error.
func (e *Engine) CPU(ctx context.Context, id string) (time.Duration, error) {
	if used, ok := cgroupCPU("/sys/fs/cgroup", id); ok {
		return used, nil
	}
	stats, err := e.stats(ctx, id)
	if err != nil {
		return 0, err
	}
	if stats.CPUStats.CPUUsage.TotalUsage == 0 {
		return 0, fmt.Errorf("container %.12s does not run", id)
	}
	return time.Duration(stats.CPUStats.CPUUsage.TotalUsage), nil
}

// Memory is what a container uses, in bytes, without the files that the kernel could drop. A dead container uses none.
func (e *Engine) Memory(ctx context.Context, id string) (uint64, error) {
	stats, err := e.stats(ctx, id)
	if err != nil {
		return 0, err
	}
	m := stats.MemoryStats
	files := max(m.Stats["total_inactive_file"], m.Stats["inactive_file"]) // control groups of version 1, and 2
	return m.Usage - min(files, m.Usage), nil
}

func (e *Engine) stats(ctx context.Context, id string) (stats container.StatsResponse, err error) {
	answer, err := e.api.ContainerStats(ctx, id, client.ContainerStatsOptions{})
	if err != nil {
		return stats, fmt.Errorf("ask for the statistics of container %.12s: %w", id, err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&stats); err != nil {
		return stats, fmt.Errorf("read the statistics of container %.12s: %w", id, err)
	}
	return stats, nil
}

// cgroupCPU looks where Docker keeps its groups: version 1, then version 2 under cgroupfs and under systemd.
func cgroupCPU(root, id string) (time.Duration, bool) {
	if text, err := os.ReadFile(root + "/cpuacct/docker/" + id + "/cpuacct.usage"); err == nil {
		used, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		return time.Duration(used), err == nil
	}
	for _, group := range []string{"/docker/" + id, "/system.slice/docker-" + id + ".scope"} {
		text, err := os.ReadFile(root + group + "/cpu.stat")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(line, "usage_usec "); ok {
				used, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
				return time.Duration(used) * time.Microsecond, err == nil
			}
		}
	}
	return 0, false
}
