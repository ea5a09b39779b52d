package tgw

import (
	"redpacket/system/activity"
	"redpacket/system/api"
)

// owner is the data centre that decides a user's claims: the one that has given, or may give, the user's shares. Whoever
// takes over another's users says so here; until then it is the user's home.
func (g *gateway) owner(user api.User) activity.IDC {
	if !g.part.Shared() {
		return g.part.IDC
	}
	return activity.Home(user)
}

// poolOf is the pool that answers an op of a user whose owner is this data centre, or the other (far). What is the same
// for every user is answered here.
func poolOf(op api.Op, far bool) int {
	pool := light
	if op == api.Claim {
		pool = heavy
	}
	if far && (op == api.Claim || op == api.Receipt) {
		pool += near
	}
	return pool
}

// poolName is how a pool is called, and how the names of its instances begin: ams-heavy-1 where there is one data centre,
// ams-heavy-a1 in data centre a of two. A pool that there is not has no prefix.
func poolName(pool int, part activity.Part) (name, prefix string) {
	name = [near]string{"ams-light", "ams-heavy"}[pool%near]
	prefix = name + "-"
	switch other := 1 - part.IDC; {
	case pool < near && !part.Shared():
		return name, prefix
	case pool < near:
		return name, prefix + part.IDC.String()
	case part.Shared():
		return "far-" + name, prefix + other.String()
	}
	return "far-" + name, ""
}
