package wire

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire/wiretest"
)

// open serves a door until the test ends.
func open(t testing.TB, d Door) (f *Front, addr string) {
	t.Helper()
	l := wiretest.Listen(t)
	f = NewFront(d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
		if f.Conns() != 0 {
			t.Errorf("%d connections left", f.Conns())
		}
	})
	return f, l.Addr().String()
}

// client is one connection to a front.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func connect(t testing.TB, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	return &client{conn, t, bufio.NewReader(conn)}
}

func (c *client) send(text string) *client {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// answer reads the next answer as "status body".
func (c *client) answer() string {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err.Error()
	}
	body, _ := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func (c *client) wants(want string) {
	c.t.Helper()
	if got := c.answer(); !strings.HasPrefix(got, want) {
		c.t.Errorf("answer %q, want %q …", got, want)
	}
}

func (c *client) ended() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); len(rest) > 0 || err != nil {
		c.t.Errorf("after the last answer came %q, %v; want the end", rest, err)
	}
}

func TestNullServer(t *testing.T) {
	_, addr := open(t, Door{Serve: func(*Batch) {}})
	c := connect(t, addr)
	c.send("GET /static/0 HTTP/1.1\r\n\r\nGET /gifts HTTP/1.1\r\n\r\nGET /no HTTP/1.1\r\n\r\nPOST /claim?gift=1&server=1 HTTP/1.1\r\n\r\n")
	c.wants(`200 {"code":"ok"}`)
	c.wants(`200 {"code":"ok"}`)
	c.wants(`404 {"code":"not_found"`)
	c.wants(`200 {"code":"ok"}`)
}

func TestEndsOfAConnection(t *testing.T) {
	_, addr := open(t, Door{Serve: func(*Batch) {}, Limits: Limits{SlowHead: 60 * time.Millisecond, Idle: 150 * time.Millisecond}})
	for name, c := range map[string]struct{ in, want string }{
		"malformed":   {"GET /gifts HTTP/1.1\r\n\r\nBREW /pot HTTP/1.1\r\n\r\nGET /gifts HTTP/1.1\r\n\r\n", `400 {"code":"malformed"`},
		"too large":   {"GET /gifts HTTP/1.1\r\n\r\nGET /gifts HTTP/1.1\r\nA: " + strings.Repeat("x", 5000), `413 {"code":"too_large"`},
		"half-sent":   {"GET /gifts HTTP/1.1\r\n\r\nGET /gif", `408 {"code":"too_slow"`},
		"half body":   {"GET /gifts HTTP/1.1\r\n\r\nPOST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234", `408 {"code":"too_slow"`},
		"idle":        {"GET /gifts HTTP/1.1\r\n\r\n", `408 {"code":"too_slow"`},
		"close":       {"GET /gifts HTTP/1.1\r\n\r\nGET /gifts HTTP/1.1\r\nConnection: close\r\n\r\nGET /gifts HTTP/1.1\r\n\r\n", `200 {"code":"ok"`},
		"version 1.0": {"GET /gifts HTTP/1.1\r\n\r\nGET /gifts HTTP/1.0\r\n\r\n", `200 {"code":"ok"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, addr).send(c.in)
			conn.wants(`200 {"code":"ok"}`)
			conn.wants(c.want)
			conn.ended()
		})
	}
}

func TestDrippedRequestIsWholeOrTooSlow(t *testing.T) {
	_, addr := open(t, Door{Serve: func(*Batch) {}, Limits: Limits{SlowHead: 100 * time.Millisecond}})
	c := connect(t, addr)
	for _, b := range []byte("GET /gifts HTTP/1.1\r\n\r\n") {
		c.send(string(b))
	}
	c.wants("200")
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		if _, err := io.WriteString(c, "G"); err != nil || i == 8 {
			break
		}
		<-tick.C
	}
	c.wants("4") // 408 while it dripped; the drip must not win more time
}

// ask is a request that was put off by askLater.
type ask struct {
	id uint64
	r  Request
}

// putOff puts off every dynamic request, and answers the static ones with their part.
func putOff(f **Front, within time.Duration, asked chan<- ask) func(*Batch) {
	return func(b *Batch) {
		for i, r := range b.Requests {
			if r.Op == api.Static {
				b.Answer(i, (*f).Replies().With(api.OK, fmt.Appendf(nil, `{"code":"ok","part":%d}`, r.Part)))
				continue
			}
			r.Token = nil
			asked <- ask{b.Later(i, Wait{Within: within, Late: (*f).Replies().Bare(api.Busy), Note: uint64(r.Gift), Via: 100 + uint16(r.Gift)}), r}
		}
	}
}

func TestAnswersKeepTheOrderOfRequests(t *testing.T) {
	var f *Front
	asked := make(chan ask, 1000)
	f, addr := open(t, Door{Serve: func(b *Batch) { putOff(&f, 3*time.Second, asked)(b) }})
	c := connect(t, addr)
	var text strings.Builder
	const n = 300
	for i := range n {
		fmt.Fprintf(&text, "GET /static/%d HTTP/1.1\r\n\r\nGET /receipt?gift=%d HTTP/1.1\r\n\r\n", i, i)
	}
	c.send(text.String())
	var asks []ask
	for range n {
		asks = append(asks, <-asked)
	}
	var done sync.WaitGroup
	for w := range 4 { // four repliers, each from the newest to the oldest
		done.Go(func() {
			for i := n - 1 - w; i >= 0; i -= 4 {
				f.Answer([]Reply{{ID: asks[i].id, Code: api.OK, Body: fmt.Appendf(nil, `{"code":"ok","gift":%d}`, asks[i].r.Gift)}})
			}
		})
	}
	for i := range n {
		c.wants(fmt.Sprintf(`200 {"code":"ok","part":%d}`, i))
		c.wants(fmt.Sprintf(`200 {"code":"ok","gift":%d}`, i))
	}
	done.Wait()
	if got := f.Count(api.Receipt, api.OK); got != n {
		t.Errorf("counted %d receipts, want %d", got, n)
	}
}

func TestDeadlineAndLateAnswer(t *testing.T) {
	var f *Front
	asked, settled := make(chan ask, 10), make(chan string, 10)
	f, addr := open(t, Door{Serve: func(b *Batch) { putOff(&f, 40*time.Millisecond, asked)(b) },
		Settled: func(s Settled) { settled <- fmt.Sprint(s.Note, s.Via, s.Code, s.Late) }})
	c := connect(t, addr)
	began := time.Now()
	c.send("GET /receipt?gift=1 HTTP/1.1\r\n\r\nGET /static/5 HTTP/1.1\r\n\r\n")
	first := <-asked
	c.wants(`503 {"code":"busy"`)
	if took := time.Since(began); took < 35*time.Millisecond || took > 500*time.Millisecond {
		t.Errorf("the late answer came after %s, want about 40 ms", took)
	}
	c.wants(`200 {"code":"ok","part":5}`)
	if n := f.Answer([]Reply{{ID: first.id, Code: api.OK, Body: []byte(`{"code":"ok","late":1}`)}}); n != 0 {
		t.Errorf("%d late replies count as in time", n)
	}
	c.send("GET /receipt?gift=2 HTTP/1.1\r\n\r\n")
	second := <-asked
	if n := f.Answer([]Reply{{ID: first.id, Code: api.OK}, {ID: second.id, Code: api.SoldOut}, {ID: second.id, Code: api.OK}}); n != 1 {
		t.Errorf("%d of three replies were in time, want the one that was asked for", n)
	}
	c.wants(`409 {"code":"sold_out"`)
	c.send("GET /static/6 HTTP/1.1\r\n\r\n").wants(`200 {"code":"ok","part":6}`)
	if a, b := <-settled, <-settled; a != "1 101 busy true" || b != "2 102 sold_out false" {
		t.Errorf("settled %q, %q", a, b)
	}
}

// TestHalfClosedClientGetsItsAnswers: a client that has said all it wants still hears what it asked for, then the end.
func TestHalfClosedClientGetsItsAnswers(t *testing.T) {
	var f *Front
	asked := make(chan ask, 10)
	f, addr := open(t, Door{Serve: func(b *Batch) { putOff(&f, 3*time.Second, asked)(b) }})
	for range 50 {
		c := connect(t, addr).send("GET /gifts HTTP/1.1\r\n\r\n")
		if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		f.Answer([]Reply{{ID: (<-asked).id, Code: api.OK}})
		c.wants(`200 {"code":"ok"}`)
		c.ended()
	}
	pausetest.Until(t, "the connections to end", func() bool { return f.Conns() == 0 })
}

func TestMadeUpIDsAreIgnored(t *testing.T) {
	var f *Front
	asked := make(chan ask, 10)
	f, addr := open(t, Door{Serve: func(b *Batch) { putOff(&f, 3*time.Second, asked)(b) }, Limits: Limits{Conns: 4}})
	c := connect(t, addr).send("GET /gifts HTTP/1.1\r\n\r\n")
	a := <-asked
	for _, x := range []uint64{1, 1 << 16, 1 << 31, 1 << 32, 1 << 47, 1 << 48, 1 << 63} {
		f.Answer([]Reply{{ID: a.id ^ x, Code: api.NotEligible}, {ID: a.id, Code: 200}})
	}
	f.Answer([]Reply{{ID: a.id, Code: api.OK}})
	c.wants(`200 {"code":"ok"}`)
}

func TestHouseIsFull(t *testing.T) {
	f, addr := open(t, Door{Serve: func(*Batch) {}, Limits: Limits{Conns: 2}})
	a, b := connect(t, addr), connect(t, addr)
	a.send("GET /gifts HTTP/1.1\r\n\r\n").wants("200")
	b.send("GET /gifts HTTP/1.1\r\n\r\n").wants("200")
	c := connect(t, addr)
	c.wants(`503 {"code":"busy"`)
	c.ended()
	_ = a.Close()
	pausetest.Until(t, "a place", func() bool { return f.Conns() == 1 })
	connect(t, addr).send("GET /gifts HTTP/1.1\r\n\r\n").wants("200")
}

// TestBackPressure: a client that asks and does not listen is not read any more; when it listens, nothing is missing.
func TestBackPressure(t *testing.T) {
	var f *Front
	asked := make(chan ask, 100_000)
	f, addr := open(t, Door{Serve: func(b *Batch) { putOff(&f, 3*time.Second, asked)(b) }, Limits: Limits{InFlight: 100}})
	c := connect(t, addr)
	const n = 5000
	go func() { _, _ = io.WriteString(c, strings.Repeat("GET /gifts HTTP/1.1\r\n\r\n", n)) }()
	pausetest.Until(t, "the first hundred", func() bool { return len(asked) == 100 })
	go func() {
		for range n {
			f.Answer([]Reply{{ID: (<-asked).id, Code: api.OK}})
			if len(asked) > 100 {
				t.Errorf("%d requests in flight, at most 100 are allowed", len(asked))
			}
		}
	}()
	for range n {
		c.wants(`200 {"code":"ok"}`)
	}
}

// TestRest: after a silence a connection has given back what a burst needed, and still works.
func TestRest(t *testing.T) {
	f, addr := open(t, Door{Serve: func(*Batch) {}, Limits: Limits{SlowHead: 20 * time.Millisecond, Idle: time.Minute}})
	c := connect(t, addr)
	for range 2 {
		go func() { _, _ = io.WriteString(c, strings.Repeat("GET /gifts HTTP/1.1\r\n\r\n", 5000)) }()
		for range 5000 {
			c.wants("200")
		}
		pausetest.Until(t, "the buffers to be given back", func() bool {
			conn := f.conns[0].Load()
			conn.mu.Lock()
			defer conn.mu.Unlock()
			return conn.slots == nil && conn.buf == nil && conn.spare == nil
		})
	}
}
