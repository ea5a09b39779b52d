// Package report tells a collector what a process has counted, in one UDP datagram a tick. It may all be lost: nothing
// waits for it, no request sees it, and no playbook's trigger depends on it.
package report

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"redpacket/system/admin"
)

// Every is the time between two datagrams of a process.
const Every = time.Second

// sendWithin bounds one send: where the socket's buffer is full, the datagram is given up.
const sendWithin = 20 * time.Millisecond

// Reporter sends a process' running totals. A total that is lost with its datagram comes again in the next one.
type Reporter struct {
	node string
	addr string
	read func(add func(series string, total uint64))
	hold func() bool // nil: never

	sent     atomic.Int64 // datagrams
	failed   atomic.Int64 // datagrams that the system refused to send
	withheld atomic.Int64 // datagrams that were not sent because hold said so
	dropped  atomic.Int64 // series that found no room in a datagram
}

// New is a reporter to the first of the collectors' addresses, each an IP address and a port; to nobody when there are
// none. read calls add with every series there is and its total since the process began; it runs once a tick.
func New(node string, addrs []string, read func(add func(series string, total uint64))) *Reporter {
	r := &Reporter{node: node, read: read}
	if len(addrs) > 0 {
		r.addr = addrs[0]
	}
	return r
}

// Withhold has nothing sent while hold says so; it is asked once a tick. It is called before Run or Start.
func (r *Reporter) Withhold(hold func() bool) { r.hold = hold }

// Run sends a datagram each time that ticks fires, until ctx ends. The address is parsed once and never looked up; one
// that is none is said once, and then nothing is sent.
func (r *Reporter) Run(ctx context.Context, ticks <-chan time.Time) {
	if r.addr == "" {
		return
	}
	to, err := netip.ParseAddrPort(r.addr)
	if err != nil {
		fmt.Printf("%s: reports are not sent: %v\n", r.node, err)
		return
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		fmt.Printf("%s: reports are not sent: %v\n", r.node, err)
		return
	}
	defer conn.Close()
	d := Datagram{Node: r.node, Life: time.Now().UnixNano()}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if r.hold != nil && r.hold() {
			r.withheld.Add(1)
			continue
		}
		d.Number++
		d.Totals = map[string]uint64{}
		r.read(func(series string, total uint64) { d.Totals[series] = total })
		r.send(conn, d)
	}
}

// Start runs the reporter in the background, once a tick of Every, until ctx ends.
func (r *Reporter) Start(ctx context.Context) {
	if r.addr == "" {
		return
	}
	go func() {
		ticker := time.NewTicker(Every)
		defer ticker.Stop()
		r.Run(ctx, ticker.C)
	}()
}

func (r *Reporter) send(conn net.Conn, d Datagram) {
	text, left := d.Encode()
	r.dropped.Add(int64(left))
	err := conn.SetWriteDeadline(time.Now().Add(sendWithin))
	if err == nil {
		_, err = conn.Write(text)
	}
	if err != nil {
		r.failed.Add(1) // also when the collector's machine has said that nobody listens there
		return
	}
	r.sent.Add(1)
}

// Publish adds the reporter's own counts to a process' metrics.
func (r *Reporter) Publish(m admin.Registry) {
	for name, c := range map[string]struct {
		help  string
		count *atomic.Int64
	}{
		"redpacket_reports_sent_total":           {"Datagrams sent to the collector; whether they arrive nobody knows.", &r.sent},
		"redpacket_reports_failed_total":         {"Datagrams that could not be sent.", &r.failed},
		"redpacket_reports_withheld_total":       {"Datagrams not sent because the switches say so.", &r.withheld},
		"redpacket_reports_series_dropped_total": {"Series that found no room in a datagram.", &r.dropped},
	} {
		m.Counter(name, c.help, nil, func() float64 { return float64(c.count.Load()) })
	}
}
