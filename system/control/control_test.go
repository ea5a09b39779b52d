package control_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/pause/pausetest"
)

// thrown is every switch at once.
func thrown() control.Settings {
	return control.Settings{SampleOneIn: 10, DropReports: true, TrimValues: true, CourierShare: 0.5, StopIssuing: true, CheapOnly: true,
		StopPromotion: true, SpreadMS: 8000, Drained: control.Drained{A: 100, B: 40}}
}

func TestSwitchesAreReadAsTheyWereWritten(t *testing.T) {
	want := control.Switches{Version: 7, Settings: thrown(), Base: control.Settings{SpreadMS: 100},
		Active: []control.Activation{{Playbook: "P1", By: control.ByTrigger}, {Playbook: "P7", By: control.ByHand}}}
	got, err := control.Parse(want.Text())
	if err != nil || !got.Equal(want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := control.Parse([]byte(`{"version":0}`)); err != nil || !got.Equal(control.Switches{}) {
		t.Errorf("nothing switched: %+v, %v", got, err)
	}
}

func TestBadSwitchesAreRefused(t *testing.T) {
	for text, tells := range map[string]string{
		``:                                                         "EOF",
		`{"version":1}{}`:                                          "behind",
		`{"version":1,"stop":true}`:                                "unknown field",
		`{"version":-1}`:                                           "version",
		`{"version":0,"cheap_only":true}`:                          "version 0",
		`{"version":1,"sample_one_in":20000}`:                      "sample_one_in is 20000",
		`{"version":1,"courier_share":1.5}`:                        "courier_share is 1.5",
		`{"version":1,"courier_share":-1}`:                         "courier_share is -1",
		`{"version":1,"spread_ms":900000}`:                         "spread_ms is 900000",
		`{"version":1,"drained":{"a":101}}`:                        "drained",
		`{"version":1,"drained":{"a":100,"b":100}}`:                "somewhere",
		`{"version":1,"base":{"courier_share":2}}`:                 "courier_share is 2",
		`{"version":1,"active":[{"playbook":"","by":"hand"}]}`:     "playbook 1",
		`{"version":1,"active":[{"playbook":"P1","by":"chance"}]}`: "chance",
		`{"version":1,"active":[{"playbook":"P1","by":"hand"},{"playbook":"P1","by":"hand"}]}`: "playbook 2",
	} {
		if _, err := control.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), tells) {
			t.Errorf("%s: %v; want %q", text, err, tells)
		}
	}
	if (control.Settings{CourierShare: math.NaN()}).Check() == nil {
		t.Error("a share that is no number")
	}
}

// Giving up is a lattice: the order of playbooks does not matter, twice is once, and none gives back what another took.
func TestWhatIsGivenUpAddsUp(t *testing.T) {
	any := rapid.Custom(func(t *rapid.T) control.Settings {
		return control.Settings{
			SampleOneIn: rapid.Uint32Range(0, 20).Draw(t, "sample"), DropReports: rapid.Bool().Draw(t, "drop"),
			TrimValues: rapid.Bool().Draw(t, "trim"), CourierShare: float64(rapid.IntRange(0, 4).Draw(t, "share")) / 4,
			StopIssuing: rapid.Bool().Draw(t, "stop"), CheapOnly: rapid.Bool().Draw(t, "cheap"), StopPromotion: rapid.Bool().Draw(t, "promotion"),
			SpreadMS: rapid.Uint32Range(0, 9).Draw(t, "spread"), Drained: control.Drained{A: uint8(rapid.IntRange(0, 100).Draw(t, "a"))},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := any.Draw(t, "a"), any.Draw(t, "b"), any.Draw(t, "c")
		if a.With(b) != b.With(a) || a.With(b).With(c) != a.With(b.With(c)) || a.With(a) != a || a.With(control.Settings{}) != a {
			t.Fatalf("%+v %+v %+v", a, b, c)
		}
		if err := a.With(b).Check(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWeights(t *testing.T) {
	d := control.Drained{A: 100, B: 40}
	if d.Weight("a") != 0 || d.Weight("b") != 60 || d.Weight("c") != 100 || (control.Drained{}).Weight("a") != 100 {
		t.Errorf("%d %d", d.Weight("a"), d.Weight("b"))
	}
}

func TestOnlyNewerSwitchesAreTaken(t *testing.T) {
	c := control.NewCurrent("tgw", "secret")
	var applied []uint32
	c.OnChange(func(s control.Settings) {
		if n := len(applied); n > 0 && c.Now().SampleOneIn == s.SampleOneIn {
			t.Error("it counts as running before it was applied")
		}
		applied = append(applied, s.SampleOneIn)
	})
	version := func(v uint64, one uint32) control.Switches {
		return control.Switches{Version: v, Settings: control.Settings{SampleOneIn: one}}
	}
	for _, step := range []struct {
		give control.Switches
		want error
	}{{version(3, 5), nil}, {version(3, 5), nil}, {version(3, 6), control.ErrOther}, {version(2, 9), control.ErrOld}, {version(4, 8), nil}} {
		if err := c.Take(step.give); fmt.Sprint(err) != fmt.Sprint(step.want) && !strings.Contains(fmt.Sprint(err), fmt.Sprint(step.want)) {
			t.Errorf("%+v: %v, want %v", step.give, err, step.want)
		}
	}
	if fmt.Sprint(applied) != "[0 5 8]" || c.Now().Version != 4 {
		t.Errorf("applied %v, runs %d", applied, c.Now().Version)
	}
	if c.Take(version(5, 20000)) == nil {
		t.Error("bad switches were taken")
	}
}

func TestPushNeedsTheTokenAndANewerVersion(t *testing.T) {
	c := control.NewCurrent("tgw", "secret")
	c.OnChange(func(control.Settings) {})
	site := httptest.NewServer(c)
	defer site.Close()
	ask := func(method, token, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(method, site.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, strings.TrimSpace(string(text))
	}
	for _, step := range []struct {
		method, token, body string
		status              int
		tells               string
	}{
		{"GET", "", "", 200, `{"node":"tgw","version":0}`},
		{"POST", "", `{"version":2}`, 401, "token"},
		{"POST", "secre", `{"version":2}`, 401, "token"},
		{"POST", "secret", `{"version":2,"stop_issuing":true}`, 200, `{"node":"tgw","version":2,"stop_issuing":true}`},
		{"POST", "secret", `{"version":2,"stop_issuing":true}`, 200, `"version":2`},
		{"POST", "secret", `{"version":1}`, 409, "newer switches"},
		{"POST", "secret", `{"version":2}`, 409, "other switches"},
		{"POST", "secret", `{"vers`, 400, "JSON"},
		{"POST", "secret", `{"version":3,"courier_share":9}`, 400, "courier_share"},
		{"POST", "secret", strings.Repeat(" ", control.MostBody+1), 413, "large"},
		{"DELETE", "secret", "", 405, "GET"},
		{"GET", "", "", 200, `{"node":"tgw","version":2,"stop_issuing":true}`},
	} {
		if status, text := ask(step.method, step.token, step.body); status != step.status || !strings.Contains(text, step.tells) || strings.Contains(text, "\n") {
			t.Errorf("%s %.40s with %q: %d %s; want %d %s", step.method, step.body, step.token, status, text, step.status, step.tells)
		}
	}
	locked := httptest.NewRecorder()
	push := httptest.NewRequest("POST", "/-/switches", strings.NewReader(`{"version":1}`))
	push.Header.Set("Authorization", "Bearer ")
	control.NewCurrent("tgw", "").ServeHTTP(locked, push)
	if locked.Code != 401 {
		t.Errorf("a process without a token answers %d", locked.Code)
	}
}

// A process follows the store through its death, and is pushed to meanwhile.
func TestFollow(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := control.Follow(t.Context(), config.Config{Node: "tgw", Token: "secret", Peers: map[string]string{"control": s.addr}})
	runs := func(version uint64) func() bool { return func() bool { return c.Now().Version == version } }
	store := s.dial()
	write := func(v control.Switches, over uint64) uint64 {
		t.Helper()
		revision, err := store.CAS(t.Context(), control.Key, v.Text(), over)
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	r := write(control.Switches{Version: 1, Settings: control.Settings{CheapOnly: true}}, 0)
	pausetest.Until(t, "the store's version", runs(1))
	s.on.Stop()
	if err := c.Take(control.Switches{Version: 5, Settings: control.Settings{StopIssuing: true}}); err != nil {
		t.Fatal(err)
	}
	s.begin()
	pausetest.Until(t, "the store to be back", store.Up)
	r = write(control.Switches{Version: 4}, r) // older than what was pushed
	if _, err := store.CAS(t.Context(), control.Key, []byte("{"), r); err != nil {
		t.Fatal(err)
	}
	r++
	write(control.Switches{Version: 6, Settings: control.Settings{SpreadMS: 9}}, r)
	pausetest.Until(t, "the newer version", runs(6))
	if now := c.Now(); now.SpreadMS != 9 || now.StopIssuing {
		t.Errorf("runs with %+v", now)
	}
}

// Readers never wait, whatever is being taken.
func TestReadersSeeWholeSwitches(t *testing.T) {
	t.Parallel()
	c := control.NewCurrent("tgw", "")
	var all sync.WaitGroup
	for w := range 2 {
		all.Go(func() {
			for v := range uint64(500) {
				_ = c.Take(control.Switches{Version: 2*v + uint64(w) + 1, Settings: control.Settings{SpreadMS: uint32(2*v) + uint32(w) + 1}})
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for last := uint64(0); last < 900; {
				now := c.Now()
				if uint64(now.SpreadMS) != now.Version || now.Version < last {
					t.Errorf("after %d: %+v", last, now)
					return
				}
				last = now.Version
			}
		})
	}
	all.Wait()
}
