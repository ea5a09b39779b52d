package volley

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"redpacket/loadprofiles"
)

// The variables by which a process knows that it is a worker.
const (
	roleVar   = "REDPACKET_VOLLEY_ROLE"
	coresVar  = "REDPACKET_VOLLEY_CORES"
	pinnedVar = "REDPACKET_VOLLEY_PINNED"
)

type role string

// The roles of a worker.
const (
	asGenerator role = "generator"
	asNull      role = "null"
	asBurner    role = "burner"
)

// stopWithin is how long a worker that was told to stop may take before it is killed.
const stopWithin = 2 * time.Second

// message is one line from a worker: one of its fields is set.
type message struct {
	Progress *Progress           `json:"progress,omitempty"`
	Yield    *loadprofiles.Yield `json:"yield,omitempty"`
	Addr     string              `json:"addr,omitempty"`
	Stalled  time.Duration       `json:"stalled,omitempty"` // a null server's stall is over
	Error    string              `json:"error,omitempty"`
}

// worker is this program run once more in another role. Its stdin's end tells it to stop, and ends it when we die.
type worker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  *bufio.Scanner
	stderr *tail
	once   sync.Once
	timer  *time.Timer
}

func start(as role, cores string) (*worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program to start a worker of it: %w", err)
	}
	w := &worker{cmd: exec.Command(self), stderr: &tail{}}
	w.cmd.Env = append(os.Environ(), roleVar+"="+string(as), coresVar+"="+cores)
	w.cmd.Stderr = w.stderr
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", as, err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", as, err)
	}
	w.lines = bufio.NewScanner(out)
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", as, err)
	}
	return w, nil
}

// give hands the worker its job: one line of JSON.
func (w *worker) give(job any) error {
	line, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("write the job down: %w", err)
	}
	if _, err := w.in.Write(append(line, '\n')); err != nil {
		// It ended before it read; why is what it said last.
		if _, said := w.next(); said != nil {
			return said
		}
		return fmt.Errorf("give the worker its job: %w%s", err, w.stderr)
	}
	return nil
}

// next is the worker's next message; a worker that ends without a last word is an error.
func (w *worker) next() (message, error) {
	var m message
	if !w.lines.Scan() {
		return m, errors.Join(fmt.Errorf("worker ended without an answer%s (does the program call volley.BecomeWorker first?)", w.stderr), w.lines.Err())
	}
	if err := json.Unmarshal(w.lines.Bytes(), &m); err != nil {
		return m, fmt.Errorf("worker said %.200q: %w%s", w.lines.Bytes(), err, w.stderr)
	}
	if m.Error != "" {
		return m, errors.New(m.Error)
	}
	return m, nil
}

// stop tells the worker to end, and kills it when it does not.
func (w *worker) stop() {
	w.once.Do(func() {
		_ = w.in.Close()
		w.timer = time.AfterFunc(stopWithin, func() { _ = w.cmd.Process.Kill() })
	})
}

// kill ends the worker for certain and takes its remains away.
func (w *worker) kill() {
	w.stop()
	w.timer.Stop()
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
}

// tail keeps the first words of a worker's stderr, for the error message.
type tail struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept.Write(b[:min(len(b), max(0, 2000-t.kept.Len()))])
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept.Len() == 0 {
		return ""
	}
	return "; it said: " + t.kept.String()
}
