package provision

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"redpacket/system/topology"
	"redpacket/system/wire/wiretest"
)

func TestCoreCount(t *testing.T) {
	for set, want := range map[string]int{"0": 1, "1": 1, "0-2": 3, "0,2": 2, "0,2-3": 3, "5-5": 1} {
		if got, err := coreCount(set); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", set, got, err, want)
		}
	}
	for _, set := range []string{"x", "1-", "-1", "2-1", "0,,1", "0 1", "99999999"} {
		if got, err := coreCount(set); err == nil {
			t.Errorf("%q: %d cores; want an error", set, got)
		}
	}
	if got, err := coreCount(""); err != nil || got < 1 {
		t.Errorf("all cores: %d, %v", got, err)
	}
}

func TestFatalLines(t *testing.T) {
	for line, want := range map[string]string{
		"panic: runtime error: index out of range":                   "panicked",
		"fatal error: all goroutines are asleep":                     "panicked",
		"2026/11/21 10:00:00 http: panic serving 10.77.0.1:99: boom": "panicked",
		"goroutine 34 [running]:":                                    "left the stack of a panic",
		"goroutine 7 [chan receive, 2 minutes]:":                     "left the stack of a panic",
		"goroutine count is [12]":                                    "",
		"redpacket: keeper keeper: no log":                           "ended with an error",
		"2026-11-21 10:00:00.000 UTC [1] PANIC:  could not write":    "crashed",
		"=== REDIS BUG REPORT START: Cut & paste starting from here": "crashed",
		`{"level":"error","message":"Unable to open connection"}`:    "",
		"user said: panic: no":                                       "",
		"1:M 21 Nov 2026 10:00:00.000 * Ready to accept connections": "",
	} {
		if got := fatal(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestAPanicAndItsStackAreOneDeath(t *testing.T) {
	if !traced([]Death{{Why: panicked}}, leftStack) || traced(nil, leftStack) || traced([]Death{{Why: panicked}}, panicked) ||
		traced([]Death{{Why: leftStack}}, leftStack) {
		t.Error("a stack belongs to the panic right before it, and to nothing else")
	}
}

func TestLastWordsBeginWhereTheEndDoes(t *testing.T) {
	said := append([]string{"hello", "panic: boom", "goroutine 1 [running]:", "main.main()"}, "more", "exit status 2")
	if got := quote(said); !strings.HasPrefix(got, "; it last said: panic: boom | ") || strings.Contains(got, "exit status") {
		t.Errorf("quoted %q", got)
	}
	if got := quote([]string{"a", "b", "c", "d"}); got != "; it last said: b | c | d" {
		t.Errorf("quoted %q", got)
	}
	if got := quote(nil); got != "; it said nothing" {
		t.Errorf("quoted %q", got)
	}
}

const metricsPage = `# HELP redpacket_requests_total Answers.
# TYPE redpacket_requests_total counter
redpacket_requests_total{op="claim",code="ok"} 12
redpacket_requests_total{code="busy",op="claim"} 3
# TYPE redpacket_shard_open gauge
redpacket_shard_open 1
# TYPE redpacket_queue_wait_seconds histogram
redpacket_queue_wait_seconds_bucket{le="0.01"} 5
redpacket_queue_wait_seconds_bucket{le="+Inf"} 6
redpacket_queue_wait_seconds_sum 0.5
redpacket_queue_wait_seconds_count 6
# TYPE redpacket_gc_seconds summary
redpacket_gc_seconds{quantile="0.5"} 0.25
redpacket_gc_seconds_sum 2
redpacket_gc_seconds_count 4
`

func TestMetricsAreFlat(t *testing.T) {
	got, err := parseMetrics([]byte(metricsPage))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		`redpacket_requests_total{code="ok",op="claim"}`: 12, `redpacket_requests_total{code="busy",op="claim"}`: 3,
		`redpacket_shard_open`:                           1,
		`redpacket_queue_wait_seconds_bucket{le="0.01"}`: 5,
		`redpacket_queue_wait_seconds_bucket{le="+Inf"}`: 6,
		`redpacket_queue_wait_seconds_sum`:               0.5,
		`redpacket_queue_wait_seconds_count`:             6,
		`redpacket_gc_seconds{quantile="0.5"}`:           0.25,
		`redpacket_gc_seconds_sum`:                       2,
		`redpacket_gc_seconds_count`:                     4,
	}
	for name, value := range want {
		if v, ok := got[name]; !ok || v != value {
			t.Errorf("%s is %v (%v), want %v", name, v, ok, value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d values, want %d: %v", len(got), len(want), got)
	}
	if _, err := parseMetrics([]byte("{{{ no metrics")); err == nil {
		t.Error("a page that is no metrics was read")
	}
}

// server answers the first bytes of every connection with an answer.
func server(t *testing.T, answer string) string {
	t.Helper()
	return wiretest.Serve(t, func(c net.Conn) {
		for heard := make([]byte, 64); ; {
			if _, err := c.Read(heard); err != nil {
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	})
}

func TestStoresAndLedgerAreAskedInTheirOwnWay(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	cases := []struct {
		name, answer string
		ask          func(context.Context, string) error
		healthy      bool
	}{
		{"redis", "+PONG\r\n", pingRedis, true},
		{"redis that loads", "-LOADING Redis is loading", pingRedis, false},
		{"postgres", "R\x00\x00\x00\x08\x00\x00\x00\x00", greetPostgres, true},
		{"postgres that starts up", "E\x00\x00\x00\x10SFATAL\x00C57P03\x00\x00", greetPostgres, false},
	}
	for _, c := range cases {
		addr := server(t, c.answer)
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		if err := c.ask(short, addr); (err == nil) != c.healthy {
			t.Errorf("%s: %v; want healthy %v", c.name, err, c.healthy)
		}
		cancel()
	}
	if median, err := medianPing(ctx, server(t, "+PONG\r\n")); err != nil || median <= 0 {
		t.Errorf("median ping %s, %v", median, err)
	}
}

func TestEachNodesErrorNamesIt(t *testing.T) {
	c := &Cluster{plan: Plan{Topology: topology.OneIDC()}}
	boom := errors.New("boom")
	err := c.eachNode(t.Context(), func(_ context.Context, node string) error {
		if strings.HasPrefix(node, "cmem") {
			return boom
		}
		return nil
	})
	if want := "node cmem-1: boom\nnode cmem-2: boom"; !errors.Is(err, boom) || err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
	if _, err := c.id("nobody"); err == nil || !strings.Contains(err.Error(), "keeper") {
		t.Errorf("an unknown node: %v; want the nodes there are", err)
	}
	if err := c.Kill(t.Context(), "nobody"); err == nil {
		t.Error("an unknown node was killed")
	}
}
