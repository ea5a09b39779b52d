package report

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"redpacket/system/report"
)

func said(node string, life int64, number, total uint64) report.Datagram {
	return report.Datagram{Node: node, Life: life, Number: number, Totals: map[string]uint64{"tgw.claim.ok": total}}
}

// Sums survive losses, datagrams that overtake each other, and a process that begins anew.
func TestSums(t *testing.T) {
	s := newSums()
	for i, step := range []struct {
		d         report.Datagram
		sum, lost uint64
	}{
		{said("tgw", 100, 4, 10), 10, 0}, // the collector is younger than the process: what was before is not its loss
		{said("tgw", 100, 5, 15), 15, 0},
		{said("tgw", 100, 9, 40), 40, 3},
		{said("tgw", 100, 7, 30), 40, 3},    // late
		{said("tgw-b", 50, 1, 100), 140, 3}, // another process
		{said("tgw", 200, 1, 6), 146, 3},    // anew
		{said("tgw", 100, 10, 50), 146, 3},  // from the grave
		{said("tgw", 200, 2, 4), 146, 3},    // it counts down: not believed
		{said("tgw", 200, 3, 9), 149, 3},
	} {
		s.take(step.d)
		if s.sum["tgw.claim.ok"] != step.sum || s.lost != step.lost {
			t.Errorf("after datagram %d: sum %d, %d lost; want %d, %d", i+1, s.sum["tgw.claim.ok"], s.lost, step.sum, step.lost)
		}
	}
	if s.counts[taken] != 7 || s.counts[late] != 2 || s.nodes() != 2 {
		t.Errorf("counted %v of %g processes", s.counts, s.nodes())
	}
}

func TestStrangersCannotFillTheCollector(t *testing.T) {
	s := newSums()
	for i := range 3 * maxNodes {
		s.take(said(fmt.Sprintf("node-%d", i), 1, 1, 1))
	}
	if len(s.senders) != maxNodes || s.counts[refused] != 2*maxNodes {
		t.Errorf("%d processes, %d refused", len(s.senders), s.counts[refused])
	}
	for i := range 3 * maxSeries {
		s.take(report.Datagram{Node: "node-1", Life: 1, Number: uint64(i + 2), Totals: map[string]uint64{fmt.Sprintf("series-%d", i): 1}})
	}
	if len(s.sum) > maxSeries {
		t.Errorf("%d series", len(s.sum))
	}
}

// From a reporter's tick to the collector's metric, over a real socket; what is no datagram is counted.
func TestReportsArrive(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, done := newSums(), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	go func() { done <- hear(ctx, conn, s) }()
	stranger, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"hello", string(make([]byte, 2*report.MaxSize))} {
		if _, err := stranger.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	ticks := make(chan time.Time)
	go report.New("tgw", []string{conn.LocalAddr().String()}, func(add func(string, uint64)) { add("tgw.claim.ok", 7) }).Run(ctx, ticks)
	m := metrics(s)
	const reported, malformed = `redpacket_reported_total{series="tgw.claim.ok"}`, `redpacket_reports_total{outcome="malformed"}`
	read := func(name string) float64 { return m.Values()[name] }
	for deadline := time.Now().Add(10 * time.Second); read(reported) != 7 || read(malformed) != 2; {
		select {
		case ticks <- time.Time{}:
		case <-time.After(time.Until(deadline)):
			t.Fatalf("reported %g, malformed %g", read(reported), read(malformed))
		}
	}
	if read("redpacket_reporting_nodes") != 1 {
		t.Error("not one process has reported")
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
