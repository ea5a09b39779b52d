package provision

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"redpacket/system/provision/docker"
)

// reaperVariable tells a re-executed program that it is a reaper, and of which run and owner.
const reaperVariable = "REDPACKET_REAPER"

// orders are what a reaper is told.
type orders struct {
	Run   string `json:"run"`
	PID   int    `json:"pid"`
	Start string `json:"start"`
	Boot  string `json:"boot"`
}

// What passes between an owner and its reaper: the reaper says that it watches, the owner that nothing is left. An
// owner that dies says nothing: its end of the pipe closes.
const (
	watching    = "watching\n"
	nothingLeft = "nothing left\n"
)

// reapWithin bounds how long a reaper tries.
const reapWithin = 2 * time.Minute

// BecomeReaper must be called first in main or TestMain of every program that calls Up. In the program it returns at
// once. Up starts the same program again as a detached process, in which it never returns: it waits until its owner
// has died, by whatever signal, and then removes everything of the owner's run.
func BecomeReaper() {
	text, ok := os.LookupEnv(reaperVariable)
	if !ok {
		return
	}
	// A terminal's Ctrl-C, a lost terminal and a broken pipe end owners, not reapers.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	if err := reap(text, os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func reap(text string, owner io.Reader, answer io.Writer) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Errorf("reaper: %s: %w", reaperVariable, err)
	}
	if _, err := io.WriteString(answer, watching); err != nil {
		return fmt.Errorf("reaper: %w", err)
	}
	if last, _ := io.ReadAll(io.LimitReader(owner, int64(len(nothingLeft)))); string(last) == nothingLeft {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), reapWithin)
	defer cancel()
	engine, err := docker.Connect(ctx)
	if err != nil {
		return err
	}
	return o.sweep(ctx, engine)
}

// sweep removes the run until its owner is gone and nothing was found for a while: the engine may still be making what
// the owner asked for last.
func (o orders) sweep(ctx context.Context, engine *docker.Engine) error {
	for {
		_, err := removeRuns(ctx, engine, []string{o.Run}, quietAfter)
		start, alive := startOf(o.PID)
		if (err == nil || onlyMiscounted(err)) && (!alive || start != o.Start) {
			return nil
		}
		if !pause(ctx, betweenLooks) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// reaper is the owner's side.
type reaper struct {
	process *exec.Cmd
	pipe    io.WriteCloser // its closing, by our death, is what the process waits for
}

// start starts the reaper and returns when it watches.
func (r *reaper) start(run string, me owner) error {
	if _, ok := os.LookupEnv(reaperVariable); ok {
		return errors.New("this program was started as a reaper and did not become one: call provision.BecomeReaper first in main or TestMain")
	}
	text, err := json.Marshal(orders{run, me.pid, me.start, me.boot})
	if err != nil {
		return fmt.Errorf("start the reaper: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start the reaper: %w", err)
	}
	p := exec.Command(self)
	p.Dir = "/"
	p.Env = append(os.Environ(), reaperVariable+"="+string(text))
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // out of reach of a signal to our group
	if r.pipe, err = p.StdinPipe(); err != nil {
		return fmt.Errorf("start the reaper: %w", err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start the reaper: %w", err)
	}
	if err := p.Start(); err != nil {
		return fmt.Errorf("start the reaper: %w", err)
	}
	r.process = p
	return r.hear(out)
}

// hear waits until the reaper says that it watches. A program that forgot BecomeReaper says something else, or nothing.
func (r *reaper) hear(out io.Reader) error {
	const within = 10 * time.Second
	late := time.AfterFunc(within, func() { _ = r.process.Process.Kill() })
	defer late.Stop()
	if said, _ := bufio.NewReader(io.LimitReader(out, int64(len(watching)))).ReadString('\n'); said != watching {
		_ = r.process.Process.Kill()
		_ = r.process.Wait()
		r.process = nil
		return errors.New("the reaper did not start: call provision.BecomeReaper first in main or TestMain")
	}
	return nil
}

// dismiss lets the reaper go, because nothing is left for it, and waits for its end.
func (r *reaper) dismiss() {
	if r.process == nil {
		return
	}
	_, _ = io.WriteString(r.pipe, nothingLeft)
	_ = r.pipe.Close()
	_ = r.process.Wait()
	r.process = nil
}
