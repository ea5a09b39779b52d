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
	"sync"
	"syscall"
	"time"

	"redpacket/system/pause"
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

// What passes between an owner and its reaper, a line each: the reaper says that it watches, the owner that nothing is
// left; the owner's other lines are for the guard. An owner that dies says nothing: its end of the pipe closes.
const (
	watching    = "watching\n"
	nothingLeft = "nothing left"
)

// reapWithin bounds how long a reaper tries, guardWithin what its guard may take of that first.
const (
	reapWithin  = 2 * time.Minute
	guardWithin = 6 * time.Second
)

// Guard is what a reaper does beside: it looks after the run while that stands.
type Guard interface {
	Hear(line string)           // something that the owner told it; see Cluster.Tell
	Bereft(ctx context.Context) // the owner has died; the run is removed when this returns, or ctx ends
	Dismissed()                 // the owner has taken everything down itself
}

// BecomeReaper must be called first in main or TestMain of every program that calls Up. In the program it returns at
// once. Up starts the same program again as a detached process, in which it never returns: it waits until its owner
// has died, by whatever signal, and then removes everything of the owner's run. guard makes what looks after the run until
// then; nil: nothing does.
func BecomeReaper(guard func(run string) Guard) {
	text, ok := os.LookupEnv(reaperVariable)
	if !ok {
		return
	}
	// A terminal's Ctrl-C, a lost terminal and a broken pipe end owners, not reapers.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	if err := reap(text, guard, os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func reap(text string, guard func(run string) Guard, owner io.Reader, answer io.Writer) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Errorf("reaper: %s: %w", reaperVariable, err)
	}
	var g Guard = nobody{}
	if guard != nil {
		g = guard(o.Run)
	}
	if _, err := io.WriteString(answer, watching); err != nil {
		return fmt.Errorf("reaper: %w", err)
	}
	for lines := bufio.NewScanner(owner); lines.Scan(); g.Hear(lines.Text()) {
		if lines.Text() == nothingLeft {
			g.Dismissed()
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), reapWithin)
	defer cancel()
	o.bereave(ctx, g)
	engine, err := docker.Connect(ctx)
	if err != nil {
		return err
	}
	return o.sweep(ctx, engine)
}

// bereave lets the guard do what it must, as long as it may.
func (o orders) bereave(ctx context.Context, g Guard) {
	ctx, cancel := context.WithTimeout(ctx, guardWithin)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Bereft(ctx)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// nobody is the guard of a run that has none.
type nobody struct{}

// Hear does nothing.
func (nobody) Hear(string) {}

// Bereft does nothing.
func (nobody) Bereft(context.Context) {}

// Dismissed does nothing.
func (nobody) Dismissed() {}

// sweep removes the run until its owner is gone and nothing was found for a while: the engine may still be making what
// the owner asked for last.
func (o orders) sweep(ctx context.Context, engine *docker.Engine) error {
	for {
		_, err := removeRuns(ctx, engine, []string{o.Run}, quietAfter)
		start, alive := startOf(o.PID)
		if (err == nil || onlyMiscounted(err)) && (!alive || start != o.Start) {
			return nil
		}
		if !pause.For(ctx, betweenLooks) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// reaper is the owner's side.
type reaper struct {
	mu      sync.Mutex // what is said goes line by line
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
	_ = r.tell(nothingLeft)
	_ = r.pipe.Close()
	_ = r.process.Wait()
	r.process = nil
}

// tell says a line.
func (r *reaper) tell(line string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pipe == nil {
		return errors.New("the run has no reaper")
	}
	_, err := io.WriteString(r.pipe, line+"\n")
	return err
}

// Tell says a line to the run's guard. It fails when the guard is no more.
func (c *Cluster) Tell(line string) error {
	if err := c.reaper.tell(line); err != nil {
		return fmt.Errorf("tell the guard of run %s: %w", c.run, err)
	}
	return nil
}
