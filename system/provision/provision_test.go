package provision

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/mutant"
	"redpacket/system/topology"
)

func TestMain(m *testing.M) {
	BecomeReaper(nil)
	os.Exit(m.Run())
}

// oneIDC is the plan, and the addresses, that the tests look at: front on 10.77.1, inner on 10.77.2.
func oneIDC() (Plan, layout) {
	p := Plan{Topology: topology.OneIDC(), Activity: activity.Festival(1, 0.001), Rules: config.Default()}
	return p, place(p.Topology, block(1), map[string]netip.Prefix{"inner-a": block(2)})
}

// twoIDC is the same with two data centres: front on 10.77.1, a on 10.77.2, b on 10.77.3, what they share on 10.77.4.
func twoIDC() (Plan, layout) {
	p := Plan{Topology: topology.TwoIDC(), Activity: activity.Festival(1, 0.001), Rules: config.Default()}
	return p, place(p.Topology, block(1), map[string]netip.Prefix{"inner-a": block(2), "inner-b": block(3), "shared": block(4)})
}

func rendered(t *testing.T) map[string]config.Config {
	t.Helper()
	p, l := oneIDC()
	configs, err := render(p, l, secrets{strings.Repeat("ab", keyBytes), strings.Repeat("cd", keyBytes)})
	if err != nil {
		t.Fatal(err)
	}
	return configs
}

func TestOrdersOfEachNode(t *testing.T) {
	configs := rendered(t)
	cases := []struct{ node, front, inner, admin, data string }{
		{"tgw", "10.77.1.10:8080", "", "10.77.2.10:9100", "/data"},
		{"ams-light-1", "", "10.77.2.11:7000", "10.77.2.11:9100", ""},
		{"ams-heavy-1", "", "10.77.2.13:7000", "10.77.2.13:9100", "/data"},
		{"keeper", "", "", "10.77.2.17:9100", ""},
		{"log", "", "10.77.2.18:4222", "10.77.2.18:9100", "/data"},
		{"courier", "", "10.77.2.19:7200", "10.77.2.19:9100", ""},
		{"idip", "", "10.77.2.20:7100", "10.77.2.20:9100", ""},
		{"linkd-access", "", "10.77.2.22:8474", "10.77.2.22:9100", ""},
		{"registry", "", "10.77.2.28:7200", "10.77.2.28:9100", ""},
		{"report", "", "10.77.2.30:7300", "10.77.2.30:9100", ""},
	}
	for _, want := range cases {
		c, ok := configs[want.node]
		if !ok {
			t.Errorf("%s has no orders", want.node)
			continue
		}
		if c.Front != want.front || c.Inner != want.inner || c.Admin != want.admin || c.Data != want.data || c.IDC != "a" {
			t.Errorf("%s: front %q inner %q admin %q data %q idc %q; want %+v", want.node, c.Front, c.Inner, c.Admin, c.Data, c.IDC, want)
		}
	}
	for _, node := range []string{"cmem-1", "cmem-2", "ledger"} {
		if _, ok := configs[node]; ok {
			t.Errorf("%s is not of the app image, but has orders", node)
		}
	}
}

func TestEveryPeerIsReachedThroughItsLinkd(t *testing.T) {
	configs := rendered(t)
	p, l := oneIDC()
	for _, link := range p.Topology.Links {
		carrier := configs["linkd-"+link.Group]
		i := slices.IndexFunc(carrier.Links, func(f config.Forward) bool { return f.Name == link.Name })
		if i < 0 {
			t.Errorf("%s does not carry %s", carrier.Node, link.Name)
			continue
		}
		to, _ := p.Topology.Node(link.To)
		if got, want := carrier.Links[i].To, l.at(to.Name, to.Port); got != want {
			t.Errorf("%s leads to %s, want %s", link.Name, got, want)
		}
		if got := carrier.Links[i].Datagrams; got != (to.Name == "report") {
			t.Errorf("%s carries datagrams: %v", link.Name, got)
		}
		if from, ok := configs[link.From]; ok && from.Peers[link.To] != carrier.Links[i].Listen {
			t.Errorf("%s reaches %s at %q, but its link listens on %q", link.From, link.To, from.Peers[link.To], carrier.Links[i].Listen)
		}
	}
	if got := len(configs["ams-heavy-1"].Peers); got != 6 { // both stores, the log, the registry, report and the control store
		t.Errorf("ams-heavy-1 has %d peers: %v", got, configs["ams-heavy-1"].Peers)
	}
	if got := configs["keeper"].Peers["cmem-2--cmem-1"]; !strings.HasPrefix(got, "10.77.2.23:") {
		t.Errorf("the keeper reaches the link between the stores at %q, want linkd-store's address", got)
	}
}

func TestNothingButTheGatewayAndItsUserIsOnTheFrontNetwork(t *testing.T) {
	p, l := oneIDC()
	front := block(1)
	for node, c := range rendered(t) {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if node != "tgw" && node != "att" && strings.Contains(string(text), "10.77.1.") {
			t.Errorf("%s knows an address of the front network", node)
		}
		if host, _, _ := strings.Cut(c.Admin, ":"); front.Contains(netip.MustParseAddr(host)) {
			t.Errorf("users reach the admin port of %s", node)
		}
	}
	if len(l.front) != 2 || len(l.inner) != len(p.Topology.Nodes) {
		t.Errorf("%d addresses in front, %d inside; want 2 and %d", len(l.front), len(l.inner), len(p.Topology.Nodes))
	}
}

func TestTuneChangesOrdersAndMistakesAreFound(t *testing.T) {
	p, l := oneIDC()
	p.Tune = func(n topology.Node, c *config.Config) { c.Rules.HeavyRate = float64(len(n.Name)) }
	configs, err := render(p, l, secrets{"k", "t"})
	if err != nil || configs["keeper"].Rules.HeavyRate != 6 {
		t.Errorf("tuned to %v, %v; want 6", configs["keeper"].Rules.HeavyRate, err)
	}
	p.Tune = func(_ topology.Node, c *config.Config) { c.Admin = "" }
	if _, err := render(p, l, secrets{"k", "t"}); err == nil {
		t.Error("orders that no node would accept were rendered")
	}
}

func TestStoresCopyTheFirst(t *testing.T) {
	p, l := oneIDC()
	one, _ := p.Topology.Node("cmem-1")
	first, err := redisCommand(p.Topology, l, one)
	if err != nil || slices.Contains(first, "--replicaof") {
		t.Errorf("the first store: %v, %v; want no replicaof", first, err)
	}
	two, _ := p.Topology.Node("cmem-2")
	second, err := redisCommand(p.Topology, l, two)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(second, "--replicaof")
	if i < 0 || second[i+1] != l.inner["linkd-store"].String() {
		t.Errorf("the second store: %v; want a replicaof through linkd-store", second)
	}
	for _, must := range []string{"--save  --appendonly no", "--protected-mode no"} {
		if !strings.Contains(strings.Join(first, " "), must) {
			t.Errorf("the first store lacks %q: %q", must, first)
		}
	}
	p.Topology.Links = nil
	if _, err := redisCommand(p.Topology, l, two); err == nil {
		t.Error("a store without a link to its primary was made")
	}
}

func TestTheLedgerIsDurable(t *testing.T) {
	command := strings.Join(postgresCommand(topology.Node{Port: 5432}), " ")
	for _, must := range []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on", "port=5432"} {
		if !strings.Contains(command, "-c "+must) {
			t.Errorf("the ledger's command does not say %s", must)
		}
	}
}

func TestContainers(t *testing.T) {
	p, l := oneIDC()
	p.Cores = "1"
	c := &Cluster{plan: p, run: "0badcafe", layout: l, owner: owner{7, "99", "boot pid:[1]"}}
	nets := map[string]int{"tgw": 2, "att": 2}
	for _, n := range p.Topology.Nodes {
		d, err := c.container(n, config.Config{Node: n.Name})
		if err != nil {
			t.Fatal(err)
		}
		if d.Labels[labelRun] != "0badcafe" || d.Labels[labelNode] != n.Name || ownerOf(d.Labels) != c.owner {
			t.Errorf("%s is labelled %v", n.Name, d.Labels)
		}
		if want := max(1, nets[n.Name]); len(d.Networks) != want || d.Networks[0].Address != l.inner[n.Name] {
			t.Errorf("%s is on %v; want %d networks, the inner one first", n.Name, d.Networks, want)
		}
		if n.Data != (d.Volumes[d.Name] == dataDir) || d.Cores != "1" {
			t.Errorf("%s: volumes %v, cores %q", n.Name, d.Volumes, d.Cores)
		}
		if app := n.Image == topology.App; app && d.Env["GOMAXPROCS"] != "1" || app != (d.Env[config.Variable] != "") {
			t.Errorf("%s: environment %v", n.Name, d.Env)
		}
		if linkd := n.Role == roleLinkd; linkd != (d.Sysctls["net.ipv4.tcp_syn_retries"] != "") {
			t.Errorf("%s: sysctls %v", n.Name, d.Sysctls)
		}
	}
}

func TestTheRoleDecidesWhatAnImageIsTold(t *testing.T) {
	p, l := oneIDC()
	var err error
	for i, n := range p.Topology.Nodes {
		if p.Topology, err = p.Topology.With(n.Name, topology.Image("example/"+n.Role+":1")); err != nil {
			t.Fatal(err)
		}
		c := &Cluster{plan: p, layout: l}
		own, err := c.container(p.Topology.Nodes[i], config.Config{Node: n.Name})
		if err != nil {
			t.Fatal(err)
		}
		ours, err := c.container(n, config.Config{Node: n.Name})
		if err != nil || !slices.Equal(own.Command, ours.Command) || !maps.Equal(own.Env, ours.Env) {
			t.Errorf("%s: an image of one's own is run as %v with %v, ours as %v with %v; %v", n.Name, own.Command, own.Env, ours.Command, ours.Env, err)
		}
	}
	configs, err := render(p, l, secrets{strings.Repeat("ab", keyBytes), strings.Repeat("cd", keyBytes)})
	if err != nil || !reflect.DeepEqual(configs, rendered(t)) {
		t.Errorf("the orders differ: %v", err)
	}
}

func TestOnlyAMutantIsToldOfABug(t *testing.T) {
	for _, bug := range []string{"", mutant.None, mutant.NoDedupe} {
		p, l := oneIDC()
		p.Mutant = bug
		if err := p.check(); err != nil {
			t.Fatal(err)
		}
		c := &Cluster{plan: p, layout: l}
		for _, n := range p.Topology.Nodes {
			d, err := c.container(n, config.Config{Node: n.Name})
			if err != nil {
				t.Fatal(err)
			}
			told, is := d.Env[mutant.Variable]
			if want := bug != "" && n.Image == topology.App; is != want || told != bug && is {
				t.Errorf("%s of a plan with the bug %q is told %q (%v)", n.Name, bug, told, is)
			}
		}
	}
}

func TestPlansThatCannotRunAreRefused(t *testing.T) {
	good, _ := oneIDC()
	if err := good.check(); err != nil {
		t.Fatalf("a good plan: %v", err)
	}
	for name, spoil := range map[string]func(*Plan){
		"no nodes":     func(p *Plan) { p.Topology = topology.Topology{Name: "empty"} },
		"no activity":  func(p *Plan) { p.Activity = activity.Activity{} },
		"no such core": func(p *Plan) { p.Cores = "x" },
		"no such bug":  func(p *Plan) { p.Mutant = "no-such-bug" },
	} {
		p := good
		spoil(&p)
		if _, err := Up(t.Context(), p); err == nil {
			t.Errorf("%s: the plan was run", name)
		}
	}
}

// The platform knows every process, and its token is everyone's and nobody else's.
func TestTheOperationsSide(t *testing.T) {
	configs := rendered(t)
	told := map[string]string{}
	for _, i := range configs["zhiyun"].Instances {
		told[i.Node] = i.Admin
		if i.Role == "" || i.IDC != "a" {
			t.Errorf("%+v", i)
		}
	}
	for node, c := range configs {
		if told[node] != c.Admin || c.Token != configs["zhiyun"].Token || c.Token == "" || c.Token == c.Key {
			t.Errorf("%s: known at %q, token %q", node, told[node], c.Token)
		}
		if _, linked := c.Peers["control"]; linked != (c.Links == nil && node != "control") {
			t.Errorf("%s: has a link to the control store: %v", node, linked)
		}
		if node != "zhiyun" && c.Instances != nil {
			t.Errorf("%s knows all the others", node)
		}
	}
	if len(told) != len(configs) {
		t.Errorf("the platform knows %d of %d processes", len(told), len(configs))
	}
}
