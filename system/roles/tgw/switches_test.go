package tgw

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
)

// with runs the gateway with settings, as a push would.
func (r *rig) with(s control.Settings) {
	r.t.Helper()
	if err := r.switches.Take(control.Switches{Version: r.switches.Now().Version + 1, Settings: s}); err != nil {
		r.t.Fatal(err)
	}
}

// TestSampling: of the users one in five is served, the others hear a default; it is the same users each time, from both
// instances, and claims are not sampled.
func TestSampling(t *testing.T) {
	const users, sample = 400, 5
	r := start(t, nil, "ams-light-1", "ams-light-2", "ams-heavy-1")
	c := r.connect()
	r.with(control.Settings{SampleOneIn: sample})
	served := map[api.User]int{}
	for range 2 {
		for u := range api.User(users) {
			var body struct {
				Code     string
				Degraded []string
				Op       string
				Gifts    []int
			}
			if err := json.Unmarshal([]byte(c.as(u+1, "GET /gifts").body(200)), &body); err != nil || body.Code != "ok" {
				t.Fatalf("%+v %v", body, err)
			}
			switch degraded := len(body.Degraded) == 1 && body.Degraded[0] == "sampled"; {
			case degraded && len(body.Gifts) == len(r.offer.Gifts) && body.Op == "":
			case !degraded && body.Op == "list":
				served[u]++
			default:
				t.Fatalf("user %d hears %+v", u, body)
			}
		}
	}
	if n := len(served); n < users/sample/2 || n > 2*users/sample {
		t.Errorf("%d of %d users were served", n, users)
	}
	for u, n := range served {
		if n != 2 {
			t.Errorf("user %d was served %d times of 2", u, n)
		}
	}
	for _, name := range []string{"ams-light-1", "ams-light-2"} {
		if calls := r.ams[name].calls.Load(); calls < int64(len(served))/4 {
			t.Errorf("%s got %d of %d calls", name, calls, 2*len(served))
		}
	}
	if got := r.metric("redpacket_sampled_total"); got != float64(2*(users-len(served))) {
		t.Errorf("%g sampled out", got)
	}
	var user api.User
	for user = range users {
		if served[user] == 0 {
			break
		}
	}
	c.as(user+1, "GET /servers?gift=3").wants(200, "", `{"code":"ok","degraded":["sampled"],"game":3,"servers":[1,2,`)
	c.as(user+1, "GET /servers?gift=999").wants(200, "", `{"code":"ok","op":"select"`) // the ams' to refuse
	c.as(user+1, claim).wants(200, "", `{"code":"ok","op":"claim"`)
	c.as(user+1, "GET /receipt?gift=3").wants(200, "", `{"code":"ok","op":"receipt"`)
	r.with(control.Settings{})
	c.as(user+1, "GET /gifts").wants(200, "", `{"code":"ok","op":"list"`)
}

// TestSpread: refusals ask for the larger of the rules' window and the switches', from the next one on.
func TestSpread(t *testing.T) {
	r := start(t, func(r *config.Rules) { r.Spread = config.Duration(2 * time.Second) }, both()...)
	c := r.connect()
	window := func() (ms int64) {
		t.Helper()
		var body struct {
			Spread int64 `json:"spread_ms"`
		}
		if err := json.Unmarshal([]byte(c.as(7, claim).body(429)), &body); err != nil {
			t.Fatal(err)
		}
		return body.Spread
	}
	c.as(7, claim).wants(200, "", `{"code":"ok"`)
	for _, step := range []struct {
		ms   uint32
		want int64
	}{{0, 2000}, {9000, 9000}, {500, 2000}, {30_000, 30_000}, {0, 2000}} {
		if r.with(control.Settings{SpreadMS: step.ms}); window() != step.want {
			t.Errorf("switched to %d ms: asked for %d", step.ms, window())
		}
	}
}

// TestDefaultsOfAnEmptyActivity: nothing to offer is still JSON.
func TestDefaultsOfAnEmptyActivity(t *testing.T) {
	r := start(t, nil, both()...)
	for _, a := range []activity.Activity{{}, activity.Festival(1, 0.001)} {
		d := newDefaults(a, r.replies)
		if len(d.lists) != 1 || len(d.servers) != int(a.Games) {
			t.Errorf("%d games: %+v", a.Games, d)
		}
	}
	if got := string(appendNumbers([]byte(`{"gifts":`), nil)); got != `{"gifts":[]}` {
		t.Error(got)
	}
}

// body reads an answer of a status.
func (c *client) body(status int) string {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		c.t.Fatalf("got %d %s (%v), want %d", resp.StatusCode, text, err, status)
	}
	return string(text)
}
