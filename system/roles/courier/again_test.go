package courier

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/roles/idip/delivery"
)

// game is a delivery interface that remembers who was asked for when.
type game struct {
	mu     sync.Mutex
	window *delivery.Window
	asked  []api.Order
	refuse bool
}

func (g *game) Deliver(_ context.Context, _ uint8, grants []api.Grant) (answers []delivery.Answer, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse {
		return nil, errors.New("the game is away")
	}
	g.window.Add(time.Now(), len(grants))
	for _, o := range grants {
		g.asked = append(g.asked, o.Order)
		answers = append(answers, delivery.Answer{Order: o.Order, Result: delivery.Delivered})
	}
	return answers, nil
}

// quiet is a lane with nothing in it.
type quiet struct{}

func (quiet) Next(ctx context.Context, _ int) ([]api.Grant, func(context.Context) error, error) {
	<-ctx.Done()
	return nil, nil, ctx.Err()
}

// endless is a lane that always has more.
type endless struct{ next uint32 }

func (e *endless) Next(_ context.Context, most int) (grants []api.Grant, done func(context.Context) error, err error) {
	for range most {
		grants = append(grants, api.Grant{Order: api.OrderOf(1, 0, 1<<20+e.next), User: 1, Fen: 1})
		e.next++
	}
	return grants, func(context.Context) error { return nil }, nil
}

// lane runs a round of game 0 until the test ends.
func lane(t *testing.T, from source, g *game, rate float64) (desk, *counts) {
	t.Helper()
	a := activity.Activity{ID: 1, Games: 1, Gifts: []activity.Gift{{Shares: 1 << 21, Total: 1 << 30}}}
	n := &counts{}
	r := newRound(0, config.Config{Rules: config.Rules{DeliveryRate: rate}, Activity: a}, n)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx, from, g) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	return desk{a, []*round{r}}, n
}

// post asks for n orders again and returns the status.
func post(ctx context.Context, t *testing.T, d desk, n int, target string) int {
	t.Helper()
	var grants []api.Grant
	for i := range n {
		grants = append(grants, api.Grant{Order: api.OrderOf(1, 0, uint32(i)), User: api.User(i + 1), Fen: 1})
	}
	body, err := json.Marshal(delivery.OrdersOf(grants))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, target, strings.NewReader(string(body))).WithContext(ctx))
	if w.Code == http.StatusOK {
		if _, err := delivery.DecodeAnswers(w.Body, grants); err != nil {
			t.Error(err)
		}
	}
	return w.Code
}

func TestAgainThroughAnIdleLane(t *testing.T) {
	t.Parallel()
	g := &game{window: delivery.NewWindow(0)}
	d, n := lane(t, quiet{}, g, 100)
	if status := post(t.Context(), t, d, 150, "/deliver?game=0"); status != http.StatusOK {
		t.Fatal(status)
	}
	if n.reissues.Load() != 150 || n.delivered.Load() != 150 || g.window.Peak() > 100 {
		t.Fatalf("%d again, %d delivered, peak %d", n.reissues.Load(), n.delivered.Load(), g.window.Peak())
	}
}

// Orders asked for again get through beside a lane that is never empty, and take a tenth of it.
func TestAgainBesideABusyLane(t *testing.T) {
	t.Parallel()
	g := &game{window: delivery.NewWindow(0)}
	d, _ := lane(t, &endless{}, g, 0)
	for range 3 {
		if status := post(t.Context(), t, d, 200, "/deliver?game=0"); status != http.StatusOK {
			t.Fatal(status)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	again := 0
	for _, o := range g.asked {
		if o.Index() < 1<<20 {
			again++
		}
	}
	if again != 600 || len(g.asked) < 2*againEvery*200 {
		t.Fatalf("%d of %d were asked again", again, len(g.asked))
	}
}

func TestAgainGivesUp(t *testing.T) {
	t.Parallel()
	g := &game{window: delivery.NewWindow(0), refuse: true}
	d, n := lane(t, quiet{}, g, 0)
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if status := post(short, t, d, 3, "/deliver?game=0"); status != http.StatusGatewayTimeout {
		t.Fatal(status)
	}
	for target, want := range map[string]int{"/deliver?game=1": 404, "/deliver?game=x": 404} {
		if status := post(t.Context(), t, d, 3, target); status != want {
			t.Errorf("%s: %d", target, status)
		}
	}
	if status := post(t.Context(), t, d, 0, "/deliver?game=0"); status != http.StatusBadRequest {
		t.Error(status)
	}
	for d.rounds[0].again.add(job{ctx: t.Context(), done: make(chan []delivery.Answer, 1)}) {
	}
	if status := post(t.Context(), t, d, 1, "/deliver?game=0"); status != http.StatusServiceUnavailable {
		t.Error(status)
	}
	g.mu.Lock()
	g.refuse = false
	g.mu.Unlock()
	if n.reissues.Load() != 0 {
		t.Error("an order that nobody waited for was counted")
	}
}
