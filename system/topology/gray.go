package topology

import (
	"fmt"
	"strings"
)

// grayPrefix begins the names of the new version's nodes; system/gray has the same word, and a test holds them together.
const grayPrefix = "gray-"

// WithGray is the topology with a new version of the ams beside the old: as many instances of both pools, called as those with gray-
// before it, each with links of its own to all that the old ones reach. A node's image may be another (With). Where two data centres
// share the users it is refused: who is forwarded would get the version of another place.
func (t Topology) WithGray() (Topology, error) {
	if n := len(t.IDCs()); n != 1 {
		return Topology{}, fmt.Errorf("topology %s has %d data centres; a new version is released in one", t.Name, n)
	}
	t.Name += "-gray"
	old := append(t.Role("ams-light"), t.Role("ams-heavy")...)
	nodes, links := t.Nodes, t.Links
	t.Nodes, t.Links = append([]Node(nil), nodes...), append([]Link(nil), links...)
	for _, name := range old {
		n, _ := t.Node(name)
		n.Name = grayPrefix + name
		t.Nodes = append(t.Nodes, n)
		for _, l := range links {
			switch name {
			case l.From:
				t.join(l.Group, []string{n.Name}, []string{l.To})
			case l.To:
				t.join(l.Group, []string{l.From}, []string{n.Name})
			}
		}
	}
	return t, nil
}

// Gray says that the node is one of the new version.
func (n Node) Gray() bool { return strings.HasPrefix(n.Name, grayPrefix) }

// Old lists the nodes of a role that are of the old version, in order: all of them where there is no new one.
func (t Topology) Old(role string) (names []string) {
	for _, n := range t.Nodes {
		if n.Role == role && !n.Gray() {
			names = append(names, n.Name)
		}
	}
	return names
}

// New lists the nodes of the new version, in order.
func (t Topology) New() (names []string) {
	for _, n := range t.Nodes {
		if n.Gray() {
			names = append(names, n.Name)
		}
	}
	return names
}
