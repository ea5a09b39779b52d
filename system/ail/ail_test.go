package ail

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
	"redpacket/system/wire/wiretest"
)

// served is a process that may be ill, and a link to it.
type served struct {
	*Ail
	link *wire.Link
	owed func() int

	mu    sync.Mutex
	codes map[api.Code]int
	took  map[uint64]time.Time
}

func serve(t *testing.T) *served {
	t.Helper()
	l := wiretest.Listen(t)
	s := &served{Ail: New("ams-light-1", "secret"), codes: map[api.Code]int{}, took: map[uint64]time.Time{}}
	var from atomic.Pointer[wire.Caller]
	well := s.Calls(func(batch []wire.Call, to Caller) {
		var replies []wire.Reply
		for _, c := range batch {
			replies = append(replies, wire.Reply{ID: c.ID, Code: api.OK, Body: []byte(`{"code":"ok"}`)})
		}
		to.Reply(replies)
	})
	go func() {
		_ = wire.ServeCalls(t.Context(), l, func(batch []wire.Call, caller *wire.Caller) {
			from.Store(caller)
			well(batch, caller)
		})
	}()
	s.owed = func() int { return from.Load().Owed() }
	s.link = wire.DialCalls(t.Context(), l.Addr().String(), func(replies []wire.Reply) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range replies {
			s.codes[r.Code]++
			s.took[r.ID] = time.Now()
		}
	})
	pausetest.Until(t, "the link", s.link.Up)
	return s
}

func (s *served) send(t *testing.T, from, n int) {
	t.Helper()
	for id := from; id < from+n; id++ {
		pausetest.Until(t, "room in the link", func() bool { return s.link.Send(wire.Call{ID: uint64(id), User: 7}) })
	}
}

func (s *served) told(code api.Code) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.codes[code]
}

func (s *served) total(what string) (n float64) {
	s.Each(func(name string, total float64) {
		if name == what {
			n = total
		}
	})
	return n
}

func TestAShareOfCallsFails(t *testing.T) {
	s := serve(t)
	if err := s.Fall("flap", Symptoms{Fail: 0.6}, time.Minute); err != nil {
		t.Fatal(err)
	}
	const n = 5000
	s.send(t, 0, n)
	pausetest.Until(t, "all answers", func() bool { return s.told(api.OK)+s.told(api.Malformed) == n })
	if share := float64(s.told(api.Malformed)) / n; math.Abs(share-0.6) > 0.03 {
		t.Errorf("%.3f of the calls failed; want 0.6", share)
	}
	if got := s.total("failed"); int(got) != s.told(api.Malformed) {
		t.Errorf("counted %g failures of %d", got, s.told(api.Malformed))
	}
	s.Heal("flap")
	s.Heal("flap")
	before := s.told(api.Malformed)
	s.send(t, n, 1000)
	pausetest.Until(t, "answers of one that is well", func() bool { return s.told(api.OK) == 2*n-before+1000-n })
	if s.told(api.Malformed) != before {
		t.Error("it fails though it was healed")
	}
}

func TestRepliesAreLostAndOwedNoMore(t *testing.T) {
	s := serve(t)
	if err := s.Fall("lose", Symptoms{Lose: 1}, time.Minute); err != nil {
		t.Fatal(err)
	}
	s.send(t, 0, 100)
	pausetest.Until(t, "100 lost replies", func() bool { return s.total("lost") == 100 && s.owed() == 0 })
	s.Heal("lose")
	s.send(t, 100, 1)
	pausetest.Until(t, "an answer", func() bool { return s.told(api.OK) > 0 })
	if s.told(api.OK) != 1 {
		t.Errorf("%d answers; the lost ones were sent", s.told(api.OK))
	}
}

func TestAnswersComeLate(t *testing.T) {
	s := serve(t)
	const late = 80 * time.Millisecond
	if err := s.Fall("slow", Symptoms{Slow: config.Duration(late)}, time.Minute); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.send(t, 0, 10)
	pausetest.Until(t, "ten calls that are late", func() bool { return s.total("slowed") == 10 })
	s.Heal("slow") // what is on its way stays late
	pausetest.Until(t, "answers", func() bool { return s.told(api.OK) == 10 })
	if took := time.Since(began); took < late {
		t.Errorf("answered after %s; want %s at least", took, late)
	}
}

func TestAnIllnessEndsByItself(t *testing.T) {
	a := New("tgw", "secret")
	if err := a.Fall("clock", Symptoms{Skew: config.Duration(25 * time.Hour)}, 30*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := a.Fall("flap", Symptoms{Fail: 1}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if a.Clock.Skew() != 25*time.Hour || a.Count() != 2 {
		t.Fatalf("the clock is %s ahead, %d illnesses", a.Clock.Skew(), a.Count())
	}
	pausetest.Until(t, "the clock to be right again", func() bool { return a.Clock.Skew() == 0 })
	if a.Count() != 1 || a.now.Load() == nil {
		t.Error("the other illness ended too")
	}
	a.Heal("flap")
	if a.now.Load() != nil {
		t.Error("calls of a process that is well meet a fate")
	}
}

func TestMemoryIsTakenAndGivenBack(t *testing.T) {
	a := New("x", "")
	if err := a.Fall("hoard", Symptoms{Hoard: 1 << 20}, time.Minute); err != nil || len(a.hoard) != 1<<20 {
		t.Fatalf("%d bytes, %v", len(a.hoard), err)
	}
	if err := a.Fall("more", Symptoms{Hoard: MostHoard + 1}, time.Minute); err == nil {
		t.Error("too much was taken")
	}
	a.Heal("hoard")
	if len(a.hoard) != 0 {
		t.Errorf("%d bytes were kept", len(a.hoard))
	}
}

// A new order under a name must not end when the old one's time is over.
func TestAnOrderReplacesTheOneOfItsName(t *testing.T) {
	a := New("tgw", "secret")
	for _, length := range []time.Duration{20 * time.Millisecond, time.Minute} {
		if err := a.Fall("x", Symptoms{Fail: 1}, length); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(60 * time.Millisecond); time.Now().Before(end); {
		if a.Count() != 1 {
			t.Fatal("the older order's time ended the newer one")
		}
	}
}

func TestBadOrdersAreRefusedWhole(t *testing.T) {
	a := New("tgw", "secret")
	server := httptest.NewServer(a)
	defer server.Close()
	ask := func(method, name, token, body string) (int, View) {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+Path+name, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var v View
		_ = json.NewDecoder(answer.Body).Decode(&v)
		return answer.StatusCode, v
	}
	for body, want := range map[string]int{
		`{"fail":1.5,"for":"1s"}`: 400, `{"fail":-1,"for":"1s"}`: 400, `{"for":"1s"}`: 400, `{"fail":1}`: 400, `{"fail":1,"for":"2h"}`: 400,
		`{"slow":"1h","for":"1s"}`: 400, `{"skew":"999999h","for":"1s"}`: 400, `{"fails":1,"for":"1s"}`: 400, `{"fail":1,"for":"1s"} x`: 400,
		strings.Repeat(" ", 2*mostOrder): 400,
	} {
		if status, _ := ask(http.MethodPut, "x", "secret", body); status != want {
			t.Errorf("%.60s: %d, want %d", body, status, want)
		}
	}
	if status, _ := ask(http.MethodPut, "x", "wrong", `{"fail":1,"for":"1s"}`); status != http.StatusUnauthorized {
		t.Errorf("without the token: %d", status)
	}
	if status, _ := ask(http.MethodPost, "x", "secret", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
	if a.Count() != 0 {
		t.Fatal("a refused order made it ill")
	}
	status, v := ask(http.MethodPut, "x", "secret", `{"fail":0.5,"part":"3","for":"1m"}`)
	if e := v.Ails["x"]; status != 200 || e.Fail != 0.5 || e.Part != "3" || e.Left.D() < 50*time.Second {
		t.Errorf("a good order: %d, %+v", status, v)
	}
	if status, v = ask(http.MethodDelete, "x", "secret", ""); status != 200 || len(v.Ails) != 0 {
		t.Errorf("healed: %d, %+v", status, v)
	}
}

func TestOneGamesRequestsAreIll(t *testing.T) {
	a := New("idip", "secret")
	var done atomic.Int64
	handler := a.Requests(func(r *http.Request) string { return r.URL.Query().Get("game") },
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			done.Add(1)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte("[]"))
		}))
	server := httptest.NewServer(handler)
	defer server.Close()
	get := func(game string) (int, error) {
		answer, err := http.Get(server.URL + "/?game=" + game)
		if err != nil {
			return 0, err
		}
		_ = answer.Body.Close()
		return answer.StatusCode, nil
	}
	fall := func(s Symptoms) {
		if err := a.Fall("x", s, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	fall(Symptoms{Fail: 1, Part: "3"})
	if status, _ := get("3"); status != 500 || done.Load() != 0 {
		t.Errorf("failing: %d, done %d", status, done.Load())
	}
	if status, _ := get("4"); status != 202 {
		t.Errorf("the other game: %d", status)
	}
	fall(Symptoms{Slow: config.Duration(50 * time.Millisecond), Part: "3"})
	began := time.Now()
	if status, _ := get("3"); status != 202 || time.Since(began) < 50*time.Millisecond {
		t.Errorf("slow: %d after %s", status, time.Since(began))
	}
	done.Store(0)
	fall(Symptoms{Lose: 1, Part: "3"})
	if _, err := get("3"); err == nil || done.Load() == 0 {
		t.Errorf("a reply that is lost: %v, done %d", err, done.Load())
	}
	a.Heal("x")
	if status, _ := get("3"); status != 202 {
		t.Errorf("healed: %d", status)
	}
}

// What a process that is well pays for it: one atomic load a batch.
func BenchmarkWell(b *testing.B) {
	a := New("x", "")
	take := a.Calls(func([]wire.Call, Caller) {})
	batch := make([]wire.Call, 64)
	for b.Loop() {
		take(batch, nil)
	}
}
