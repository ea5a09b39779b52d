package keeper

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/grantlog"
	"redpacket/system/pair"
)

// usersOf are some users who are at home in an IDC.
func usersOf(idc activity.IDC, n int) (users []api.User) {
	for u := api.User(1); len(users) < n; u++ {
		if activity.Home(u) == idc {
			users = append(users, u)
		}
	}
	return users
}

func TestALostMirrorIsLeftOutAndComesBack(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	a, b := r.sites[0], r.sites[1]
	r.in(t, a, pair.Mirrored)
	r.in(t, b, pair.Mirrored)
	users := usersOf(activity.A, 4)
	r.grants(t, a, users[0])
	b.log.Stop()
	r.in(t, a, pair.Alone)
	r.in(t, b, pair.Leaning)
	if r.witness.is("a") != "alone" || r.witness.is("b") != "leaning" {
		t.Errorf("the witness says %s and %s", r.witness.is("a"), r.witness.is("b"))
	}
	r.grants(t, a, users[1])
	mine := usersOf(activity.B, 1)[0]
	r.grants(t, b, mine)
	a.redis.lose() // and then the store, too: it is filled from the own log
	r.eventually(t, "a refilled", func() bool { s := a.shard(); return s.Open && s.Epoch == 2 })
	if got := a.redis.users(); !slices.Equal(got, users[:2]) {
		t.Errorf("a's Redis has users %v; want %v", got, users[:2])
	}
	if err := b.order(t, cmdTakeOver); err == nil {
		t.Error("b took over without its own log")
	}
	b.start(t, b.addr)
	r.in(t, a, pair.Mirrored)
	r.in(t, b, pair.Mirrored)
	r.grants(t, a, users[2])
	a.redis.lose() // now it is filled from the mirror
	r.eventually(t, "a refilled", func() bool { s := a.shard(); return s.Open && s.Epoch == 3 })
	if got := a.redis.users(); !slices.Equal(got, users[:3]) {
		t.Errorf("a's Redis has users %v; want %v", got, users[:3])
	}
	b.redis.lose()
	r.eventually(t, "b refilled", func() bool { s := b.shard(); return s.Open && s.Epoch == 2 })
	if got := b.redis.users(); !slices.Equal(got, []api.User{mine}) {
		t.Errorf("b's Redis has users %v; want %v", got, mine)
	}
}

func TestNobodyGoesAloneWithoutTheWitness(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	a, b := r.sites[0], r.sites[1]
	r.in(t, a, pair.Mirrored)
	r.witness.mu.Lock()
	r.witness.away = true
	r.witness.mu.Unlock()
	b.log.Stop()
	r.eventually(t, "the mirror counts as lost", func() bool { _, m := a.k.duo.sights(); return m.lost(a.k.clock()) })
	if err := a.grant(t, usersOf(activity.A, 1)[0]); err == nil {
		t.Error("granted with one log, and nobody agreed")
	}
	if s := a.shard(); s.Mode != pair.Mirrored {
		t.Errorf("a is %s", s.Mode)
	}
	r.witness.mu.Lock()
	r.witness.away = false
	r.witness.mu.Unlock()
	r.in(t, a, pair.Alone)
}

// IDC a is lost; b takes its users over, who keep what they have; a comes back, and they are given back with what they
// were granted in between.
func TestTakeOverAndGiveBack(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	a, b := r.sites[0], r.sites[1]
	r.in(t, a, pair.Mirrored)
	r.in(t, b, pair.Mirrored)
	users, mine := usersOf(activity.A, 4), usersOf(activity.B, 1)[0]
	r.grants(t, a, users[0], users[1])
	r.grants(t, b, mine)
	had := a.redis.of(users[0])
	r.witness.mu.Lock()
	r.witness.away = true // so that b cannot go alone yet
	r.witness.mu.Unlock()
	a.stop()
	a.log.Stop()
	r.eventually(t, "b misses its mirror", func() bool { _, mirror := b.k.duo.sights(); return !mirror.up(time.Now()) })
	if err := b.order(t, cmdTakeOver); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "ask again") {
		t.Errorf("a take-over by who waits for a lost mirror: %v", err)
	}
	r.witness.mu.Lock()
	r.witness.away = false
	r.witness.mu.Unlock()
	r.in(t, b, pair.Alone)
	r.witness.set("a", "alone")
	if err := b.order(t, cmdTakeOver); !errors.Is(err, ErrRefused) {
		t.Errorf("a take-over from alone: %v", err)
	}
	r.witness.set("a", "mirrored")
	if err := b.order(t, cmdTakeOver); err != nil {
		t.Fatal(err)
	}
	if s := b.shard(); !s.Open || s.Owns != "a" || r.witness.is("a") != "taken" {
		t.Errorf("b is %+v, and the witness says %s", s, r.witness.is("a"))
	}
	if got := b.redis.of(users[0]); got != had {
		t.Errorf("user %d has %+v in b; in a it was %+v", users[0], got, had)
	}
	r.grants(t, b, users[2], users[0])
	b.redis.lose() // what b knows of a's users must survive its own loss
	r.eventually(t, "b refilled", func() bool { s := b.shard(); return s.Open && s.Epoch == 2 })
	if got := b.redis.users(); !slices.Equal(got, slices.Sorted(slices.Values([]api.User{users[0], users[1], users[2], mine}))) {
		t.Errorf("b's Redis has users %v", got)
	}
	if err := b.order(t, cmdGiveBack); !errors.Is(err, ErrRefused) {
		t.Errorf("a give-back to an IDC that cannot learn of it: %v", err)
	}

	a.start(t, a.addr)
	r.keeper(t, a)
	r.in(t, b, pair.Mirrored)
	r.eventually(t, "a knows that its users are taken", func() bool { s := a.shard(); return s.Mode == pair.Taken && !s.Open })
	if err := b.order(t, cmdGiveBack); err != nil {
		t.Fatal(err)
	}
	r.in(t, a, pair.Mirrored)
	if s := b.shard(); !s.Open || s.Owns != "" {
		t.Errorf("b is %+v", s)
	}
	if got := a.redis.users(); !slices.Equal(got, users[:3]) {
		t.Errorf("a's Redis has users %v; want %v", got, users[:3])
	}
	if got, want := a.redis.of(users[2]), b.redis.of(users[2]); got != want {
		t.Errorf("user %d has %+v in a, and was granted %+v in b", users[2], got, want)
	}
	r.grants(t, a, users[2], users[3])
	a.redis.lose()
	r.eventually(t, "a refilled", func() bool { s := a.shard(); return s.Open && slices.Equal(a.redis.users(), users) })
	if err := b.order(t, cmdGiveBack); !errors.Is(err, ErrRefused) {
		t.Errorf("a second give-back: %v", err)
	}
}

// A log that comes back with an empty disk is filled from the other IDC's, and so is the mirror that it kept.
func TestALogWithoutItsDisk(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	a, b := r.sites[0], r.sites[1]
	r.in(t, a, pair.Mirrored)
	r.in(t, b, pair.Mirrored)
	users, mine := usersOf(activity.A, 2), usersOf(activity.B, 1)[0]
	r.grants(t, a, users...)
	r.grants(t, b, mine)
	a.log.Stop()
	r.in(t, a, pair.Leaning)
	r.in(t, b, pair.Alone)
	a.dir = t.TempDir()
	a.start(t, a.addr)
	r.in(t, a, pair.Mirrored)
	r.in(t, b, pair.Mirrored)
	for _, s := range r.sites {
		for name, l := range map[string]*grantlog.Log{"own log": s.twin.Own, "mirror": s.twin.Mirror} {
			grants := 0
			for b, err := range l.Read(t.Context(), 0) {
				if err != nil {
					t.Fatal(err)
				}
				grants += len(b.Grants)
			}
			if want := map[string]int{"a": 2, "b": 1}[s.idc]; grants < want {
				t.Errorf("%s's %s has %d grants; want %d", s.idc, name, grants, want)
			}
		}
	}
}
