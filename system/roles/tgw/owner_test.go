package tgw

import (
	"fmt"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/l5"
	"redpacket/system/pause/pausetest"
)

// userOf is the first user from a number on who is at home in a data centre.
func userOf(idc activity.IDC, from api.User) api.User {
	for activity.Home(from) != idc {
		from++
	}
	return from
}

func (r *rig) asked(name string) int64 { return r.ams[name].calls.Load() }

// Claims and receipts go to the owner, whichever gateway they come to; what is the same for all is answered here.
func TestClaimsAreDecidedByTheOwner(t *testing.T) {
	r := startIn(t, place{l5.Drill(), activity.Part{IDC: activity.B, Of: 2}}, nil, "ams-light-a1", "ams-heavy-a1", "ams-light-b1", "ams-heavy-b1")
	pausetest.Until(t, "the links to a", func() bool { return r.pools[farLight].up() == 1 && r.pools[farHeavy].up() == 1 })
	c, guest, local := r.connect(), userOf(activity.A, 1), userOf(activity.B, 1)
	for _, user := range []api.User{guest, local} {
		c.as(user, "GET /gifts").wants(200, "", `{"code":"ok","op":"list"`)
		c.as(user, "POST /claim?gift=1&server=2").wants(200, "", fmt.Sprintf(`{"code":"ok","op":"claim","gift":1,"server":2,"user":%d`, user))
		c.as(user, "GET /receipt?gift=1").wants(200, "", `{"code":"ok","op":"receipt"`)
	}
	for name, want := range map[string]int64{"ams-light-a1": 1, "ams-heavy-a1": 1, "ams-light-b1": 3, "ams-heavy-b1": 1} {
		if got := r.asked(name); got != want {
			t.Errorf("%s was asked %d times, want %d", name, got, want)
		}
	}
	if got := r.metric("redpacket_forwarded_total"); got != 2 {
		t.Errorf("%g calls forwarded, want 2", got)
	}
	c.as(local, "GET /gifts").wants(200, "", `{"code":"ok"`)
	for home, want := range map[string]float64{"a": 1, "b": 2} { // a journey begins with its list
		if got := r.metric("redpacket_arrivals_total", home); got != want {
			t.Errorf("%g users of %s have arrived, want %g", got, home, want)
		}
	}
}

// An owner who cannot be reached makes its own users wait, and nobody else; the gateway stays healthy.
func TestAnOwnerOutOfReachMeansBusy(t *testing.T) {
	r := startIn(t, place{l5.Drill(), activity.Part{IDC: activity.A, Of: 2}}, nil, "ams-light-a1", "ams-heavy-a1", "ams-heavy-b1")
	pausetest.Until(t, "the link to b", func() bool { return r.pools[farHeavy].up() == 1 })
	r.ams["ams-heavy-b1"].kill()
	pausetest.Until(t, "the link to b to be down", func() bool { return r.pools[farHeavy].up() == 0 })
	c, guest, local := r.connect(), userOf(activity.B, 1), userOf(activity.A, 1)
	c.as(guest, "POST /claim?gift=1&server=2").wants(503, "1", `{"code":"busy"`)
	c.as(guest, "GET /receipt?gift=1").wants(503, "1", `{"code":"busy"`)
	c.as(guest, "GET /gifts").wants(200, "", `{"code":"ok"`)
	c.as(local, "POST /claim?gift=1&server=2").wants(200, "", `{"code":"ok"`)
	if err := r.healthy(); err != nil {
		t.Errorf("without the other data centre the gateway is ill: %v", err)
	}
	if r.asked("ams-heavy-a1") != 1 {
		t.Error("a claim was decided by somebody who does not own it")
	}
}

func TestPoolNames(t *testing.T) {
	two := activity.Part{IDC: activity.B, Of: 2}
	for _, c := range []struct {
		pool         int
		part         activity.Part
		name, prefix string
	}{
		{light, activity.Part{}, "ams-light", "ams-light-"}, {farHeavy, activity.Part{}, "far-ams-heavy", ""},
		{heavy, two, "ams-heavy", "ams-heavy-b"}, {farLight, two, "far-ams-light", "ams-light-a"},
	} {
		if name, prefix := poolName(c.pool, c.part); name != c.name || prefix != c.prefix {
			t.Errorf("pool %d of %+v: %q %q, want %q %q", c.pool, c.part, name, prefix, c.name, c.prefix)
		}
	}
}

// A home whose users were taken over, or are about to be given back, is not asked; any other mode leaves them at home.
func TestUsersWhoWereTakenOver(t *testing.T) {
	for text, want := range map[string]bool{"taken": true, "releasing": true, "mirrored": false, "alone": false, "returning": false, "": false, "rubbish": false} {
		if got := away([]byte(text)); got != want {
			t.Errorf("%q: away %t, want %t", text, got, want)
		}
	}
	r := startIn(t, place{l5.Drill(), activity.Part{IDC: activity.B, Of: 2}}, nil, "ams-heavy-a1", "ams-light-b1", "ams-heavy-b1")
	c, guest := r.connect(), userOf(activity.A, 1)
	r.taken[activity.A].Store(true)
	c.as(guest, "POST /claim?gift=1&server=2").wants(200, "", `{"code":"ok","op":"claim"`)
	r.taken[activity.A].Store(false)
	pausetest.Until(t, "the links to a", func() bool { return r.pools[farHeavy].up() == 1 })
	c.as(userOf(activity.A, guest+1), "POST /claim?gift=1&server=2").wants(200, "", `{"code":"ok","op":"claim"`)
	if a, b := r.asked("ams-heavy-a1"), r.asked("ams-heavy-b1"); a != 1 || b != 1 {
		t.Errorf("a was asked %d times and b %d times; want each once", a, b)
	}
}
