package linkd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"redpacket/system/config"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire/wiretest"
)

// start runs a linkd with one link to an echo until the test ends, and returns when it is healthy.
func start(t *testing.T) config.Config {
	t.Helper()
	cfg := config.Config{Node: "linkd-x", Inner: wiretest.Free(t), Admin: wiretest.Free(t),
		Links: []config.Forward{{Name: "a--b", Listen: wiretest.Free(t), To: wiretest.Serve(t, wiretest.Echo)}}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cfg) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("linkd ended with %v", err)
		}
	})
	pausetest.Until(t, "a healthy linkd", func() bool {
		answer, err := http.Get("http://" + cfg.Admin + "/-/health")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return cfg
}

// trip sends a line through the link and says how long its echo took.
func trip(link string) (time.Duration, error) {
	c, err := net.DialTimeout("tcp", link, time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	began := time.Now()
	fmt.Fprintln(c, "hello")
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && line != "hello\n" {
		err = fmt.Errorf("the echo is %q", line)
	}
	return time.Since(began), err
}

func post(t *testing.T, url, body string) {
	t.Helper()
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("POST %s %s answers %s", url, body, answer.Status)
	}
}

func TestALinkCarriesAndCanBeSlowedAndCut(t *testing.T) {
	cfg := start(t)
	link, api := cfg.Links[0].Listen, "http://"+cfg.Inner+"/proxies/a--b"
	if _, err := trip(link); err != nil {
		t.Fatalf("an unhurt link: %v", err)
	}
	post(t, api+"/toxics", `{"name":"slow","type":"latency","attributes":{"latency":120}}`)
	if took, err := trip(link); err != nil || took < 120*time.Millisecond {
		t.Errorf("a link slowed by 120 ms took %s, %v", took, err)
	}
	post(t, api, `{"enabled":false}`)
	if _, err := trip(link); err == nil {
		t.Error("a cut link carried a line")
	}
	post(t, api, `{"enabled":true}`)
	if _, err := trip(link); err != nil {
		t.Errorf("a healed link: %v", err)
	}
}

func TestMetricsTellOfTheLinks(t *testing.T) {
	cfg := start(t)
	if _, err := trip(cfg.Links[0].Listen); err != nil {
		t.Fatal(err)
	}
	post(t, "http://"+cfg.Inner+"/proxies/a--b", `{"enabled":false}`)
	answer, err := http.Get("http://" + cfg.Admin + "/-/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nredpacket_links_up 0\n", `toxiproxy_proxy_received_bytes_total{direction="upstream"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
}

func TestRunRefusesOrdersThatAreNotALinkds(t *testing.T) {
	if err := Run(t.Context(), config.Config{Node: "x", Inner: "127.0.0.1:0"}); err == nil {
		t.Error("a linkd without links ran")
	}
	taken := wiretest.Listen(t)
	cfg := config.Config{Node: "x", Inner: wiretest.Free(t), Admin: wiretest.Free(t),
		Links: []config.Forward{{Name: "a--b", Listen: taken.Addr().String(), To: wiretest.Free(t)}}}
	if err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "a--b") {
		t.Errorf("a link on a taken address: %v; want an error that names it", err)
	}
}
