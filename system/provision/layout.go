package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// layout is which node has which address. A node keeps its address when its container restarts, so configurations hold
// addresses and no name has to be looked up.
type layout struct {
	front map[string]netip.Addr            // what is on the users' network: the gateways, the name service, the promotion layer and the synthetic users
	inner map[string]netip.Addr            // every node, on the network where it lives
	also  map[string]map[string]netip.Addr // nodes that are on other networks too: node -> network -> address
}

const (
	roleGateway = "tgw"   // on the front network,
	roleNames   = "gslb"  // as this one,
	rolePromo   = "promo" // and this one, and no other
	roleStore   = "cmem"
	roleLedger  = "ledger"
	roleLog     = "log"
	roleCourier = "courier"
	roleIDIP    = "idip"
	roleKeeper  = "keeper"
	roleRecon   = "recon"
	roleReport  = "report"
	roleLinkd   = "linkd"
	roleControl = "control"
	roleOps     = "zhiyun"
	roleMonitor = "monitor"
	roleATT     = "att" // a user: on the front network too

	groupDelivery = "delivery" // of linkd's groups
	groupControl  = "control"
	linkAPIPort   = 8474 // Toxiproxy's API on a linkd
	firstHost     = 10   // the last byte of the first node's address; below are the network's own
	maxNodes      = 240
)

// place gives every node its address, in the topology's order: the same last byte on each network that it is on.
func place(t topology.Topology, front netip.Prefix, inner map[string]netip.Prefix) layout {
	l := layout{front: map[string]netip.Addr{}, inner: map[string]netip.Addr{}, also: map[string]map[string]netip.Addr{}}
	for i, n := range t.Nodes {
		l.inner[n.Name] = host(inner[networkOf(n)], firstHost+i)
		if atFront(n) {
			l.front[n.Name] = host(front, firstHost+i)
		}
		l.also[n.Name] = map[string]netip.Addr{}
		for _, network := range otherNetworks(t, n) {
			l.also[n.Name][network] = host(inner[network], firstHost+i)
		}
	}
	return l
}

// atFront says whether a node is on the users' network: users reach it there, or it is one.
func atFront(n topology.Node) bool {
	return n.Role == roleGateway || n.Role == roleNames || n.Role == rolePromo || n.Role == roleATT
}

// networkOf is the network where a node lives: its data centre's, or that of the nodes which serve all of them.
func networkOf(n topology.Node) string {
	if n.IDC == "" {
		return networkShared
	}
	return networkInner + "-" + n.IDC
}

// innerNetworks are the networks where nodes live, in order.
func innerNetworks(t topology.Topology) []string {
	var all []string
	for _, n := range t.Nodes {
		all = append(all, networkOf(n))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// otherNetworks are the networks that a node is on beside its own, in order: a linkd where its links begin and end, the name
// service where it asks for the gateways' health, and the operations platform and the monitor everywhere.
func otherNetworks(t topology.Topology, n topology.Node) []string {
	var all []string
	for _, link := range t.Links {
		from, _ := t.Node(link.From)
		to, _ := t.Node(link.To)
		if n.Role == roleLinkd && link.Group == n.Group {
			all = append(all, networkOf(from), networkOf(to))
		}
	}
	for _, other := range t.Nodes {
		if n.Role == roleNames && other.Role == roleGateway || (n.Role == roleOps || n.Role == roleMonitor) && other.Told() {
			all = append(all, networkOf(other))
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(network string) bool { return network == networkOf(n) })
}

func host(block netip.Prefix, last int) netip.Addr {
	b := block.Masked().Addr().As4()
	b[3] = byte(last)
	return netip.AddrFrom4(b)
}

// all are the addresses that a node has on any network.
func (l layout) all(node string) (addrs []netip.Addr) {
	if a, there := l.inner[node]; there {
		addrs = append(addrs, a)
	}
	if a, there := l.front[node]; there {
		addrs = append(addrs, a)
	}
	for _, a := range l.also[node] {
		addrs = append(addrs, a)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}

// at is a node's address on the inner network with a port.
func (l layout) at(node string, port int) string {
	return net.JoinHostPort(l.inner[node].String(), strconv.Itoa(port))
}

// seenFrom is a node's address on a network.
func (l layout) seenFrom(network string, node topology.Node) netip.Addr {
	if networkOf(node) == network {
		return l.inner[node.Name]
	}
	return l.also[node.Name][network]
}

// frontOf is where users reach a node.
func (l layout) frontOf(n topology.Node) string {
	return net.JoinHostPort(l.front[n.Name].String(), strconv.Itoa(n.Port))
}

// The blocks that networks are taken from: 10.77.0.0/24 … 10.77.255.0/24. Docker's own pool has room for about thirty
// networks on a machine, and gives no fixed addresses.
const (
	blocks      = 256
	networkBits = 24
)

func block(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(n), 0}), networkBits)
}

// pick chooses so many blocks that overlap nothing in use, looking from one on, so that runs which start at the same moment
// look in different places.
func pick(used []netip.Prefix, from, count int) ([]netip.Prefix, error) {
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
		if len(free) == count {
			return free, nil
		}
	}
	return nil, fmt.Errorf("no %d of the networks 10.77.N.0/24 are free; remove old ones with: rehearse clean", count)
}

// connectNetworks makes the run's networks: the front, and those where nodes live, by name. Another run may take a block
// between the look and the act; then the next ones are tried.
func (c *Cluster) connectNetworks(ctx context.Context) (front netip.Prefix, inner map[string]netip.Prefix, err error) {
	from, err := strconv.ParseUint(c.run, 16, 64)
	if err != nil {
		return front, inner, fmt.Errorf("run id %q: %w", c.run, err)
	}
	const tries = 8
	for range tries {
		inner, err = c.tryNetworks(ctx, append(innerNetworks(c.plan.Topology), networkFront), int(from%blocks))
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), "overlap") {
			front = inner[networkFront]
			delete(inner, networkFront)
			return front, inner, err
		}
		from += 16
	}
	return front, inner, err
}

func (c *Cluster) tryNetworks(ctx context.Context, names []string, from int) (map[string]netip.Prefix, error) {
	used, err := usedBlocks(ctx, c.engine)
	if err != nil {
		return nil, err
	}
	free, err := pick(used, from, len(names))
	if err != nil {
		return nil, err
	}
	plan, err := json.Marshal(c.plan.Topology)
	if err != nil {
		return nil, fmt.Errorf("write the topology down: %w", err)
	}
	made := map[string]netip.Prefix{}
	for i, name := range names {
		n := docker.Network{Name: c.name(name), Subnet: free[i], Labels: c.labels("")}
		if name == networkFront {
			n.Labels[labelTopology] = string(plan)
		}
		if err := c.engine.CreateNetwork(ctx, n); err != nil {
			_, again := removeRuns(ctx, c.engine, []string{c.run}, quietAtRest) // nothing but networks can be there yet
			return nil, errors.Join(err, again)
		}
		if err := reachable(n); err != nil {
			return nil, err
		}
		made[name] = free[i]
	}
	return made, nil
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
