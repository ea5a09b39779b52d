package topology

// side are the optional parts: the path of a claim goes on without each of them. Their links have a linkd of their own, so
// that what is done to them, and to undo it, stays off the path.
func side() []Node {
	return []Node{
		{Name: "registry", Role: "registry", Image: App, Port: SidePort},
		{Name: "recommend", Role: "recommend", Image: App, Port: SidePort},
		{Name: "report", Role: "report", Image: App, Port: ReportPort, Datagrams: true},
	}
}

// joinSide links those who ask to the optional parts there are.
func (t *Topology) joinSide() {
	light, heavy := t.Role("ams-light"), t.Role("ams-heavy")
	t.join("side", heavy, t.Role("registry"))
	t.join("side", light, t.Role("recommend"))
	t.join("side", append(append(t.Role("tgw"), light...), heavy...), t.Role("report"))
}
