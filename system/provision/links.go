package provision

import (
	"fmt"

	"redpacket/system/topology"
	"redpacket/system/wire"
)

// Link is one hop as it is hurt and healed: plain data, good for as long as the cluster stands.
type Link struct {
	Name      string // from--to
	Carrier   string // the linkd that carries it
	API       string // host:port of that linkd's API
	Entrance  string // host:port where the node that uses the link connects
	Datagrams bool   // it carries UDP

	// What the node at its end answers, in its role's own protocol: Ask may be sent at once and, but for PostgreSQL's, any
	// number of times; each time Answer is among what comes back. Empty for datagrams.
	Ask, Answer []byte
}

// Links are the link of a name, or every link that leads to the node of a name; at least one, or an error that says that
// there is none.
func (c *Cluster) Links(victim string) ([]Link, error) {
	t := c.plan.Topology
	var found []Link
	for _, l := range t.Links {
		if l.Name == victim || l.To == victim {
			found = append(found, c.layout.linkOf(t, l))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("topology %s has no link %q, and no node of that name that a link leads to", t.Name, victim)
	}
	return found, nil
}

func (l layout) linkOf(t topology.Topology, link topology.Link) Link {
	carrier, _ := t.Linkd(link.Group) // Check saw that there is one
	to, _ := t.Node(link.To)
	ask, answer := question(to)
	return Link{Name: link.Name, Carrier: carrier.Name, API: l.at(carrier.Name, linkAPIPort), Entrance: l.through(t, link),
		Datagrams: to.Datagrams, Ask: ask, Answer: answer}
}

// question is what a node always answers, whoever asks.
func question(n topology.Node) (ask, answer []byte) {
	switch n.Role {
	case roleStore:
		return []byte("PING\r\n"), []byte("+PONG\r\n")
	case roleLedger:
		return []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}, []byte("N") // may we speak TLS? No
	case roleLog, roleControl:
		return []byte("CONNECT {\"verbose\":false}\r\nPING\r\n"), []byte("PONG\r\n")
	case roleIDIP, roleCourier:
		return []byte("GET / HTTP/1.1\r\nHost: link\r\n\r\n"), []byte("HTTP/1.1 ")
	case roleReport:
		return nil, nil
	}
	return wire.Beat()
}
