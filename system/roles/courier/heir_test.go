package courier

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/pair"
	"redpacket/system/pause/pausetest"
	"redpacket/system/roles/idip/delivery"
	"redpacket/system/roles/logd"
)

// While a's users are taken over, b's courier delivers what a had logged, but not what is void; before and after it does not.
func TestInherit(t *testing.T) {
	t.Parallel()
	offer := activity.Activity{ID: 1, Games: 1, Gifts: []activity.Gift{{Shares: 100, Total: 10_000}}}
	server, err := logd.Start(logd.Options{Name: "log-b", Listen: "127.0.0.1:0", Data: t.TempDir(), Games: 1, IDC: "b", Mirror: "a"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if err := server.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	mirror, err := grantlog.Open(server.Addr(), grantlog.MirrorStream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mirror.Close)
	var mu sync.Mutex
	var got []api.Order
	game := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		grants, err := delivery.DecodeOrders(r.Body, offer, 0)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answers := make([]delivery.Answer, len(grants))
		mu.Lock()
		defer mu.Unlock()
		for i, g := range grants {
			got, answers[i] = append(got, g.Order), delivery.Answer{Order: g.Order, Result: delivery.Delivered}
		}
		_ = json.NewEncoder(w).Encode(answers)
	}))
	t.Cleanup(game.Close)
	say := func(s grantlog.Shard) grantlog.Shard {
		t.Helper()
		s, err := mirror.Announce(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	log := func(s grantlog.Shard, number uint64) {
		t.Helper()
		b := grantlog.Batch{Epoch: s.Epoch, Writer: "w", Number: number, Grants: []api.Grant{{Order: api.OrderOf(1, 0, uint32(number)), User: api.User(number), Fen: 100, Server: 1}}}
		if err := mirror.Publish(t.Context(), s.Fence, b); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Config{Activity: offer, Part: activity.Part{IDC: activity.B, Of: 2}}
	h := &heir{c: &courier{switches: control.NewCurrent(cfg.Node, cfg.Token)}, cfg: cfg, log: mirror, idip: strings.TrimPrefix(game.URL, "http://")}
	ctx, stop := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() { _ = h.inherit(ctx) })
	t.Cleanup(func() { stop(); parts.Wait() })

	s := say(grantlog.Shard{IDC: "a", Epoch: 1, Primary: "cmem-a1", Open: true, Pair: grantlog.Pair{Mode: pair.Mirrored, By: "one"}})
	log(s, 1)
	log(s, 2)
	log(s, 3)
	s.Mode, s.Open, s.Epoch, s.By, s.Void = pair.Taken, false, 2, "two", grantlog.NewSeqs(s.Fence+2)
	s = say(s)
	pausetest.Until(t, "the two that are believed", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) == 2
	})
	s.Mode, s.Epoch, s.By = pair.Returning, 3, "three"
	say(s)
	mu.Lock()
	defer mu.Unlock()
	if want := []api.Order{api.OrderOf(1, 0, 1), api.OrderOf(1, 0, 3)}; !slices.Equal(got, want) {
		t.Errorf("delivered %v; want %v", got, want)
	}
}
