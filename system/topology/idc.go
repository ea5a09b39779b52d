package topology

import "fmt"

// OneIDC is data centre a by itself: the whole claim path, reconciliation and the optional parts, every hop through a link.
func OneIDC() Topology {
	t := Topology{Name: "one-idc", Nodes: []Node{
		{Name: "tgw", Role: "tgw", Image: App, Port: FrontPort, Data: true},
		{Name: "ams-light-1", Role: "ams-light", Image: App, Port: AMSPort},
		{Name: "ams-light-2", Role: "ams-light", Image: App, Port: AMSPort},
		{Name: "ams-heavy-1", Role: "ams-heavy", Image: App, Port: AMSPort, Data: true},
		{Name: "ams-heavy-2", Role: "ams-heavy", Image: App, Port: AMSPort, Data: true},
		{Name: "cmem-1", Role: "cmem", Image: Redis, Port: RedisPort},
		{Name: "cmem-2", Role: "cmem", Image: Redis, Port: RedisPort},
		{Name: "keeper", Role: "keeper", Image: App},
		{Name: "log", Role: "log", Image: App, Port: LogPort, Data: true},
		{Name: "courier", Role: "courier", Image: App, Port: CourierPort},
		{Name: "idip", Role: "idip", Image: App, Port: IDIPPort},
		{Name: "ledger", Role: "ledger", Image: Postgres, Port: PostgresPort, Data: true},
	}}
	for _, group := range []string{"access", "store", "log", "delivery", "side"} {
		t.Nodes = append(t.Nodes, Node{Name: "linkd-" + group, Role: "linkd", Image: App, Group: group})
	}
	t.Nodes = append(t.Nodes, Node{Name: "recon", Role: "recon", Image: App})
	t.Nodes = append(t.Nodes, side()...)
	t.Nodes = append(t.Nodes, Node{Name: "att", Role: "att", Image: App})
	for i := range t.Nodes {
		t.Nodes[i].IDC = "a"
	}
	ams := append(t.Role("ams-light"), t.Role("ams-heavy")...)
	t.join("access", []string{"tgw"}, ams)
	t.join("store", append(ams, "keeper"), t.Role("cmem"))
	t.join("store", []string{"cmem-2"}, []string{"cmem-1"})
	t.join("store", []string{"cmem-1"}, []string{"cmem-2"})
	t.join("log", append(ams, "keeper", "courier"), []string{"log"})
	t.join("delivery", []string{"courier"}, []string{"idip"})
	t.join("delivery", []string{"idip"}, []string{"ledger"})
	t.join("store", []string{"recon"}, t.Role("cmem"))
	t.join("log", []string{"recon"}, []string{"log"})
	t.join("delivery", []string{"recon"}, []string{"courier", "ledger"})
	t.joinSide()
	t.operate("a")
	return t
}

// operate adds the operations side: the control store, the platform that keeps the switches, and the monitor. Every role follows the
// store through a link of its own; the platform pushes to admin ports, and the monitor scrapes them, past every link. The linkds are pushed to alone:
// they would have to follow through themselves.
func (t *Topology) operate(idc string) {
	var followers []string
	for _, n := range t.Nodes {
		if n.Told() && n.Role != "linkd" {
			followers = append(followers, n.Name)
		}
	}
	t.Nodes = append(t.Nodes,
		Node{Name: "control", Role: "control", IDC: idc, Image: App, Port: ControlPort, Data: true},
		Node{Name: "zhiyun", Role: "zhiyun", IDC: idc, Image: App},
		Node{Name: "linkd-control", Role: "linkd", IDC: idc, Image: App, Group: "control"},
		Node{Name: "monitor", Role: "monitor", IDC: idc, Image: Prometheus, Port: MonitorPort})
	t.join("control", append(followers, "zhiyun"), []string{"control"})
}

// join adds a link from each of one side to each of the other.
func (t *Topology) join(group string, from, to []string) {
	for _, a := range from {
		for _, b := range to {
			t.Links = append(t.Links, Link{Name: fmt.Sprintf("%s--%s", a, b), From: a, To: b, Group: group, Port: linkBase + len(t.Links)})
		}
	}
}
