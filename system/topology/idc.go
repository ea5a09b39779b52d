package topology

import "fmt"

// OneIDC is data centre a by itself: the whole claim path and reconciliation, every hop through a link.
func OneIDC() Topology {
	t := Topology{Name: "one-idc", Nodes: []Node{
		{Name: "tgw", Role: "tgw", Image: App, Port: FrontPort},
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
	for _, group := range []string{"access", "store", "log", "delivery"} {
		t.Nodes = append(t.Nodes, Node{Name: "linkd-" + group, Role: "linkd", Image: App, Group: group})
	}
	t.Nodes = append(t.Nodes, Node{Name: "recon", Role: "recon", Image: App})
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
	return t
}

// join adds a link from each of one side to each of the other.
func (t *Topology) join(group string, from, to []string) {
	for _, a := range from {
		for _, b := range to {
			t.Links = append(t.Links, Link{Name: fmt.Sprintf("%s--%s", a, b), From: a, To: b, Group: group,
				Port: linkBase + len(t.Links)})
		}
	}
}
