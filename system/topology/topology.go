// Package topology says which roles run, how many of each, in which IDC, and which hops between them can be broken. It
// is data: checked before anything is started, and the same for every run.
package topology

import (
	"errors"
	"fmt"
	"slices"
)

// Image is what a node's container is made from: one of ours, or the name of any image that the engine has or can pull,
// which then takes the node's role.
type Image string

// The images; system/images builds them.
const (
	App        Image = "app"        // the one binary: redpacket <role>
	Redis      Image = "redis"      // Debian's Redis
	Postgres   Image = "postgres"   // Debian's PostgreSQL
	Prometheus Image = "prometheus" // Debian's Prometheus
)

// The ports a role listens on, the same in every container.
const (
	FrontPort    = 8080 // tgw, for users
	AMSPort      = 7000 // ams-light, ams-heavy
	SidePort     = 7200 // registry, recommend
	ReportPort   = 7300 // report, which hears datagrams
	IDIPPort     = 7100
	CourierPort  = 7200 // for recon
	RedisPort    = 6379
	LogPort      = 4222
	ControlPort  = 4223
	PostgresPort = 5432
	MonitorPort  = 9090 // monitor: Prometheus' own API
	DNSPort      = 53   // gslb, UDP and TCP
	PromoPort    = 8090 // promo, for whoever shows the event to users
	AdminPort    = 9100 // every node that runs the app image
	linkBase     = 21000
)

// Node is one container.
type Node struct {
	Name    string // unique; also its host name on the inner network
	Role    string // tgw, ams-light, ams-heavy, cmem, keeper, log, courier, idip, ledger, recon, linkd, control, zhiyun, gslb, promo, att, monitor
	IDC     string // a or b, with its own network; empty: it serves both, and lives apart from either
	Image   Image
	Port    int    // where its peers reach it; 0 when nobody calls it
	Data    bool   // it owns a volume
	DiskMiB int    `json:",omitempty"` // the size of that volume, which then lies in memory, so that it can be filled; 0: the machine's own disk
	Group   string // linkd only: the group of links it carries

	Datagrams bool // its port hears UDP, and so do the links to it
}

// Told says that the node is told who it is by its environment, and answers on an admin port: every role but the two
// stores, cmem and ledger, and the monitor, which have their orders on their command lines and are spoken to in Redis',
// PostgreSQL's and Prometheus' own protocols. It is the role that decides, so an image in the place of another one is told
// as that one is.
func (n Node) Told() bool { return n.Role != "cmem" && n.Role != "ledger" && n.Role != "monitor" }

// Link is one hop between two nodes. All its traffic passes through the linkd of its group.
type Link struct {
	Name     string // from--to
	From, To string // node names
	Group    string // access, store, log, delivery, side, control or between, or such a one of an IDC (log-a); restarting a linkd hurts only its own
	Port     int    // where the group's linkd listens for it
}

// Topology is a whole system.
type Topology struct {
	Name  string
	Nodes []Node
	Links []Link
}

// Node is the node with this name.
func (t Topology) Node(name string) (Node, bool) {
	i := slices.IndexFunc(t.Nodes, func(n Node) bool { return n.Name == name })
	if i < 0 {
		return Node{}, false
	}
	return t.Nodes[i], true
}

// HasLink says whether there is a link of this name.
func (t Topology) HasLink(name string) bool {
	return slices.ContainsFunc(t.Links, func(l Link) bool { return l.Name == name })
}

// With is the topology with another image for a node, or for all nodes of a role; they keep their roles. The error says
// that there is nobody of that name.
func (t Topology) With(name string, image Image) (Topology, error) {
	t.Nodes = slices.Clone(t.Nodes)
	found := false
	for i, n := range t.Nodes {
		if n.Name == name || n.Role == name {
			t.Nodes[i].Image, found = image, true
		}
	}
	if !found {
		return Topology{}, fmt.Errorf("topology %s has no node and no role %q that could have the image %s", t.Name, name, image)
	}
	return t, nil
}

// mostDisk is the largest volume of a stated size, in MiB: it lies in memory.
const mostDisk = 1024

// WithDisk is the topology with a volume of a stated size for a node that owns one. The error says that there is nobody of
// that name.
func (t Topology) WithDisk(node string, mib int) (Topology, error) {
	t.Nodes = slices.Clone(t.Nodes)
	i := slices.IndexFunc(t.Nodes, func(n Node) bool { return n.Name == node })
	if i < 0 {
		return Topology{}, fmt.Errorf("topology %s has no node %q that could have a disk of %d MiB", t.Name, node, mib)
	}
	t.Nodes[i].DiskMiB = mib
	return t, t.Check()
}

// Own lists the nodes whose image is none of ours, as name=image, in order.
func (t Topology) Own() []string {
	var all []string
	for _, n := range t.Nodes {
		if n.Image != App && n.Image != Redis && n.Image != Postgres && n.Image != Prometheus {
			all = append(all, n.Name+"="+string(n.Image))
		}
	}
	return all
}

// Role lists the names of the nodes of one role, in order.
func (t Topology) Role(role string) []string {
	var names []string
	for _, n := range t.Nodes {
		if n.Role == role {
			names = append(names, n.Name)
		}
	}
	return names
}

// IDCs lists the data centres, in order; nodes that serve all of them are in none.
func (t Topology) IDCs() []string {
	var names []string
	for _, n := range t.Nodes {
		if n.IDC != "" && !slices.Contains(names, n.IDC) {
			names = append(names, n.IDC)
		}
	}
	slices.Sort(names)
	return names
}

// RoleIn lists the names of the nodes of one role in one data centre, in order.
func (t Topology) RoleIn(role, idc string) []string {
	return slices.DeleteFunc(t.Role(role), func(name string) bool { n, _ := t.Node(name); return n.IDC != idc })
}

// Linkd is the node that carries a group of links.
func (t Topology) Linkd(group string) (Node, bool) {
	i := slices.IndexFunc(t.Nodes, func(n Node) bool { return n.Role == "linkd" && n.Group == group })
	if i < 0 {
		return Node{}, false
	}
	return t.Nodes[i], true
}

// Check returns every mistake in the topology, joined, or nil.
func (t Topology) Check() error {
	var errs []error
	if len(t.Nodes) == 0 {
		errs = append(errs, fmt.Errorf("topology %q has no nodes", t.Name))
	}
	names := map[string]bool{}
	for _, n := range t.Nodes {
		if n.DiskMiB < 0 || n.DiskMiB > mostDisk || n.DiskMiB > 0 && !n.Data {
			errs = append(errs, fmt.Errorf("topology %s: node %s has a disk of %d MiB; want a node that owns a volume, and %d at most", t.Name, n.Name, n.DiskMiB, mostDisk))
		}
		if n.Name == "" || names[n.Name] {
			errs = append(errs, fmt.Errorf("topology %s: node name %q is empty or used twice", t.Name, n.Name))
		}
		names[n.Name] = true
	}
	links := map[string]bool{}
	for _, l := range t.Links {
		errs = append(errs, t.checkLink(l, links[l.Name]))
		links[l.Name] = true
	}
	return errors.Join(errs...)
}

func (t Topology) checkLink(l Link, twice bool) error {
	to, ok := t.Node(l.To)
	_, from := t.Node(l.From)
	_, carried := t.Linkd(l.Group)
	switch {
	case twice:
		return fmt.Errorf("topology %s: link %s is there twice", t.Name, l.Name)
	case !ok || !from:
		return fmt.Errorf("topology %s: link %s joins a node that does not exist", t.Name, l.Name)
	case to.Port == 0:
		return fmt.Errorf("topology %s: link %s leads to %s, which listens nowhere", t.Name, l.Name, l.To)
	case !carried:
		return fmt.Errorf("topology %s: link %s is in group %q, which no linkd carries", t.Name, l.Name, l.Group)
	}
	return nil
}
