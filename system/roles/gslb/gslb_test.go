package gslb

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/config"
	"redpacket/system/names"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire/wiretest"
)

// rig is a gslb before two gateways that are healthy as they are told.
type rig struct {
	*balancer
	t      *testing.T
	ill    [2]atomic.Bool
	admin  string
	client *names.Client
}

const token = "0123456789abcdef"

func start(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t}
	cfg := config.Config{Node: "gslb", Admin: wiretest.Free(t), Front: "127.0.0.1:0", Token: token, Rules: config.Default()}
	cfg.Rules.Balance.Every = config.Duration(5 * time.Millisecond)
	for i, idc := range []string{"a", "b"} {
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if r.ill[i].Load() {
				http.Error(w, "no ams", http.StatusServiceUnavailable)
			}
		}))
		t.Cleanup(gateway.Close)
		cfg.Sites = append(cfg.Sites, config.Site{IDC: idc, Node: "tgw-" + idc, Front: "10.0.0." + string(rune('1'+i)) + ":8080",
			Admin: gateway.Listener.Addr().String()})
	}
	var err error
	if r.balancer, err = newBalancer(cfg); err != nil {
		t.Fatal(err)
	}
	server, err := names.Listen(cfg.Front, r.lookup)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- r.run(ctx, cfg, server) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Errorf("the gslb ended with %v", err)
		}
	})
	r.admin = cfg.Admin
	if r.client, err = names.Dial(server.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.client.Close() })
	pausetest.Until(r.t, "healthy", func() bool { return r.healthy() == nil })
	return r
}

// at is where a region's users are sent.
func (r *rig) at(region string) string {
	r.t.Helper()
	answers, err := r.client.Ask([]names.Question{{Name: names.Front(region)}}, 5*time.Second)
	if err != nil || len(answers[0].Addrs) != 1 || answers[0].TTL != time.Second {
		r.t.Fatalf("region %s: %+v, %v", region, answers, err)
	}
	return answers[0].Addrs[0].String()
}

func (r *rig) post(token, body string) (int, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://"+r.admin+"/-/weights", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

func TestUsersGoHomeAndWhereWeightsAndHealthSendThem(t *testing.T) {
	r := start(t)
	const a, b = "10.0.0.1", "10.0.0.2"
	if r.at("a") != a || r.at("b") != b {
		t.Fatalf("at home: %s and %s", r.at("a"), r.at("b"))
	}
	status, text := r.post(token, `{"region":"a","weights":{"b":100}}`)
	if status != http.StatusOK || !strings.Contains(text, `"weights":{"a":{"a":0,"b":100},"b":{"a":0,"b":100}}`) {
		t.Errorf("a change: %d %s", status, text)
	}
	if r.at("a") != b {
		t.Error("region a did not move")
	}
	r.ill[1].Store(true)
	pausetest.Until(r.t, "b is out", func() bool { return r.at("a") == a && r.at("b") == a })
	if err := r.healthy(); err != nil {
		t.Errorf("a gateway's illness is not the gslb's: %v", err)
	}
	r.ill[0].Store(true)
	pausetest.Until(r.t, "none is healthy, and the weights decide", func() bool { return r.at("a") == b && r.at("b") == b })
	r.ill[0].Store(false)
	r.ill[1].Store(false)
	pausetest.Until(r.t, "all are back", func() bool { return r.now.Load().healthy[0] && r.now.Load().healthy[1] })
	if status, _ := r.post(token, `{"region":"a","weights":{"a":100}}`); status != http.StatusOK || r.at("a") != a {
		t.Errorf("region a did not come back: %d", status)
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	r := start(t)
	for name, c := range map[string]struct {
		token, body string
		want        int
	}{
		"no token":      {"", `{"weights":{"b":1}}`, http.StatusForbidden},
		"another token": {"0123456789abcdee", `{"weights":{"b":1}}`, http.StatusForbidden},
		"no JSON":       {token, `weights`, http.StatusBadRequest},
		"unknown field": {token, `{"weight":{"b":1}}`, http.StatusBadRequest},
		"nowhere to go": {token, `{"weights":{"b":0}}`, http.StatusBadRequest},
		"no region":     {token, `{"region":"c","weights":{"b":1}}`, http.StatusBadRequest},
		"far too long":  {token, `{"region":"` + strings.Repeat("a", maxChange) + `"}`, http.StatusBadRequest},
	} {
		if got, text := r.post(c.token, c.body); got != c.want {
			t.Errorf("%s: %d %s, want %d", name, got, text, c.want)
		}
	}
	if r.changes.Load() != 0 || r.at("a") != "10.0.0.1" {
		t.Error("a refused change changed something")
	}
	r.token = ""
	if got, _ := r.post("", `{"weights":{"b":1}}`); got != http.StatusForbidden {
		t.Errorf("without a token of its own the gslb allowed a change: %d", got)
	}
}

func TestOrdersThatMakeNoSense(t *testing.T) {
	good := config.Config{Node: "gslb", Rules: config.Default(), Sites: []config.Site{{IDC: "a", Front: "10.0.0.1:80"}}}
	if _, err := newBalancer(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*config.Config){
		"no sites":     func(c *config.Config) { c.Sites = nil },
		"no address":   func(c *config.Config) { c.Sites = []config.Site{{IDC: "a", Front: "nowhere:80"}} },
		"a site twice": func(c *config.Config) { c.Sites = append(c.Sites, c.Sites...) },
		"no TTL":       func(c *config.Config) { c.Rules.Balance.TTL = 0 },
		"no rise":      func(c *config.Config) { c.Rules.Balance.Rise = 0 },
	} {
		c := good
		if spoil(&c); Run(t.Context(), c) == nil {
			t.Errorf("%s: it ran", name)
		}
	}
}

// A switch drains a data centre, past the weights, and lets go again.
func TestASwitchDrains(t *testing.T) {
	r := start(t)
	push := func(body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.admin+"/-/switches", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(request)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%v %v", answer, err)
		}
		_ = answer.Body.Close()
	}
	push(`{"version":1,"drained":{"a":100}}`)
	if r.at("a") != "10.0.0.2" || r.at("b") != "10.0.0.2" {
		t.Errorf("a is drained, and users go to %s and %s", r.at("a"), r.at("b"))
	}
	push(`{"version":2}`)
	if r.at("a") != "10.0.0.1" || r.at("b") != "10.0.0.2" {
		t.Errorf("rolled back, and users go to %s and %s", r.at("a"), r.at("b"))
	}
}
