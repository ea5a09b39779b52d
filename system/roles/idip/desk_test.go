package idip

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/ledger"
	"redpacket/system/roles/idip/delivery"
)

// memory is a ledger that remembers by order alone. It may be held up, and may fail.
type memory struct {
	mu         sync.Mutex
	users      map[api.Order]api.User
	statements int
	rows       int
	gate       chan struct{} // nil: open
	err        error
}

func (m *memory) Deliver(_ context.Context, grants []api.Grant) ([]ledger.Result, error) {
	if m.gate != nil {
		<-m.gate
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.statements++
	m.rows = max(m.rows, len(grants))
	if m.err != nil {
		return nil, m.err
	}
	var results []ledger.Result
	for _, g := range grants {
		result := ledger.Delivered
		if user, there := m.users[g.Order]; there {
			if result = ledger.Repeat; user != g.User {
				result = ledger.Conflict
			}
		} else {
			m.users[g.Order] = g.User
		}
		results = append(results, result)
	}
	return results, nil
}

func offer(games uint8) activity.Activity {
	a := activity.Activity{ID: 1, Games: games}
	for i := range games {
		a.Gifts = append(a.Gifts, activity.Gift{ID: api.Gift(i), Game: i, Shares: 1000, Total: 1000})
	}
	return a
}

// serveFrom runs a desk over a ledger until the test ends.
func serveFrom(t *testing.T, games uint8, rate float64, m *memory) *desk {
	t.Helper()
	m.users = map[api.Order]api.User{}
	d := newDesk(offer(games), rate)
	var workers sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range statementWorkers {
		workers.Go(func() { d.work(ctx, m) })
	}
	t.Cleanup(func() { stop(); workers.Wait() })
	return d
}

// some are n orders of a game, counted from an index, for users counted from one.
func some(game uint8, from, n int, user api.User) (grants []api.Grant) {
	for i := range n {
		grants = append(grants, api.Grant{Order: api.OrderOf(1, api.Gift(game), uint32(from+i)), User: user + api.User(from+i), Fen: 1})
	}
	return grants
}

// ask posts orders of one game and returns the answer and, when it is a good one, the results.
func ask(t *testing.T, d *desk, grants []api.Grant) (*httptest.ResponseRecorder, string) {
	t.Helper()
	body, err := json.Marshal(delivery.OrdersOf(grants))
	if err != nil {
		t.Fatal(err)
	}
	target := "/deliver?game=" + strconv.Itoa(int(grants[0].Order.Gift()))
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, target, strings.NewReader(string(body))))
	if w.Code != http.StatusOK {
		return w, ""
	}
	answers, err := delivery.DecodeAnswers(w.Body, grants)
	if err != nil {
		t.Fatal(err)
	}
	var results []string
	for _, a := range answers {
		results = append(results, a.Result)
	}
	return w, strings.Join(results, " ")
}

func TestDeskAnswersForTheLedger(t *testing.T) {
	d := serveFrom(t, 2, 0, &memory{})
	for _, step := range []struct {
		from, n int
		user    api.User
		want    string
	}{
		{0, 2, 1, "delivered delivered"}, {1, 2, 1, "repeat delivered"}, {2, 1, 50, "conflict"},
	} {
		if w, got := ask(t, d, some(1, step.from, step.n, step.user)); got != step.want {
			t.Fatalf("%+v: %d %q", step, w.Code, got)
		}
	}
	g := d.games[1]
	if g.delivered.Load() != 3 || g.repeats.Load() != 1 || g.conflicts.Load() != 1 || g.peak() != 5 {
		t.Fatalf("counted %d delivered, %d repeats, %d conflicts, peak %d", g.delivered.Load(), g.repeats.Load(),
			g.conflicts.Load(), g.peak())
	}
}

// An order that lost its tag is answered for alone, and the ledger never hears of it.
func TestDeskRefusesALostTag(t *testing.T) {
	m := &memory{}
	d := serveFrom(t, 2, 0, m)
	d.activity.Shadow = true
	orders := some(1, 0, 3, 1)
	orders[1].User = orders[1].User.Pressure()
	if w, got := ask(t, d, orders); got != "delivered tagless delivered" || len(m.users) != 2 || d.tagless.Load() != 1 {
		t.Fatalf("%d %q; %d in the ledger, %d counted", w.Code, got, len(m.users), d.tagless.Load())
	}
	if w, got := ask(t, d, orders[1:2]); got != "tagless" {
		t.Fatalf("%d %q", w.Code, got)
	}
	orders[1].Order = api.OrderOf(api.ShadowOf(1), 1, 1)
	if w, got := ask(t, d, orders); got != "repeat delivered repeat" {
		t.Fatalf("with its tag: %d %q", w.Code, got)
	}
}

func TestDeskRefuses(t *testing.T) {
	d := serveFrom(t, 2, 0, &memory{})
	for target, want := range map[string]int{
		"/deliver": 404, "/deliver?game=2": 404, "/deliver?game=-1": 404, "/deliver?game=256": 404, "/deliver?game=1": 400,
	} {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, target, strings.NewReader("[]")))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", target, w.Code, want)
		}
	}
	w := httptest.NewRecorder()
	large := "[" + strings.Repeat(" ", delivery.MaxBody) + "]"
	d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/deliver?game=1", strings.NewReader(large)))
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", w.Code)
	}
}

func TestDeskKeepsEachGamesLimit(t *testing.T) {
	d := serveFrom(t, 2, 10, &memory{})
	if w, _ := ask(t, d, some(0, 0, 7, 1)); w.Code != http.StatusOK {
		t.Fatalf("7 of 10: %d", w.Code)
	}
	if w, _ := ask(t, d, some(0, 7, 4, 1)); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Fatalf("11 of 10: %d, come back after %q", w.Code, w.Header().Get("Retry-After"))
	}
	if w, _ := ask(t, d, some(0, 7, 3, 1)); w.Code != http.StatusOK {
		t.Fatalf("10 of 10: %d", w.Code)
	}
	if w, _ := ask(t, d, some(1, 0, 10, 1)); w.Code != http.StatusOK {
		t.Fatalf("the other game: %d", w.Code)
	}
	if d.games[0].peak() != 10 || d.games[0].refused.Load() != 4 {
		t.Fatalf("peak %d, refused %d", d.games[0].peak(), d.games[0].refused.Load())
	}
}

func TestDeskDoesNotKnow(t *testing.T) {
	m := &memory{err: errors.New("away")}
	d := serveFrom(t, 1, 0, m)
	if w, _ := ask(t, d, some(0, 0, 1, 1)); w.Code != http.StatusGatewayTimeout {
		t.Fatalf("the ledger fails: %d", w.Code)
	}
	m.mu.Lock()
	m.err = nil
	m.mu.Unlock()
	if w, got := ask(t, d, some(0, 0, 1, 1)); got != "delivered" {
		t.Fatalf("then: %d %q", w.Code, got)
	}
}

// While statements run, requests gather, and go together; beyond what may gather they are refused at once.
func TestDeskGathers(t *testing.T) {
	m := &memory{gate: make(chan struct{})}
	d := serveFrom(t, 9, 0, m)
	var all sync.WaitGroup
	codes := make([]int, maxJobs+20)
	for i := range codes {
		all.Go(func() {
			w, _ := ask(t, d, some(uint8(i%9), i*100, 100, 1))
			codes[i] = w.Code
		})
	}
	for range 2 * statementWorkers { // a busy ledger: the first statements are slow
		m.gate <- struct{}{}
	}
	close(m.gate)
	all.Wait()
	served := 0
	for _, code := range codes {
		switch code {
		case http.StatusOK:
			served++
		case http.StatusServiceUnavailable:
		default:
			t.Fatalf("status %d", code)
		}
	}
	if m.done() != served*100 || m.rows > rowsAtOnce || m.statements >= served {
		t.Fatalf("%d rows for %d requests in %d statements, %d rows in the largest", m.done(), served, m.statements, m.rows)
	}
}

func (m *memory) done() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.users)
}
