package volley

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
)

// The generator collects garbage when its heap is nine times what lives (about 80 MB at 200,000 requests/s, once a
// second, for a few milliseconds), and sooner only near its memory limit. Without any collection it would touch new
// pages all the time, which costs more than to collect.
const (
	generatorGarbage = 800 // per cent
	generatorMemory  = 512 << 20
)

// BecomeWorker turns this process into a volley's worker if a volley started it as one, and then does not return. Call
// it before anything else in main, and in TestMain.
func BecomeWorker() {
	as := role(os.Getenv(roleVar))
	if as == "" {
		return
	}
	say := &speaker{to: json.NewEncoder(os.Stdout)}
	if err := work(as, say); err != nil {
		say.message(message{Error: err.Error()})
		os.Exit(1)
	}
	os.Exit(0)
}

// speaker writes one message a line. When nobody listens any more, stdin ends too, which ends the worker.
type speaker struct {
	mu sync.Mutex
	to *json.Encoder
}

func (s *speaker) message(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.to.Encode(m)
}

func work(as role, say *speaker) error {
	if err := pin(); err != nil {
		return err
	}
	in := bufio.NewReader(os.Stdin)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	untilEOF := func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}
	switch as {
	case asNull:
		gate := &sync.RWMutex{}
		go func() {
			obey(in, gate, say)
			cancel()
		}()
		return nullServe(ctx, gate, say)
	case asBurner:
		go untilEOF()
		burn(ctx, say)
		return nil
	case asGenerator:
		line, err := in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("generator was given no job: %w", err)
		}
		go untilEOF()
		return generate(ctx, line, say)
	}
	return errors.New("unknown role of a volley's worker: " + string(as))
}

// readJob reads and checks a job: whoever sent it may not have.
func readJob(line []byte) (Job, error) {
	var job Job
	if err := json.Unmarshal(line, &job); err != nil {
		return Job{}, fmt.Errorf("generator cannot read its job: %w", err)
	}
	return job, job.Check()
}

func generate(ctx context.Context, line []byte, say *speaker) error {
	job, err := readJob(line)
	if err != nil {
		return err
	}
	debug.SetGCPercent(generatorGarbage)
	debug.SetMemoryLimit(generatorMemory)
	cores, err := parseCores(job.Cores)
	if err != nil {
		return err
	}
	y, err := run(ctx, job, max(1, len(cores)), func(p Progress) { say.message(message{Progress: &p}) })
	if err != nil {
		return err
	}
	say.message(message{Yield: &y})
	return nil
}
