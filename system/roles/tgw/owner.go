package tgw

import (
	"context"
	"fmt"
	"sync"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/gray"
	"redpacket/system/pair"
)

// owner is the data centre that decides a user's claims: the one that has given, or may give, the user's shares. That is
// the user's home, unless the other one has taken over.
func (g *gateway) owner(user api.User) activity.IDC {
	if !g.part.Shared() {
		return g.part.IDC
	}
	home := activity.Home(user)
	if g.taken[home].Load() {
		return 1 - home
	}
	return home
}

// follow keeps up with what the two data centres have agreed on in the control store, until ctx ends. Nothing hangs on
// how fast: whoever is asked and is not the owner refuses.
func (g *gateway) follow(ctx context.Context, cfg config.Config) {
	witness, there := cfg.Peers["control"]
	if !g.part.Shared() || !there {
		return
	}
	store, err := control.Dial(witness)
	if err != nil {
		fmt.Printf("%s: cannot follow take-overs: %v\n", cfg.Node, err)
		return
	}
	defer store.Close()
	var both sync.WaitGroup
	for _, home := range []activity.IDC{activity.A, activity.B} {
		both.Go(func() {
			_ = store.Watch(ctx, pair.Key(home.String()), func(e control.Entry) { g.taken[home].Store(away(e.Value)) })
		})
	}
	both.Wait()
}

// away says whether a pair's mode, as the witness keeps it, leaves the users to the other data centre.
func away(text []byte) bool {
	var m pair.Mode
	return m.UnmarshalText(text) == nil && (m == pair.Taken || m == pair.Releasing)
}

// admits says whether a user's request passes. What the other data centre answers is its admission's to say, and where a
// journey begins both have a word: it would lead there.
func (t *turn) admits(user api.User, op api.Op, far bool) bool {
	if far && !t.beyond.Admits(user, t.hour, op) {
		return false
	}
	return far && poolOf(op, far) >= near || t.admission.Admits(user, t.hour, op)
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
// ams-heavy-a1 in data centre a of two, gray-ams-heavy-1 for one of the new version. A pool that there is not has no prefix.
func poolName(pool int, part activity.Part) (name, prefix string) {
	name = [near]string{"ams-light", "ams-heavy"}[pool%near]
	if pool >= fresh {
		name = gray.Prefix + name
	}
	prefix = name + "-"
	switch other := 1 - part.IDC; {
	case pool >= fresh:
		return name, prefix
	case pool < near && !part.Shared():
		return name, prefix
	case pool < near:
		return name, prefix + part.IDC.String()
	case part.Shared():
		return "far-" + name, prefix + other.String()
	}
	return "far-" + name, ""
}
