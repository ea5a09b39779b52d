package topology

// TwoIDC is both data centres, each with the whole claim path and half of every stock, and what they share: the third
// parties, the name service, the promotion layer, the optional parts and the operations side. What crosses from one to the other does so
// through linkd-between, and nowhere else.
func TwoIDC() Topology {
	t := Topology{Name: "two-idc"}
	for _, idc := range []string{"a", "b"} {
		t.site(idc)
	}
	t.Nodes = append(t.Nodes,
		Node{Name: "gslb", Role: "gslb", Image: App, Port: DNSPort},
		Node{Name: "promo", Role: "promo", Image: App, Port: PromoPort},
		Node{Name: "idip", Role: "idip", Image: App, Port: IDIPPort},
		Node{Name: "ledger", Role: "ledger", Image: Postgres, Port: PostgresPort, Data: true},
		Node{Name: "linkd-between", Role: "linkd", Image: App, Group: "between"},
		Node{Name: "linkd-delivery", Role: "linkd", Image: App, Group: "delivery"},
		Node{Name: "linkd-side", Role: "linkd", Image: App, Group: "side"},
	)
	t.Nodes = append(t.Nodes, side()...)
	t.join("between", []string{"tgw-a"}, t.ams("b"))
	t.join("between", []string{"tgw-b"}, t.ams("a"))
	t.join("between", append(t.ams("a"), "keeper-a"), []string{"log-b"})
	t.join("between", append(t.ams("b"), "keeper-b"), []string{"log-a"})
	t.join("delivery", t.Role("courier"), []string{"idip"})
	t.join("delivery", []string{"idip"}, []string{"ledger"})
	for _, idc := range []string{"a", "b"} {
		t.join("delivery", []string{"recon-" + idc}, []string{"courier-" + idc, "ledger"})
	}
	t.joinSide()
	t.operate("")
	return t
}

// site adds one data centre, as far as it is by itself.
func (t *Topology) site(idc string) {
	nodes := []Node{
		{Name: "tgw-" + idc, Role: "tgw", Image: App, Port: FrontPort, Data: true},
		{Name: "ams-light-" + idc + "1", Role: "ams-light", Image: App, Port: AMSPort},
		{Name: "ams-light-" + idc + "2", Role: "ams-light", Image: App, Port: AMSPort},
		{Name: "ams-heavy-" + idc + "1", Role: "ams-heavy", Image: App, Port: AMSPort, Data: true},
		{Name: "ams-heavy-" + idc + "2", Role: "ams-heavy", Image: App, Port: AMSPort, Data: true},
		{Name: "cmem-" + idc + "1", Role: "cmem", Image: Redis, Port: RedisPort},
		{Name: "cmem-" + idc + "2", Role: "cmem", Image: Redis, Port: RedisPort},
		{Name: "keeper-" + idc, Role: "keeper", Image: App},
		{Name: "log-" + idc, Role: "log", Image: App, Port: LogPort, Data: true},
		{Name: "courier-" + idc, Role: "courier", Image: App, Port: CourierPort},
		{Name: "recon-" + idc, Role: "recon", Image: App},
		{Name: "att-" + idc, Role: "att", Image: App},
	}
	for _, group := range []string{"access", "store", "log"} {
		nodes = append(nodes, Node{Name: "linkd-" + group + "-" + idc, Role: "linkd", Image: App, Group: group + "-" + idc})
	}
	for i := range nodes {
		nodes[i].IDC = idc
	}
	t.Nodes = append(t.Nodes, nodes...)
	ams, stores := t.ams(idc), []string{"cmem-" + idc + "1", "cmem-" + idc + "2"}
	t.join("access-"+idc, []string{"tgw-" + idc}, ams)
	t.join("store-"+idc, append(ams, "keeper-"+idc, "recon-"+idc), stores)
	t.join("store-"+idc, stores[1:], stores[:1])
	t.join("store-"+idc, stores[:1], stores[1:])
	t.join("log-"+idc, append(ams, "keeper-"+idc, "courier-"+idc, "recon-"+idc), []string{"log-" + idc})
}

// ams are a data centre's instances of both pools.
func (t *Topology) ams(idc string) (names []string) {
	for _, n := range t.Nodes {
		if n.IDC == idc && (n.Role == "ams-light" || n.Role == "ams-heavy") {
			names = append(names, n.Name)
		}
	}
	return names
}
