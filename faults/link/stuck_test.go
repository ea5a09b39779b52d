package link

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"redpacket/faults"
	"redpacket/system/pause"
	"redpacket/system/wire/wiretest"
)

// flooding is a node that answers the first line it gets with pong, and the word flood with more than anybody reads.
func flooding(t *testing.T) string {
	t.Helper()
	return wiretest.Serve(t, func(conn net.Conn) {
		for buf := make([]byte, 64<<10); ; {
			n, err := conn.Read(buf)
			flood := strings.HasPrefix(string(buf[:n]), "flood")
			for err == nil && flood {
				_, err = conn.Write(buf)
			}
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "pong\n")
		}
	})
}

// A caller that does not read what it asked for blocks Toxiproxy's removal of a toxic for ever (its issue 558). The heal is
// over in its time all the same, and says what it had to do.
func TestHealOfALinkWithAStuckReader(t *testing.T) {
	r := newRig(t, flooding(t))
	use(t, r.links[0])
	f := Latency{Hit: Hit{On: "a--node", Way: Replies, Share: 1}, Delay: 30 * ms}
	if err := f.Inject(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	c, err := call(r.links[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	if _, err := io.WriteString(c.conn, "flood\n"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); !jammed(t, r); {
		if time.Now().After(deadline) {
			t.Fatal("the proxy did not fill up")
		}
		<-time.After(lookEvery)
	}
	steps := r.undo(t, f) // disabling helps when Toxiproxy's own waits of 5 s end in time, and starting again always
	if len(steps) < 2 || !strings.HasPrefix(steps[1], "disable and enable the proxies") {
		t.Errorf("healed by: %q", steps)
	}
	mustCarry(t, r)
}

// jammed says that the flood stands: what the carrier writes no longer moves.
func jammed(t *testing.T, r *rig) bool {
	t.Helper()
	before := r.written(t)
	<-time.After(100 * ms)
	return before > 1<<20 && r.written(t)-before < 100_000 // the caller that pings goes on
}

// full is an address that takes no connection and refuses none: a dial to it hangs.
func full(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}
	for range 8 { // more than the queue holds
		conn, err := net.DialTimeout("tcp", at.String(), 100*ms)
		if err != nil {
			return at.String()
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("the queue took every connection")
	return ""
}

// Toxiproxy dials in its accept loop, without a limit: a node that takes no connection blocks even the disabling of its
// proxy. The carrier is started again.
func TestHealOfALinkToANodeThatHangs(t *testing.T) {
	r := newRig(t, full(t))
	c, err := call(r.links[0]) // which Toxiproxy takes, and then dials for ever
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	f := Cut{On: "a--node"}
	if err := f.Inject(t.Context(), r); err == nil {
		t.Error("a proxy that cannot be disabled was cut")
	}
	if steps := r.undo(t, f); len(steps) != 3 || !strings.HasPrefix(steps[2], "restart the linkd") {
		t.Errorf("healed by: %q", steps)
	}
	if left := r.left(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// 5,000 connections, each with a ping every four seconds, or as often as the machine lets them: every kind of fault ends,
// gently where the machine has the time for it, and all of them carry afterwards.
func TestHealWhile5000ConnectionsAreBusy(t *testing.T) {
	const conns = 5000
	r := newRig(t, answering(t))
	var pings atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	for i := range conns {
		group.Go(func() {
			if pause.For(ctx, time.Duration(i)*pingEvery/conns) {
				keepBusy(ctx, r.links[0], &pings)
			}
		})
	}
	moving := func() { // and as quick as the machine lets them be
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		from := pings.Load()
		if err := until(ctx, func() error {
			n, e := pings.Load()-from, probe{asks: 1}.send(ctx, r.links[0])
			if n < conns || e.end != nil || e.took > 2*time.Second {
				return fmt.Errorf("%d answers for %d connections, the last took %s, %v", n, conns, e.took, e.end)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	// inject hurts the link, as soon as the carrier finds the time to answer.
	inject := func(f faults.Fault) {
		t.Helper()
		for give := time.Now().Add(2 * time.Minute); ; {
			err := f.Inject(t.Context(), r)
			if err == nil {
				return
			}
			if time.Now().After(give) {
				t.Fatalf("%s: %v", f, err)
			}
			r.undo(t, f)
			moving()
		}
	}
	moving()
	hit := all("a--node")
	for _, f := range []faults.Fault{Latency{Hit: hit, Delay: 100 * ms}, Silent{Hit: hit}, Reset{Hit: hit}, Cut{On: "a--node"}} {
		began := time.Now()
		inject(f)
		bites := time.Since(began)
		steps := r.undo(t, f)
		t.Logf("%s bites after %s; healed by: %q", f, bites.Round(ms), steps)
		moving()
	}
	if left := r.left(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// pingEvery is between the pings of one connection: all of them make 1,250 a second.
const pingEvery = 4 * time.Second

// keepBusy pings, on a new connection when one ends. A machine that answers late is given more time between.
func keepBusy(ctx context.Context, l faults.Link, pings *atomic.Int64) {
	for {
		c, err := call(l)
		for err == nil {
			var took time.Duration
			if took, err = c.ping(time.Minute); err != nil {
				break
			}
			if pings.Add(1); !pause.For(ctx, pingEvery+4*took) {
				err = ctx.Err()
			}
		}
		if c != nil {
			_ = c.conn.Close()
		}
		if !pause.For(ctx, time.Second) { // a link that is cut is not stormed
			return
		}
	}
}
