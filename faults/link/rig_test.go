package link

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"redpacket/faults"
	"redpacket/system/config"
	"redpacket/system/pause/pausetest"
	"redpacket/system/roles/linkd"
	"redpacket/system/wire/wiretest"
)

// The carrier is this binary, run again: a process that can be killed and frozen.
func TestMain(m *testing.M) {
	if os.Getenv(config.Variable) != "" {
		cfg, err := config.FromEnv()
		if err == nil {
			err = linkd.Run(context.Background(), cfg)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// carrier is the name of the linkd of every rig.
const carrier = "linkd-x"

// rig is a linkd with links to a node that answers every ping, and the levers on it.
type rig struct {
	faults.Levers // the levers that no fault of a link pulls: there are none
	t             *testing.T
	cfg           config.Config
	links         []faults.Link
	wire          faults.Link // of datagrams, to a node that sends them back

	mu    sync.Mutex
	run   *exec.Cmd
	state faults.State
}

var _ faults.Levers = (*rig)(nil)

// newRig starts a linkd with links a--node and b--node to an address, until the test ends.
func newRig(t *testing.T, to string) *rig {
	t.Helper()
	r := &rig{t: t, cfg: config.Config{Node: carrier, Inner: wiretest.Free(t), Admin: wiretest.Free(t)}}
	for _, name := range []string{"a--node", "b--node"} {
		f := config.Forward{Name: name, Listen: wiretest.Free(t), To: to}
		r.cfg.Links = append(r.cfg.Links, f)
		r.links = append(r.links, faults.Link{Name: name, Carrier: carrier, API: r.cfg.Inner, Entrance: f.Listen,
			Ask: []byte("ping\n"), Answer: []byte("pong\n")})
	}
	f := config.Forward{Name: "d--ear", Listen: wiretest.Free(t), To: echoing(t), Datagrams: true}
	r.cfg.Links = append(r.cfg.Links, f)
	r.wire = faults.Link{Name: f.Name, Carrier: carrier, API: r.cfg.Inner, Entrance: f.Listen, Datagrams: true}
	t.Cleanup(func() { _ = r.Kill(context.Background(), carrier) })
	if err := r.Start(t.Context(), carrier); err != nil {
		t.Fatal(err)
	}
	r.await(t)
	return r
}

// await waits until the carrier is healthy.
func (r *rig) await(t *testing.T) {
	t.Helper()
	pausetest.Until(t, "a healthy linkd", func() bool {
		answer, err := http.Get("http://" + r.cfg.Admin + "/-/health")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// Kill kills the carrier.
func (r *rig) Kill(_ context.Context, node string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if node != carrier || r.run == nil {
		return nil
	}
	_ = r.run.Process.Kill()
	_ = r.run.Wait()
	r.run, r.state = nil, faults.Dead
	return nil
}

// Start starts the carrier, if it does not run.
func (r *rig) Start(_ context.Context, node string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if node != carrier || r.run != nil {
		return nil
	}
	text, err := json.Marshal(r.cfg)
	if err != nil {
		return err
	}
	run := exec.Command(os.Args[0])
	run.Env = append(os.Environ(), config.Variable+"="+string(text))
	if testing.Verbose() {
		run.Stderr = os.Stderr
	}
	if err := run.Start(); err != nil {
		return err
	}
	r.run, r.state = run, faults.Running
	return nil
}

// Pause freezes the carrier.
func (r *rig) Pause(ctx context.Context, _ string) error {
	if err := r.signal(syscall.SIGSTOP, faults.Frozen); err != nil {
		return err
	}
	return until(ctx, func() error {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.run.Process.Pid))
		if err == nil && !strings.Contains(string(text), ") T ") {
			err = errors.New("it still runs")
		}
		return err
	})
}

// Resume lets it go on.
func (r *rig) Resume(_ context.Context, _ string) error {
	return r.signal(syscall.SIGCONT, faults.Running)
}

func (r *rig) signal(s syscall.Signal, state faults.State) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = state
	return r.run.Process.Signal(s)
}

// Look tells what the carrier does.
func (r *rig) Look(context.Context, string) (faults.State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state, nil
}

// Nodes are those at the ends of the links.
func (r *rig) Nodes() []string { return []string{"ear", "nobody", "node"} }

// Links are a link, or all that lead to the node.
func (r *rig) Links(victim string) ([]faults.Link, error) {
	switch victim {
	case "node":
		return r.links, nil
	case "ear", r.wire.Name:
		return []faults.Link{r.wire}, nil
	}
	for _, l := range r.links {
		if l.Name == victim {
			return []faults.Link{l}, nil
		}
	}
	return nil, fmt.Errorf("no link %q", victim)
}

// left is what the audit finds, and the links that are disabled.
func (r *rig) left(t *testing.T) (all []string) {
	t.Helper()
	found, err := faults.Audit(t.Context(), []faults.Fault{Cut{}, Lossy{}}, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range found {
		all = append(all, x.String())
	}
	for _, l := range r.links {
		if now, err := proxyOf(l).now(t.Context()); err != nil || !now.Enabled {
			all = append(all, fmt.Sprintf("%s is disabled: %v", l.Name, err))
		}
	}
	return all
}

// undo heals a fault and returns the ways that were tried.
func (r *rig) undo(t *testing.T, f faults.Fault) (steps []string) {
	t.Helper()
	steps, err := faults.Undo(t.Context(), f, r)
	if err != nil {
		t.Error(err)
	}
	return steps
}

// written is how many bytes the carrier's process has written.
func (r *rig) written(t *testing.T) (n int64) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", r.run.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d\nwchar: %d", new(int64), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// answering is a node that answers each line with pong, until the test ends.
func answering(t *testing.T) string {
	t.Helper()
	return wiretest.Serve(t, func(conn net.Conn) {
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			if _, err := io.WriteString(conn, "pong\n"); err != nil {
				return
			}
		}
	})
}

// echoing is a node that sends every datagram back, until the test ends.
func echoing(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(buf[:n], from)
		}
	}()
	return conn.LocalAddr().String()
}

// caller is a connection that asks, one ping at a time.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
}

func call(link faults.Link) (*caller, error) {
	conn, err := net.DialTimeout("tcp", link.Entrance, time.Second)
	if err != nil {
		return nil, err
	}
	return &caller{conn, bufio.NewReader(conn)}, nil
}

// ping asks once and says how long the answer took.
func (c *caller) ping(within time.Duration) (time.Duration, error) {
	began := time.Now()
	_ = c.conn.SetDeadline(began.Add(within))
	if _, err := c.conn.Write([]byte("ping\n")); err != nil {
		return 0, err
	}
	_, err := c.in.ReadString('\n')
	return time.Since(began), err
}

// use keeps a caller pinging through a link, anew when it loses its connection, until the test ends.
func use(t *testing.T, l faults.Link) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	go func() {
		defer close(done)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			c, err := call(l)
			for err == nil && ctx.Err() == nil {
				_, err = c.ping(time.Second)
				<-tick.C
			}
			if c != nil {
				_ = c.conn.Close()
			}
			if ctx.Err() != nil {
				return
			}
			<-tick.C
		}
	}()
}
