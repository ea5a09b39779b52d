package provision

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/provision/docker"
)

func twoRendered(t *testing.T) map[string]config.Config {
	t.Helper()
	p, l := twoIDC()
	if err := p.check(); err != nil {
		t.Fatal(err)
	}
	configs, err := render(p, l, secrets{key: "k", token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	return configs
}

func TestEachDataCentreHasItsPart(t *testing.T) {
	configs := twoRendered(t)
	for node, want := range map[string]activity.Part{
		"keeper-a": {IDC: activity.A, Of: 2}, "keeper-b": {IDC: activity.B, Of: 2}, "tgw-b": {IDC: activity.B, Of: 2}, "idip": {}, "gslb": {},
	} {
		if got := configs[node].Part; got != want {
			t.Errorf("%s has the part %+v, want %+v", node, got, want)
		}
	}
	for _, node := range []string{"ams-heavy-a1", "keeper-b", "courier-b"} {
		addr, err := configs[node].Own("log")
		want := map[bool]string{true: "10.77.2.", false: "10.77.3."}[configs[node].IDC == "a"]
		if err != nil || !strings.HasPrefix(addr, want) {
			t.Errorf("%s reaches its log at %q, %v; want %s…", node, addr, err, want)
		}
	}
	for name := range configs["keeper-a"].Peers {
		if strings.Contains(name, "-b") && name != "log-b" { // which has the mirror of its log
			t.Errorf("keeper-a has a way to %s", name)
		}
	}
	if got, want := configs["keeper-b"].DeliveryShare(), config.Default().DeliveryRate/2; got != want {
		t.Errorf("b's courier may deliver %g/s, want %g", got, want)
	}
}

func TestTheNameServiceKnowsTheGateways(t *testing.T) {
	g := twoRendered(t)["gslb"]
	want := []config.Site{
		{IDC: "a", Node: "tgw-a", Front: "10.77.1.10:8080", Admin: "10.77.2.10:9100"},
		{IDC: "b", Node: "tgw-b", Front: "10.77.1.25:8080", Admin: "10.77.3.25:9100"},
	}
	if !slices.Equal(g.Sites, want) || g.Front != "10.77.1.40:53" || g.Token != "t" {
		t.Errorf("%+v at %s; want %+v", g.Sites, g.Front, want)
	}
	p, l := twoIDC()
	c := &Cluster{plan: p, layout: l}
	doors, ok := c.Doors()
	if !ok || doors.DNS != "10.77.1.40:53" || !slices.Equal(doors.Names, []string{"a.front.redpacket.test", "b.front.redpacket.test"}) || doors.Port != 8080 {
		t.Errorf("doors %+v, %v", doors, ok)
	}
	p, l = oneIDC()
	if _, ok := (&Cluster{plan: p, layout: l}).Doors(); ok {
		t.Error("one data centre has a name service")
	}
}

// What a node is told to reach, and where a linkd is told to listen and to lead, must lie on a network that it is on; and
// no node of a data centre is on the other's network, so that nothing but linkd-between crosses.
func TestEveryHopStaysOnNetworksOfBothItsEnds(t *testing.T) {
	p, l := twoIDC()
	c := &Cluster{plan: p, run: "0badcafe", layout: l}
	configs := twoRendered(t)
	for _, n := range p.Topology.Nodes {
		d, err := c.container(n, configs[n.Name])
		if err != nil {
			t.Fatal(err)
		}
		if n.IDC != "" && len(d.Networks) > 1 && !atFront(n) {
			t.Errorf("%s of data centre %s is on %d networks", n.Name, n.IDC, len(d.Networks))
		}
		on := func(addr string) bool {
			to := netip.MustParseAddrPort(addr).Addr()
			return slices.ContainsFunc(d.Networks, func(p docker.Place) bool { return netip.PrefixFrom(p.Address, 24).Masked().Contains(to) })
		}
		told := configs[n.Name]
		for peer, addr := range told.Peers {
			if !on(addr) {
				t.Errorf("%s is told to reach %s at %s, which is on none of its networks", n.Name, peer, addr)
			}
		}
		for _, f := range told.Links {
			own := slices.ContainsFunc(d.Networks, func(p docker.Place) bool { return p.Address == netip.MustParseAddrPort(f.Listen).Addr() })
			if !own || !on(f.To) {
				t.Errorf("%s carries %s from %s to %s: not an address of its own, or out of its reach", n.Name, f.Name, f.Listen, f.To)
			}
		}
		for _, i := range told.Instances {
			if !on(i.Admin) {
				t.Errorf("%s cannot push to %s at %s", n.Name, i.Node, i.Admin)
			}
		}
		for _, s := range told.Sites {
			if !on(s.Admin) {
				t.Errorf("%s cannot ask %s at %s", n.Name, s.Node, s.Admin)
			}
		}
	}
}
