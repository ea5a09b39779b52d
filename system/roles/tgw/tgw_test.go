package tgw

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/l5"
	"redpacket/system/login"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
	"redpacket/system/wire/wiretest"
)

const key = "000102030405060708090a0b0c0d0e0f"

// rig is a gateway with an ams of each pool, inside the test's process.
type rig struct {
	*gateway
	t     testing.TB
	front string
	ams   map[string]*ams
}

// ams answers calls as it is told to.
type ams struct {
	addr  string
	serve atomic.Pointer[func([]wire.Call, *wire.Caller)]
	calls atomic.Int64
	stop  context.CancelFunc
	done  chan error
}

func (a *ams) answer(serve func([]wire.Call, *wire.Caller)) { a.serve.Store(&serve) }

func (a *ams) kill() {
	a.stop()
	<-a.done
}

// with answers every call with a code, and a body that names the op, the gift and the user.
func with(code api.Code) func([]wire.Call, *wire.Caller) {
	return func(batch []wire.Call, from *wire.Caller) {
		replies := make([]wire.Reply, 0, len(batch))
		for _, c := range batch {
			body := fmt.Appendf(nil, `{"code":"%s","op":"%s","gift":%d,"server":%d,"user":%d}`, code, c.Op, c.Gift, c.Server, c.User)
			replies = append(replies, wire.Reply{ID: c.ID, Code: code, Queued: 100, Body: body})
		}
		from.Reply(replies)
	}
}

func silent([]wire.Call, *wire.Caller) {}

func startAMS(t testing.TB, addr string) *ams {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &ams{addr: l.Addr().String(), stop: stop, done: make(chan error, 1)}
	a.answer(with(api.OK))
	go func() {
		a.done <- wire.ServeCalls(ctx, l, func(batch []wire.Call, from *wire.Caller) {
			a.calls.Add(int64(len(batch)))
			(*a.serve.Load())(batch, from)
		})
	}()
	t.Cleanup(stop)
	return a
}

// start brings up a gateway; names are its ams, and rules may be changed before.
func start(t testing.TB, change func(*config.Rules), names ...string) *rig {
	t.Helper()
	return startBy(t, l5.Drill(), change, names...)
}

// startBy is start with rules of l5's that are in no set.
func startBy(t testing.TB, rules l5.Rules, change func(*config.Rules), names ...string) *rig {
	t.Helper()
	return startIn(t, place{by: rules}, change, names...)
}

// place is where a gateway stands: what it judges instances by, and which data centre's it is.
type place struct {
	by   l5.Rules
	part activity.Part
}

// platform is the festival with a neighbour, and pressure traffic let in.
func platform() activity.Activity {
	a := activity.Festival(1, 0.001)
	a.Beside, a.Shadow = []activity.Activity{activity.Neighbour(1, 0.001)}, true
	return a
}

// startIn is start in a place.
func startIn(t testing.TB, at place, change func(*config.Rules), names ...string) *rig {
	t.Helper()
	r := &rig{t: t, ams: map[string]*ams{}}
	cfg := config.Config{Node: "tgw", Key: key, Rules: config.Default(), Activity: platform(), Peers: map[string]string{"cmem-1": "127.0.0.1:1"}}
	for _, name := range names {
		r.ams[name] = startAMS(t, "127.0.0.1:0")
		cfg.Peers[name] = r.ams[name].addr
	}
	// A test machine stands still at times; where that is not the question, it must not shed.
	cfg.Rules.QueueTarget = config.Duration(time.Minute)
	cfg.Rules.ReadWithin, cfg.Rules.ClaimWithin = config.Duration(4*time.Second), config.Duration(4*time.Second)
	if change != nil {
		change(&cfg.Rules)
	}
	cfg.Admin, cfg.Part = "127.0.0.1:0", at.part
	g, err := newGateway(cfg)
	if err != nil {
		t.Fatal(err)
	}
	g.l5 = at.by
	l := wiretest.Listen(t)
	r.gateway, r.front = g, l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.run(ctx, cfg, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the gateway ended with %v", err)
		}
	})
	pausetest.Until(t, "a healthy gateway with all its links", func() bool {
		if g.healthy() != nil {
			return false // before it is, the pools are not there to be looked at
		}
		up := 0
		for i := range g.pools {
			up += g.pools[i].up()
		}
		return up == len(names)
	})
	return r
}

func both() []string { return []string{"ams-light-1", "ams-heavy-1"} }

// metric reads one metric; labels are their values in the order of the labels' names.
func (r *rig) metric(name string, labels ...string) float64 {
	r.t.Helper()
	for series, value := range r.metrics().Values(name) {
		var has []string
		for _, label := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(series, -1) {
			has = append(has, label[1])
		}
		if slices.Equal(has, labels) {
			return value
		}
	}
	r.t.Fatalf("no metric %s %v", name, labels)
	return 0
}

// client is a user's connection.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func (r *rig) connect() *client {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.front)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	return &client{conn, r.t, bufio.NewReader(conn)}
}

func token(t testing.TB, user api.User) string {
	t.Helper()
	s, err := login.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(s.Mint(nil, user, uint32(time.Now().Unix()+3600)))
}

// as sends a request of a user; user 0 sends no token.
func (c *client) as(user api.User, line string) *client {
	c.t.Helper()
	text := line + " HTTP/1.1\r\n"
	if user != 0 {
		text += "Authorization: Bearer " + token(c.t, user) + "\r\n"
	}
	if _, err := io.WriteString(c, text+"\r\n"); err != nil {
		c.t.Fatal(err)
	}
	return c
}

// status reads an answer, and passes over all but its status.
func (c *client) status() int {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// wants reads an answer and compares its status, its Retry-After and the start of its body.
func (c *client) wants(status int, after, body string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatalf("want %d %s, got %v", status, body, err)
	}
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != status || resp.Header.Get("Retry-After") != after || !strings.HasPrefix(string(text), body) {
		c.t.Errorf("got %d, Retry-After %q, %s\nwant %d, %q, %s …", resp.StatusCode, resp.Header.Get("Retry-After"), text, status, after, body)
	}
}
