package provision

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"redpacket/system/spoil"
	"redpacket/system/topology"
)

// two is a cluster of two data centres that was laid out and not stood up.
func two() *Cluster {
	t := topology.TwoIDC()
	return &Cluster{plan: Plan{Topology: t}, layout: place(t, block(1), map[string]netip.Prefix{"inner-a": block(2), "inner-b": block(3), "shared": block(4)})}
}

func TestPacketsAreFoundByAddressAndPort(t *testing.T) {
	c := two()
	link := func(name string) topology.Link {
		i := slices.IndexFunc(c.plan.Topology.Links, func(l topology.Link) bool { return l.Name == name })
		return c.plan.Topology.Links[i]
	}
	at := func(node, network string) string {
		n, _ := c.plan.Topology.Node(node)
		return c.layout.seenFrom(network, n).String() + "/32"
	}
	between, side, report := link("tgw-a--ams-light-b1"), link("ams-light-a1--recommend"), link("tgw-b--report")
	for name, k := range map[string]struct {
		node string
		of   spoil.Packets
		want string
	}{
		"a link where it begins": {"ams-light-a1", spoil.Packets{Links: []string{side.Name}},
			fmt.Sprintf("tcp %s %d 0", at("linkd-side", "inner-a"), side.Port)},
		"a link where it is carried": {"linkd-between", spoil.Packets{Links: []string{between.Name}}, fmt.Sprintf("tcp invalid Prefix 0 %d", between.Port)},
		"datagrams":                  {"tgw-b", spoil.Packets{Links: []string{report.Name}}, fmt.Sprintf("udp %s %d 0", at("linkd-side", "inner-b"), report.Port)},
		"users":                      {"tgw-a", spoil.Packets{Front: true}, " " + block(1).String() + " 0 0"},
		"everything":                 {"log-a", spoil.Packets{}, " invalid Prefix 0 0"},
	} {
		got, err := c.matches(k.node, &k.of)
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", name, got, err)
			continue
		}
		if m := got[0]; fmt.Sprintf("%s %s %d %d", m.Proto, m.Remote, m.RemotePort, m.LocalPort) != k.want {
			t.Errorf("%s: %+v; want %s", name, m, k.want)
		}
	}
	if got, err := c.matches("tgw-a", &spoil.Packets{Peers: []string{"gslb"}}); err != nil || len(got) != len(c.layout.all("gslb")) || len(got) < 3 {
		t.Errorf("a peer on several networks: %v, %v", got, err)
	}
}

func TestWhatCannotBeSpoiltIsSaid(t *testing.T) {
	c := two()
	for want, s := range map[string]spoil.Spoil{
		"no link":                     {Node: "tgw-a", Drop: &spoil.Packets{Links: []string{"tgw-a--nobody"}, In: true, Share: 1}},
		"which begins it":             {Node: "tgw-b", Drop: &spoil.Packets{Links: []string{"tgw-a--ams-light-b1"}, In: true, Share: 1}},
		"no node":                     {Node: "tgw-a", Drop: &spoil.Packets{Peers: []string{"nobody"}, In: true, Share: 1}},
		"not on the users' network":   {Node: "log-a", Drop: &spoil.Packets{Front: true, In: true, Share: 1}},
		"machine's disk is not fille": {Node: "ams-heavy-a1", Full: true},
	} {
		if _, err := c.resolve(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if topo, err := topology.TwoIDC().WithDisk("ams-heavy-a1", 32); err != nil {
		t.Error(err)
	} else if o, err := (&Cluster{plan: Plan{Topology: topo}}).resolve(spoil.Spoil{Node: "ams-heavy-a1", Full: true}); err != nil || o.Fill == nil {
		t.Errorf("a volume of a stated size: %+v, %v", o, err)
	}
	for _, bad := range []struct {
		node string
		mib  int
	}{{"nobody", 32}, {"recommend", 32}, {"ams-heavy-a1", -1}, {"ams-heavy-a1", 1 << 20}} {
		if _, err := topology.TwoIDC().WithDisk(bad.node, bad.mib); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
