package selftest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"redpacket/system/provision"
)

// markVariable is in the environment of a harness and, since they inherit it, of every process that it starts.
const markVariable = "REDPACKET_SELFTEST_HARNESS"

// Harness is a run of rehearse as a child process, to be killed.
type Harness struct {
	PID   int
	mark  string
	cmd   *exec.Cmd
	said  bytes.Buffer
	ended chan struct{} // closed when it has
	err   error         // how; to be read after that
}

// Build makes the command line, as a user would have it, in dir.
func Build(ctx context.Context, dir string) (string, error) {
	out := filepath.Join(dir, "rehearse")
	if said, err := exec.CommandContext(ctx, "go", "build", "-o", out, "redpacket/drills/cmd/rehearse").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the command line: %w: %s", err, said)
	}
	return out, nil
}

// StartHarness runs the command with a mark of its own.
func StartHarness(mark, command string, args ...string) (*Harness, error) {
	h := &Harness{mark: markVariable + "=" + mark, cmd: exec.Command(command, args...), ended: make(chan struct{})}
	h.cmd.Env = append(os.Environ(), h.mark)
	h.cmd.Stdout, h.cmd.Stderr = &h.said, &h.said
	h.cmd.WaitDelay = time.Second // for a process of its own that holds its output open
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the harness: %w", err)
	}
	h.PID = h.cmd.Process.Pid
	go func() {
		h.err = h.cmd.Wait()
		close(h.ended)
	}()
	return h, nil
}

// Wait returns when the harness has ended by itself; what it said comes with it. It is killed when ctx ends first.
func (h *Harness) Wait(ctx context.Context) (string, error) {
	select {
	case <-h.ended:
		return h.said.String(), h.err
	case <-ctx.Done():
		_ = h.cmd.Process.Kill()
		<-h.ended
		return h.said.String(), ctx.Err()
	}
}

// KillAfter kills the harness with SIGKILL after a time, and returns when it is dead. It is false when the harness had
// ended by itself before.
func (h *Harness) KillAfter(ctx context.Context, after time.Duration) (bool, error) {
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-h.ended:
		return false, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	err := h.cmd.Process.Kill()
	<-h.ended
	if errors.Is(err, os.ErrProcessDone) {
		return false, ctx.Err()
	}
	return err == nil, errors.Join(ctx.Err(), err)
}

// Interrupt presses Ctrl-C, so many times, a moment apart.
func (h *Harness) Interrupt(ctx context.Context, times int) error {
	for range times {
		if err := h.cmd.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		timer := time.NewTimer(100 * time.Millisecond)
		select {
		case <-h.ended:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return ctx.Err()
}

// Stop has the harness stand still (SIGSTOP), and Go has it go on.
func (h *Harness) Stop() error { return h.cmd.Process.Signal(syscall.SIGSTOP) }

// Go has a harness that stands still go on.
func (h *Harness) Go() error { return h.cmd.Process.Signal(syscall.SIGCONT) }

// Ended says that the harness is no more.
func (h *Harness) Ended() bool {
	select {
	case <-h.ended:
		return true
	default:
		return false
	}
}

// Left lists what there is of the harness: containers, networks, volumes, and processes that inherited its mark.
func (h *Harness) Left(ctx context.Context) ([]string, error) {
	left, err := provision.RemainsOf(ctx, h.PID)
	if err != nil {
		return nil, err
	}
	processes, err := marked(h.mark)
	return append(left, processes...), err
}

// marked lists the processes with a variable in their environment. One that ends while it is looked at is gone.
func marked(variable string) ([]string, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var found []string
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		environ, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil {
			continue
		}
		for field := range bytes.SplitSeq(environ, []byte{0}) {
			if string(field) == variable {
				name, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "comm"))
				found = append(found, fmt.Sprintf("process %s %s", e.Name(), bytes.TrimSpace(name)))
			}
		}
	}
	return found, nil
}
