package report

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is encoded is decoded, within the size, and what found no room is counted.
func TestDatagramsKeepTheirTotals(t *testing.T) {
	name := rapid.StringMatching(`[a-z0-9._-]{1,64}`)
	rapid.Check(t, func(t *rapid.T) {
		d := Datagram{Node: name.Draw(t, "node"), Life: rapid.Int64Range(1, 1<<62).Draw(t, "life"), Number: rapid.Uint64Min(1).Draw(t, "number"),
			Totals: rapid.MapOf(name, rapid.Uint64()).Draw(t, "totals")}
		text, left := d.Encode()
		got, err := Decode(text)
		if err != nil || len(text) > MaxSize {
			t.Fatalf("%d bytes: %v: %s", len(text), err, text)
		}
		some := 0
		for series, total := range d.Totals {
			if total > 0 {
				some++
			}
			if sent, ok := got.Totals[series]; ok && (sent != total || total == 0) {
				t.Fatalf("%s is %d, was %d", series, sent, total)
			}
		}
		if got.Node != d.Node || got.Life != d.Life || got.Number != d.Number || len(got.Totals)+left != some {
			t.Fatalf("%d series of %d, %d left out: %s", len(got.Totals), some, left, text)
		}
	})
}

func TestNothingElseIsADatagram(t *testing.T) {
	good := `{"node":"tgw","life":1,"n":1,"totals":{"a":1}}`
	if _, err := Decode([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "{}", good + good, good + "x", strings.Replace(good, "tgw", "T G W", 1), strings.Replace(good, `"a"`, `"a\"b"`, 1),
		strings.Replace(good, `:1}`, `:-1}`, 1), strings.Replace(good, `"n":1`, `"n":0`, 1), strings.Replace(good, "life", "live", 1),
		`{"node":"` + strings.Repeat("n", 65) + `","life":1,"n":1}`, strings.Repeat(" ", MaxSize) + good} {
		if d, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%q is taken for %+v", bad, d)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"node":"tgw","life":1,"n":1,"totals":{"a":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Decode(text)
		if err != nil {
			return
		}
		again, left := d.Encode()
		e, err := Decode(again)
		if err != nil || left != 0 && len(d.Totals) < 20 {
			t.Fatalf("%s, encoded again %s: %d left, %v", text, again, left, err)
		}
		maps.DeleteFunc(d.Totals, func(series string, total uint64) bool { return total == 0 })
		if left == 0 && !maps.Equal(d.Totals, e.Totals) {
			t.Fatalf("%s, encoded again %s", text, again)
		}
	})
}

// A datagram a tick, each with the totals of its moment.
func TestAReporterSendsItsTotals(t *testing.T) {
	to, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	total := uint64(0)
	r := New("tgw", []string{to.LocalAddr().String()}, func(add func(string, uint64)) { total += 5; add("tgw.claim.ok", total) })
	ticks, done := make(chan time.Time), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	go func() { r.Run(ctx, ticks); close(done) }()
	buf := make([]byte, 2*MaxSize)
	for n := uint64(1); n <= 3; n++ {
		ticks <- time.Time{}
		_ = to.SetReadDeadline(time.Now().Add(10 * time.Second))
		size, _, err := to.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := Decode(buf[:size]); err != nil || d.Number != n || d.Node != "tgw" || d.Totals["tgw.claim.ok"] != 5*n {
			t.Errorf("datagram %d is %s: %v", n, buf[:size], err)
		}
	}
	stop()
	<-done
	if r.sent.Load() != 3 || r.failed.Load()+r.dropped.Load() != 0 {
		t.Errorf("counted %d sent, %d failed, %d dropped", r.sent.Load(), r.failed.Load(), r.dropped.Load())
	}
}

// While reports are withheld nothing leaves, each is counted, and the collector misses none by their numbers.
func TestReportsAreWithheld(t *testing.T) {
	to, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	var hold atomic.Bool
	r := New("tgw", []string{to.LocalAddr().String()}, func(add func(string, uint64)) { add("tgw.claim.ok", 1) })
	r.Withhold(hold.Load)
	ticks, done := make(chan time.Time), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	go func() { r.Run(ctx, ticks); close(done) }()
	ticks <- time.Time{}
	buf := make([]byte, MaxSize)
	hear := func(number uint64) {
		t.Helper()
		_ = to.SetReadDeadline(time.Now().Add(10 * time.Second))
		size, _, err := to.ReadFrom(buf)
		if d, bad := Decode(buf[:size]); err != nil || bad != nil || d.Number != number {
			t.Errorf("heard %s (%v, %v), want datagram %d", buf[:size], err, bad, number)
		}
	}
	hear(1)
	hold.Store(true)
	for range 3 {
		ticks <- time.Time{}
	}
	ticks <- time.Time{} // taken when the third is done
	hold.Store(false)
	ticks <- time.Time{}
	hear(2)
	stop()
	<-done
	if sent, withheld := r.sent.Load(), r.withheld.Load(); sent < 2 || withheld < 3 || sent+withheld != 6 {
		t.Errorf("%d sent, %d withheld", sent, withheld)
	}
}

// A collector that is not there costs a count, and never a wait; what has no room is counted too.
func TestADeadCollectorIsCountedAndForgotten(t *testing.T) {
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := gone.LocalAddr().String()
	_ = gone.Close()
	r := New("tgw", []string{addr}, func(add func(string, uint64)) {
		for i := range 100 {
			add(fmt.Sprintf("a-series-with-a-long-name.%d", i), 1<<60)
		}
	})
	ticks, done := make(chan time.Time), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	go func() { r.Run(ctx, ticks); close(done) }()
	for r.failed.Load() == 0 {
		select {
		case ticks <- time.Time{}:
		case <-time.After(10 * time.Second):
			t.Fatal("a tick was not taken: the reporter waits for somebody")
		}
	}
	stop()
	<-done
	if r.dropped.Load() == 0 {
		t.Error("a hundred series do not fit, and none is counted")
	}
	for name, addrs := range map[string][]string{"nobody": nil, "a name": {"report:7300"}, "nonsense": {"x"}} {
		New("tgw", addrs, nil).Run(t.Context(), nil) // returns, and looks nothing up
		_ = name
	}
}
