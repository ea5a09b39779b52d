package wire

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire/wiretest"
)

// echo answers every call with its user as the wait, and a body.
func echo(batch []Call, from *Caller) {
	var replies []Reply
	for _, c := range batch {
		replies = append(replies, Reply{ID: c.ID, Code: api.OK, Queued: uint32(c.User), Body: []byte(`{"code":"ok"}`)})
	}
	from.Reply(replies)
}

// startCalls serves calls until the returned function is called, which waits for the end.
func startCalls(ctx context.Context, l net.Listener, serve func([]Call, *Caller)) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- ServeCalls(ctx, l, serve) }()
	return func() error {
		cancel()
		return <-done
	}
}

func TestCallsRoundTrip(t *testing.T) {
	l := wiretest.Listen(t)
	defer startCalls(t.Context(), l, echo)()
	var sum, count atomic.Int64
	link := DialCalls(t.Context(), l.Addr().String(), func(replies []Reply) {
		for _, r := range replies {
			if r.ID != uint64(r.Queued)*3 || r.Code != api.OK || string(r.Body) != `{"code":"ok"}` {
				t.Errorf("reply %+v", r)
			}
			sum.Add(int64(r.Queued))
		}
		count.Add(int64(len(replies)))
	})
	pausetest.Until(t, "the link", link.Up)
	const n = 50_000
	for i := range n {
		for !link.Send(Call{ID: uint64(i) * 3, User: api.User(i)}) {
			pausetest.Until(t, "room in the link", func() bool { return link.Behind() == 0 })
		}
	}
	pausetest.Until(t, "all replies", func() bool { return count.Load() == n })
	if want := int64(n) * (n - 1) / 2; sum.Load() != want {
		t.Errorf("sum of the waits %d, want %d", sum.Load(), want)
	}
}

func TestLinkComesBack(t *testing.T) {
	l := wiretest.Listen(t)
	addr := l.Addr().String()
	stop := startCalls(t.Context(), l, echo)
	var count atomic.Int64
	link := DialCalls(t.Context(), addr, func(r []Reply) { count.Add(int64(len(r))) })
	pausetest.Until(t, "the link", link.Up)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	pausetest.Until(t, "the link to be down", func() bool { return !link.Up() })
	if link.Send(Call{}) {
		t.Error("a link that is down took a call")
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer startCalls(t.Context(), l, echo)()
	pausetest.Until(t, "the link again", link.Up)
	link.Send(Call{})
	pausetest.Until(t, "a reply", func() bool { return count.Load() == 1 })
}

func TestLinkIsNotUpBehindAProxyToNowhere(t *testing.T) {
	l := wiretest.Listen(t)
	defer l.Close()
	var accepted atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = conn.Close()
		}
	}()
	link := DialCalls(t.Context(), l.Addr().String(), func([]Reply) {})
	pausetest.Until(t, "three attempts", func() bool {
		if link.Up() {
			t.Fatal("up without a greeting")
		}
		return accepted.Load() >= 3
	})
	if !strings.Contains(link.Why(), "greeting") {
		t.Errorf("why: %q, want it to name the greeting", link.Why())
	}
}

// TestSilentCalleeIsDown: a paused process keeps its connections, so only the heartbeat tells.
func TestSilentCalleeIsDown(t *testing.T) {
	t.Parallel()
	l := wiretest.Listen(t)
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write([]byte(greeting))
		_, _ = io.Copy(io.Discard, conn) // and never a word
	}()
	link := DialCalls(t.Context(), l.Addr().String(), func([]Reply) {})
	pausetest.Until(t, "the link", link.Up)
	began := time.Now()
	pausetest.Until(t, "the link to be down", func() bool { return !link.Up() })
	if took := time.Since(began); took > silence+time.Second {
		t.Errorf("down after %s, want about %s", took, silence)
	}
}

func TestHeartbeatKeepsAQuietLink(t *testing.T) {
	t.Parallel()
	l := wiretest.Listen(t)
	defer startCalls(t.Context(), l, echo)()
	link := DialCalls(t.Context(), l.Addr().String(), func([]Reply) {})
	pausetest.Until(t, "the link", link.Up)
	first := link.live.Load()
	wait, cancel := context.WithTimeout(t.Context(), silence+300*time.Millisecond)
	defer cancel()
	<-wait.Done()
	if link.live.Load() != first {
		t.Errorf("the quiet link was dialled again: %s", link.Why())
	}
}

func TestBrokenFrameClosesTheConnection(t *testing.T) {
	l := wiretest.Listen(t)
	defer startCalls(t.Context(), l, func([]Call, *Caller) { t.Error("served a broken frame") })()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if string(got) != greeting {
		t.Errorf("got %q, %v; want the greeting and the end", got, err)
	}
}

func TestSendIsBounded(t *testing.T) {
	client, server := net.Pipe() // nobody reads
	defer server.Close()
	p := newPipe(client, kindCalls)
	defer p.kill()
	link := &Link{}
	link.live.Store(p)
	sent := 0
	for link.Send(Call{}) {
		if sent++; sent > MaxQueued {
			t.Fatal("a link that nobody reads took everything")
		}
	}
	if sent < MaxQueued/callSize {
		t.Errorf("%d calls taken, want at least %d", sent, MaxQueued/callSize)
	}
	if link.Behind() <= 0 {
		t.Error("the link does not know that it is behind")
	}
}

// A callee knows how many answers it owes each caller, so that it can bound them.
func TestOwed(t *testing.T) {
	l, owed := wiretest.Listen(t), make(chan int, 100)
	release := make(chan struct{})
	defer startCalls(t.Context(), l, func(batch []Call, from *Caller) {
		owed <- from.Owed()
		late := batch[0].ID
		go func() {
			<-release
			from.Reply([]Reply{{ID: late}})
			owed <- from.Owed()
		}()
	})()
	link := DialCalls(t.Context(), l.Addr().String(), func([]Reply) {})
	pausetest.Until(t, "the link", link.Up)
	const calls = 3
	for i := range uint64(calls) {
		link.Send(Call{ID: i})
		if got := <-owed; got != int(i)+1 {
			t.Errorf("after call %d it owes %d answers", i+1, got)
		}
	}
	close(release)
	least := calls
	for range calls {
		least = min(least, <-owed)
	}
	if least != 0 {
		t.Errorf("everything is answered, and %d answers are owed", least)
	}
}
