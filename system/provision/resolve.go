package provision

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"redpacket/system/config"
	"redpacket/system/inside"
	"redpacket/system/spoil"
	"redpacket/system/topology"
)

// resolve is a spoil with addresses in the place of names.
func (c *Cluster) resolve(s spoil.Spoil) (inside.Order, error) {
	o := inside.Order{Name: s.Name(), For: config.Duration(spoilFor)}
	switch {
	case s.Full:
		if n, _ := c.plan.Topology.Node(s.Node); n.DiskMiB == 0 {
			return o, errors.New("its volume has no size of its own, and the machine's disk is not filled; give it one in the topology (WithDisk)")
		}
		o.Fill = &inside.Fill{Dir: spoiltPath}
	case s.Queue != nil:
		o.Shape = &inside.Shape{Rate: s.Queue.Rate, Delay: config.Duration(s.Queue.Delay), Jitter: config.Duration(s.Queue.Jitter)}
	default:
		match, err := c.matches(s.Node, s.Drop)
		if err != nil {
			return o, err
		}
		o.Drop = &inside.Drop{Match: match, In: s.Drop.In, Out: s.Drop.Out, Share: s.Drop.Share}
	}
	return o, nil
}

// matches are a node's packets by address and port.
func (c *Cluster) matches(name string, p *spoil.Packets) (all []inside.Match, err error) {
	node, _ := c.plan.Topology.Node(name)
	for _, l := range p.Links {
		m, err := c.onLink(node, l)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	for _, peer := range p.Peers {
		addrs := c.layout.all(peer)
		if len(addrs) == 0 {
			return nil, fmt.Errorf("topology %s has no node %q", c.plan.Topology.Name, peer)
		}
		for _, a := range addrs {
			all = append(all, inside.Match{Remote: netip.PrefixFrom(a, a.BitLen())})
		}
	}
	if p.Front {
		front, there := c.layout.front[name]
		if !there {
			return nil, fmt.Errorf("node %s is not on the users' network", name)
		}
		block, _ := front.Prefix(networkBits)
		all = append(all, inside.Match{Remote: block})
	}
	if len(all) == 0 {
		all = []inside.Match{{}}
	}
	return all, nil
}

// onLink is the packets of one link, as the node sees them that begins it, or the linkd that carries it.
func (c *Cluster) onLink(node topology.Node, name string) (inside.Match, error) {
	i := slices.IndexFunc(c.plan.Topology.Links, func(l topology.Link) bool { return l.Name == name })
	if i < 0 {
		return inside.Match{}, fmt.Errorf("topology %s has no link %q", c.plan.Topology.Name, name)
	}
	l := c.plan.Topology.Links[i]
	carrier, _ := c.plan.Topology.Linkd(l.Group) // Check saw that there is one
	to, _ := c.plan.Topology.Node(l.To)
	proto := "tcp"
	if to.Datagrams {
		proto = "udp"
	}
	switch node.Name {
	case carrier.Name:
		return inside.Match{Proto: proto, LocalPort: uint16(l.Port)}, nil
	case l.From:
		at := c.layout.seenFrom(networkOf(node), carrier)
		return inside.Match{Proto: proto, Remote: netip.PrefixFrom(at, at.BitLen()), RemotePort: uint16(l.Port)}, nil
	}
	return inside.Match{}, fmt.Errorf("link %s is spoilt at %s, which begins it, or at %s, which carries it; not at %s", name, l.From, carrier.Name, node.Name)
}
