package inside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/nftables"

	"redpacket/system/pause"
)

// Drop is packets that are lost on their way into or out of the node's network. What stays inside the node is not touched.
type Drop struct {
	Match []Match `json:"match"` // a packet that fits one of them
	In    bool    `json:"in"`    // those that come
	Out   bool    `json:"out"`   // those that leave
	Share float64 `json:"share"` // of them, by chance; 1: all
}

// Match is which packets; the zero value is all of them. Ports need a Proto.
type Match struct {
	Proto      string       `json:"proto,omitempty"` // tcp or udp; empty: any
	Remote     netip.Prefix `json:"remote,omitzero"` // the other end; not valid: any
	RemotePort uint16       `json:"remote_port,omitempty"`
	LocalPort  uint16       `json:"local_port,omitempty"`
}

// The bounds of the proof that packets are dropped.
const (
	seenWithin = 3 * time.Second
	probeEvery = 20 * time.Millisecond
	enough     = 40 // packets after which a share that is lost by chance can be told from none and from all
)

// count is what a rule has counted.
type count struct{ fits, dropped uint64 }

// do sets the rules, and sees by their own counters that they drop.
func (d *Drop) do(ctx context.Context, name string) (string, error) {
	if err := d.check(); err != nil {
		return "", err
	}
	conn, err := nftables.New()
	if err != nil {
		return "", fmt.Errorf("speak to nftables: %w; the helper needs NET_ADMIN", err)
	}
	t := table(name)
	if _, err := d.undo(name); err != nil { // what a helper that was killed left of the same order
		return "", err
	}
	if err := d.set(conn, t); err != nil {
		return "", fmt.Errorf("set the rules of table %s: %w", t.Name, err)
	}
	return d.see(ctx, conn, t)
}

func (d *Drop) check() error {
	if len(d.Match) == 0 || !d.In && !d.Out || !(d.Share > 0 && d.Share <= 1) {
		return fmt.Errorf("drop %g of %d kinds of packets, in %t, out %t; want some of each", d.Share, len(d.Match), d.In, d.Out)
	}
	for _, m := range d.Match {
		if m.Proto != "" && m.Proto != "tcp" && m.Proto != "udp" || m.Proto == "" && m.RemotePort+m.LocalPort > 0 {
			return fmt.Errorf("drop packets of protocol %q with ports %d and %d; want tcp or udp", m.Proto, m.RemotePort, m.LocalPort)
		}
	}
	return nil
}

// see waits until the counters tell, and sends packets that the rules fit where it knows whereto.
func (d *Drop) see(ctx context.Context, conn *nftables.Conn, t *nftables.Table) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, seenWithin)
	defer cancel()
	var sum count
	for {
		d.probe(ctx)
		var err error
		if sum, err = d.counts(conn, t); err != nil {
			return "", err
		}
		if d.shown(sum) {
			return fmt.Sprintf("%d of %d packets dropped", sum.dropped, sum.fits), nil
		}
		if !pause.For(ctx, probeEvery) {
			return "", fmt.Errorf("the rules of table %s dropped %d of %d packets in %s: nothing uses what they hurt", t.Name, sum.dropped, sum.fits, seenWithin)
		}
	}
}

// shown says whether so many packets tell that the share is lost.
func (d *Drop) shown(c count) bool {
	if d.Share == 1 {
		return c.dropped > 0
	}
	lost := float64(c.dropped) / float64(max(1, c.fits))
	return c.fits >= enough && c.dropped > 0 && lost > d.Share/3 && lost < (1+2*d.Share)/3
}

// probe sends one packet or a few to each other end that is one address: a datagram, or the opening of a connection. Both
// ends drop it again; a port that nobody listens on answers too.
func (d *Drop) probe(ctx context.Context) {
	for _, m := range d.Match {
		if !m.Remote.IsValid() || !m.Remote.IsSingleIP() {
			continue
		}
		port := m.RemotePort
		if port == 0 {
			port = 9 // discard
		}
		network := m.Proto
		if network == "" {
			network = "tcp"
		}
		dialer := net.Dialer{Timeout: probeEvery}
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(m.Remote.Addr().String(), strconv.Itoa(int(port))))
		if err != nil {
			continue
		}
		if network == "udp" {
			_, _ = conn.Write([]byte("?"))
		}
		_ = conn.Close()
	}
}

// keep has nothing to do: the kernel keeps the rules.
func (d *Drop) keep(ctx context.Context, _ string) { <-ctx.Done() }

// undo removes our table, and nothing else; it tells what the rules counted.
func (d *Drop) undo(name string) (string, error) {
	conn, err := nftables.New()
	if err != nil {
		return "", fmt.Errorf("speak to nftables: %w; the helper needs NET_ADMIN", err)
	}
	t := table(name)
	if there, err := has(conn, t); err != nil || !there {
		return "no table " + t.Name, err
	}
	sum, _ := d.counts(conn, t)
	conn.DelTable(t)
	if err := conn.Flush(); err != nil {
		return "", fmt.Errorf("remove table %s: %w", t.Name, err)
	}
	if there, err := has(conn, t); err != nil || there {
		return "", errors.Join(err, fmt.Errorf("table %s is still there", t.Name))
	}
	return fmt.Sprintf("%d of %d packets were dropped", sum.dropped, sum.fits), nil
}
