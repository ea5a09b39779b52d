package provision

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"

	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/topology"
)

// dataDir is where a node that owns a volume finds it.
const dataDir = "/data"

// secrets are made for one run.
type secrets struct {
	key   string // signs login tokens
	token string // allows changes over admin ports
}

// render writes the orders of every app node. The others have theirs on their command lines.
func render(p Plan, l layout, s secrets) (map[string]config.Config, error) {
	configs := map[string]config.Config{}
	for _, n := range p.Topology.Nodes {
		if !n.Told() {
			continue
		}
		c := config.Config{Node: n.Name, IDC: n.IDC, Admin: l.at(n.Name, topology.AdminPort), Token: s.token,
			Peers: peers(p.Topology, l, n.Name), Key: s.key, Activity: p.Activity, Rules: p.Rules}
		if n.IDC != "" {
			c.Part, _ = activity.PartOf(n.IDC, len(p.Topology.IDCs())) // the plan's check has tried it
		}
		if n.Role == roleOps {
			c.Instances = instances(p.Topology, l)
		}
		switch {
		case n.Role == roleNames:
			c.Front, c.Sites = l.frontOf(n), sites(p.Topology, l)
		case n.Role == roleATT:
			c.Sites = slices.DeleteFunc(sites(p.Topology, l), func(s config.Site) bool { return s.IDC != n.IDC })
		case n.Role == roleGateway, n.Role == rolePromo:
			c.Front = l.frontOf(n) // users reach these addresses, and the name service's, and nothing else
		case n.Role == roleLinkd:
			c.Inner, c.Links = l.at(n.Name, linkAPIPort), forwards(p.Topology, l, n)
		case n.Port != 0:
			c.Inner = l.at(n.Name, n.Port)
		}
		if n.Data {
			c.Data = dataDir
		}
		if p.Tune != nil {
			p.Tune(n, &c)
		}
		if err := readable(c); err != nil {
			return nil, err
		}
		configs[n.Name] = c
	}
	return configs, nil
}

// instances are the processes that switches concern: every node that is told who it is.
func instances(t topology.Topology, l layout) []config.Instance {
	var all []config.Instance
	for _, n := range t.Nodes {
		if n.Told() {
			all = append(all, config.Instance{Node: n.Name, Role: n.Role, IDC: n.IDC, Admin: l.at(n.Name, topology.AdminPort)})
		}
	}
	return all
}

// readable sees that a node will accept its orders, so that a mistake is found before anything starts.
func readable(c config.Config) error {
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write the orders of %s: %w", c.Node, err)
	}
	if _, err := config.Parse(text); err != nil {
		return fmt.Errorf("the orders of %s: %w", c.Node, err)
	}
	return nil
}

// peers are the links that lead from a node, by the name of the node at their end. A keeper also gets the links between
// the stores, by their own names (cmem-1--cmem-2): it tells one store to copy another through them.
func peers(t topology.Topology, l layout, node string) map[string]string {
	all := map[string]string{}
	n, _ := t.Node(node)
	for _, link := range t.Links {
		if link.From == node {
			all[link.To] = l.through(t, link)
		}
		from, _ := t.Node(link.From)
		to, _ := t.Node(link.To)
		if n.Role == roleKeeper && from.Role == roleStore && to.Role == roleStore && from.IDC == n.IDC {
			all[link.Name] = l.through(t, link)
		}
	}
	return all
}

// sites are the data centres as the name service knows them.
func sites(t topology.Topology, l layout) []config.Site {
	var all []config.Site
	for _, name := range t.Role(roleGateway) {
		n, _ := t.Node(name)
		all = append(all, config.Site{IDC: n.IDC, Node: n.Name, Front: l.frontOf(n), Admin: l.at(n.Name, topology.AdminPort)})
	}
	return all
}

// through is where a link is entered: at the linkd of its group, on the network where the link begins.
func (l layout) through(t topology.Topology, link topology.Link) string {
	carrier, _ := t.Linkd(link.Group) // Check saw that there is one
	from, _ := t.Node(link.From)
	return net.JoinHostPort(l.seenFrom(networkOf(from), carrier).String(), strconv.Itoa(link.Port))
}

// forwards are the links that a linkd carries.
func forwards(t topology.Topology, l layout, n topology.Node) []config.Forward {
	var all []config.Forward
	for _, link := range t.Links {
		if link.Group == n.Group {
			to, _ := t.Node(link.To)
			all = append(all, config.Forward{Name: link.Name, Listen: l.through(t, link), To: l.at(to.Name, to.Port), Datagrams: to.Datagrams})
		}
	}
	return all
}
