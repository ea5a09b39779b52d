package tgw

import (
	"io"
	"net/http"
	"testing"

	"redpacket/system/api"
	"redpacket/system/control"
	"redpacket/system/gray"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
)

func withGray() []string {
	return []string{"ams-light-1", "ams-heavy-1", "gray-ams-light-1", "gray-ams-heavy-1"}
}

// version reads an answer: its code's status, and the version that it names.
func (c *client) version() (status int, version string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get(gray.Header)
}

// TestAUserGetsTheSameVersion: at each share each user's reads and claims go to the version that is the user's, the answer names it,
// and both versions' instances have got what was said.
func TestAUserGetsTheSameVersion(t *testing.T) {
	const users = 300
	r := start(t, nil, withGray()...)
	c := r.connect()
	before := map[string]int64{}
	for _, percent := range gray.Stages() {
		r.with(control.Settings{GrayPercent: uint8(percent)})
		want := map[string]int64{}
		for user := api.User(1); user <= users; user++ {
			set := ""
			if gray.Takes(user, percent) {
				set = gray.Version
			}
			c.as(user, "GET /gifts")
			if status, version := c.version(); status != 200 || version != set {
				t.Fatalf("at %d %% user %d is answered %d by %q, want %q", percent, user, status, version, set)
			}
			want[set]++
		}
		for name, set := range map[string]string{"ams-light-1": "", "gray-ams-light-1": gray.Version} {
			calls := r.ams[name].calls.Load()
			if got := calls - before[name]; got != want[set] {
				t.Errorf("at %d %% %s got %d calls, want %d", percent, name, got, want[set])
			}
			before[name] = calls
		}
	}
	r.with(control.Settings{GrayPercent: 50})
	for user := api.User(1); user <= 20; user++ {
		c.as(user, claim)
		if status, version := c.version(); status != 200 || (version == gray.Version) != gray.Takes(user, 50) {
			t.Errorf("the claim of user %d is answered %d by %q", user, status, version)
		}
	}
}

// TestRefusalsNameTheirVersion: what the new version refuses in a code alone is marked too; what the gateway says by itself is not.
func TestRefusalsNameTheirVersion(t *testing.T) {
	r := start(t, nil, withGray()...)
	r.with(control.Settings{GrayPercent: 100})
	c := r.connect()
	r.ams["gray-ams-light-1"].answer(func(batch []wire.Call, from *wire.Caller) {
		for _, call := range batch {
			from.Reply([]wire.Reply{{ID: call.ID, Code: api.Busy}})
		}
	})
	for line, want := range map[string]string{"GET /gifts": gray.Version, "GET /static/0": "", "GET /nowhere": ""} {
		if _, version := c.as(7, line).version(); version != want {
			t.Errorf("%s is answered by %q, want %q", line, version, want)
		}
	}
}

// TestADeadVersionHurtsNobody: users of a version that cannot be reached are served by the old one, and counted.
func TestADeadVersionHurtsNobody(t *testing.T) {
	r := start(t, nil, withGray()...)
	r.with(control.Settings{GrayPercent: 100})
	r.ams["gray-ams-light-1"].kill()
	pausetest.Until(t, "the link to be down", func() bool { return r.pools[fresh+light].up() == 0 })
	if status, version := r.connect().as(7, "GET /gifts").version(); status != 200 || version != "" {
		t.Errorf("answered %d by %q", status, version)
	}
	if n := r.metric("redpacket_astray_total"); n != 1 {
		t.Errorf("%.0f calls are counted as astray", n)
	}
	none := start(t, nil, both()...)
	none.with(control.Settings{GrayPercent: 50})
	if status, version := none.connect().as(7, "GET /gifts").version(); status != 200 || version != "" {
		t.Errorf("where there is no new version: answered %d by %q", status, version)
	}
}
