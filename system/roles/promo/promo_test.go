package promo

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/pause/pausetest"
	"redpacket/system/promotion"
	"redpacket/system/wire/wiretest"
)

const token = "the run's token"

// said is what the admin port answers, once it does.
func said(t *testing.T, r *http.Request) string {
	t.Helper()
	for end := time.Now().Add(pausetest.Within); ; {
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			if time.Now().After(end) {
				t.Fatal(err)
			}
			<-time.After(2 * time.Millisecond)
			continue
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s %s is answered %d %s, %v", r.Method, r.URL.Path, answer.StatusCode, text, err)
		}
		return string(text)
	}
}

func TestTheValveIsTheSwitch(t *testing.T) {
	cfg := config.Config{Node: "promo", Admin: wiretest.Free(t), Front: wiretest.Free(t), Token: token}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- Run(ctx, cfg) }()
	client := promotion.Dial(cfg.Front, time.Second)
	defer client.Close()
	turn := func(s control.Switches) string {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+cfg.Admin+"/-/switches", strings.NewReader(string(s.Text())))
		r.Header.Set("Authorization", "Bearer "+token)
		return said(t, r)
	}
	metrics := func() string {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cfg.Admin+"/-/metrics", nil)
		return said(t, r)
	}
	for _, step := range []struct {
		s      control.Switches
		closed bool
		open   string
	}{
		{control.Switches{Version: 1, Settings: control.Settings{SpreadMS: 9}}, false, "open 1"},
		{control.Switches{Version: 2, Settings: control.Settings{StopPromotion: true}}, true, "open 0"},
		{control.Switches{Version: 3, Settings: control.Settings{StopPromotion: true, SpreadMS: 9}}, true, "open 0"},
		{control.Switches{Version: 4}, false, "open 1"},
	} {
		if echo := turn(step.s); !strings.Contains(echo, `"node":"promo"`) {
			t.Errorf("version %d is echoed as %s", step.s.Version, echo)
		}
		v, err := client.Ask(ctx)
		if err != nil || v.Closed != step.closed {
			t.Errorf("by version %d the valve is %+v, %v; want closed: %v", step.s.Version, v, err, step.closed)
		}
		if m := metrics(); !strings.Contains(m, "redpacket_promotion_"+step.open) {
			t.Errorf("by version %d the metrics say:\n%s", step.s.Version, m)
		}
	}
	if m := metrics(); !strings.Contains(m, "redpacket_promotion_turns_total 2") || !strings.Contains(m, "redpacket_promotion_asked_total 4") {
		t.Errorf("the metrics say:\n%s", m)
	}
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	l := wiretest.Listen(t)
	for _, cfg := range []config.Config{{Node: "promo", Front: l.Addr().String(), Admin: wiretest.Free(t)}, {Node: "promo", Front: wiretest.Free(t), Admin: l.Addr().String()}} {
		if err := Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "promo") {
			t.Errorf("error is %v", err)
		}
	}
}
