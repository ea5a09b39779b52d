package provision

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// layout is which node has which address. A node keeps its address when its container restarts, so configurations hold
// addresses and no name has to be looked up.
type layout struct {
	front map[string]netip.Addr // the gateways only
	inner map[string]netip.Addr // every node
}

const (
	roleGateway = "tgw" // the only role on the front network
	roleStore   = "cmem"
	roleLedger  = "ledger"
	roleCourier = "courier"
	roleIDIP    = "idip"
	roleKeeper  = "keeper"
	roleRecon   = "recon"
	roleReport  = "report"
	roleLinkd   = "linkd"
	roleControl = "control"
	roleOps     = "zhiyun"

	groupDelivery = "delivery" // of linkd's groups
	groupControl  = "control"
	linkAPIPort   = 8474 // Toxiproxy's API on a linkd
	firstHost     = 10   // the last byte of the first node's address; below are the network's own
	maxNodes      = 240
)

// place gives every node its address, in the topology's order.
func place(t topology.Topology, front, inner netip.Prefix) layout {
	l := layout{front: map[string]netip.Addr{}, inner: map[string]netip.Addr{}}
	for i, n := range t.Nodes {
		l.inner[n.Name] = host(inner, firstHost+i)
		if n.Role == roleGateway {
			l.front[n.Name] = host(front, firstHost+i)
		}
	}
	return l
}

func host(block netip.Prefix, last int) netip.Addr {
	b := block.Masked().Addr().As4()
	b[3] = byte(last)
	return netip.AddrFrom4(b)
}

// at is a node's address on the inner network with a port.
func (l layout) at(node string, port int) string {
	return net.JoinHostPort(l.inner[node].String(), strconv.Itoa(port))
}

// frontOf is where users reach a gateway.
func (l layout) frontOf(t topology.Topology, gateway string) string {
	n, _ := t.Node(gateway)
	return net.JoinHostPort(l.front[gateway].String(), strconv.Itoa(n.Port))
}

// The blocks that networks are taken from: 10.77.0.0/24 … 10.77.255.0/24. Docker's own pool has room for about thirty
// networks on a machine, and gives no fixed addresses.
const blocks = 256

func block(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(n), 0}), 24)
}

// pick chooses two blocks that overlap nothing in use, looking from one on, so that runs which start at the same moment
// look in different places.
func pick(used []netip.Prefix, from int) (front, inner netip.Prefix, err error) {
	var free []netip.Prefix
	for i := range blocks {
		b := block((from + i) % blocks)
		taken := false
		for _, u := range used {
			taken = taken || u.IsValid() && u.Overlaps(b)
		}
		if !taken {
			free = append(free, b)
		}
		if len(free) == 2 {
			return free[0], free[1], nil
		}
	}
	return front, inner, errors.New("no two of the networks 10.77.N.0/24 are free; remove old ones with: rehearse clean")
}

// connectNetworks makes the run's two networks. Another run may take a block between the look and the act; then the
// next ones are tried.
func (c *Cluster) connectNetworks(ctx context.Context) (front, inner netip.Prefix, err error) {
	from, err := strconv.ParseUint(c.run, 16, 64)
	if err != nil {
		return front, inner, fmt.Errorf("run id %q: %w", c.run, err)
	}
	const tries = 8
	for range tries {
		front, inner, err = c.tryNetworks(ctx, int(from%blocks))
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), "overlap") {
			return front, inner, err
		}
		from += 16
	}
	return front, inner, err
}

func (c *Cluster) tryNetworks(ctx context.Context, from int) (front, inner netip.Prefix, err error) {
	used, err := usedBlocks(ctx, c.engine)
	if err != nil {
		return front, inner, err
	}
	if front, inner, err = pick(used, from); err != nil {
		return front, inner, err
	}
	for name, subnet := range map[string]netip.Prefix{networkFront: front, networkInner: inner} {
		n := docker.Network{Name: c.name(name), Subnet: subnet, Labels: c.labels("")}
		if err := c.engine.CreateNetwork(ctx, n); err != nil {
			_, again := removeRuns(ctx, c.engine, []string{c.run}, quietAtRest) // nothing but the first network can be there yet
			return front, inner, errors.Join(err, again)
		}
		if err := reachable(n); err != nil {
			return front, inner, err
		}
	}
	return front, inner, nil
}

// usedBlocks are the blocks of the engine's networks and of this machine's own.
func usedBlocks(ctx context.Context, engine *docker.Engine) ([]netip.Prefix, error) {
	used, err := engine.Subnets(ctx)
	if err != nil {
		return nil, err
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list this machine's addresses: %w", err)
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			used = append(used, p.Masked())
		}
	}
	return used, nil
}

// reachable says whether this machine is on a network that was just made. It is not where the engine runs in a virtual
// machine (Docker Desktop), elsewhere, or where the harness itself is in a container.
func reachable(n docker.Network) error {
	own, err := net.InterfaceAddrs()
	if err != nil {
		return fmt.Errorf("list this machine's addresses: %w", err)
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == n.Gateway() {
			return nil
		}
	}
	return fmt.Errorf("containers cannot be reached from here by their addresses (%s is not on this machine): "+
		"run the harness on Linux beside its Docker Engine; in a container, with --network host", n.Gateway())
}
