package zhiyun

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/control/ops"
	"redpacket/system/control/playbook"
	"redpacket/system/pause/pausetest"
	"redpacket/system/roles/logd"
)

const token = "00112233445566778899aabbccddeeff"

// process is one process of the system: its switches, its metrics, and whether it answers.
type process struct {
	*control.Current
	site    *httptest.Server
	name    string
	role    string
	deaf    atomic.Bool
	metrics atomic.Pointer[string]
}

func (p *process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case p.deaf.Load():
		http.Error(w, "deaf", http.StatusServiceUnavailable)
	case r.URL.Path == "/-/metrics":
		_, _ = io.WriteString(w, *p.metrics.Load())
	default:
		p.Current.ServeHTTP(w, r)
	}
}

// system is some processes, a control store and a platform; all real but the processes.
type system struct {
	*platform
	t         *testing.T
	dir, addr string
	store     *logd.Server
	processes []*process
	watcher   *watcher
	api       *httptest.Server
	at        time.Time // what the watcher's clock shows
}

func (s *system) startStore() {
	s.t.Helper()
	on, err := logd.Start(logd.Options{Name: "control", Listen: s.addr, Data: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	s.store, s.addr = on, on.Addr()
	if err := control.Create(s.t.Context(), s.addr); err != nil {
		s.t.Fatal(err)
	}
}

// start brings up a system of n processes that follow the store, and a platform that knows it.
func start(t *testing.T, n int) *system {
	t.Helper()
	s := &system{t: t, dir: t.TempDir(), addr: "127.0.0.1:0", at: time.Unix(0, 0)}
	s.startStore()
	t.Cleanup(func() { s.store.Stop() })
	for i := range n {
		p := &process{name: fmt.Sprintf("tgw-%d", i+1), role: "tgw"}
		p.Current = control.NewCurrent(p.name, token)
		p.Current.Follow(t.Context(), s.config())
		p.metrics.Store(new(string))
		p.site = httptest.NewServer(p)
		t.Cleanup(p.site.Close)
		s.processes = append(s.processes, p)
	}
	s.platformAnew()
	return s
}

func (s *system) config() config.Config {
	c := config.Config{Node: "zhiyun", Token: token, Peers: map[string]string{"control": s.addr}}
	for _, p := range s.processes {
		c.Instances = append(c.Instances, config.Instance{Node: p.name, Role: p.role, IDC: "a", Admin: strings.TrimPrefix(p.site.URL, "http://")})
	}
	return c
}

// platformAnew is a platform that has just started.
func (s *system) platformAnew() {
	s.t.Helper()
	s.platform = newPlatform(s.config(), playbook.Register())
	store, err := control.Dial(s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(store.Close)
	s.platform.store = store
	s.watcher = &watcher{platform: s.platform, watch: playbook.NewWatch(s.books), capacity: config.Capacity{Requests: 1000}}
	mux := http.NewServeMux()
	for pattern, h := range routes(s.platform, s.watcher, token) {
		mux.Handle(pattern, h)
	}
	s.api = httptest.NewServer(mux)
	s.t.Cleanup(s.api.Close)
	s.learn(s.t.Context())
}

// call asks the API.
func (s *system) call(method, path, body, with string) (status int, text string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.api.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+with)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(b))
}

// client is the platform as other programs ask it.
func (s *system) client() ops.Client { return ops.Client{URL: s.api.URL + "/", Token: token} }

// done is a change that must be effective.
func (s *system) done(method, path, body string) ops.Outcome {
	s.t.Helper()
	status, text := s.call(method, path, body, token)
	var o ops.Outcome
	if err := json.Unmarshal([]byte(text), &o); err != nil || status != 200 || !o.Effective || o.Instances != len(s.processes) {
		s.t.Fatalf("%s %s: %d %s (%v)", method, path, status, text, err)
	}
	return o
}

// runs checks what every process runs with.
func (s *system) runs(version uint64, want control.Settings) {
	s.t.Helper()
	for _, p := range s.processes {
		if now := p.Now(); now.Version != version || now.Settings != want {
			s.t.Errorf("%s runs with %+v, want version %d of %+v", p.name, now, version, want)
		}
	}
}

func TestPlaybooksComeAndGoInAnyOrder(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	if o := s.done("PUT", "/switches", `{"spread_ms":20000}`); o.Version != 1 || !o.Changed || !o.Stored {
		t.Errorf("%+v", o)
	}
	s.done("POST", "/playbooks/P1/activate", "")
	s.done("POST", "/playbooks/P10/activate", "")
	s.runs(3, control.Settings{SpreadMS: 20_000, SampleOneIn: 10, StopIssuing: true})
	if o := s.done("POST", "/playbooks/P10/activate", ""); o.Version != 3 || o.Changed || !o.Stored {
		t.Errorf("twice is not once: %+v", o)
	}
	s.done("POST", "/playbooks/P1/rollback", "")
	s.runs(4, control.Settings{SpreadMS: 20_000, StopIssuing: true})
	if o := s.done("POST", "/playbooks/P1/rollback", ""); o.Version != 4 || o.Changed {
		t.Errorf("twice is not once: %+v", o)
	}
	if o := s.done("PUT", "/switches", `{"version":4,"spread_ms":20000}`); o.Version != 4 || o.Changed {
		t.Errorf("the same settings again: %+v", o)
	}
	s.done("PUT", "/switches", `{"version":4}`)
	s.done("POST", "/playbooks/P10/rollback", "")
	s.runs(6, control.Settings{})
}

func TestTheAPIRefusesInOneLine(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	s.done("PUT", "/switches", `{"cheap_only":true}`)
	for _, c := range []struct {
		method, path, body, token string
		status                    int
		tells                     string
	}{
		{"PUT", "/switches", `{}`, "", 401, "token"},
		{"POST", "/playbooks/P1/activate", "", token[1:], 401, "token"},
		{"POST", "/playbooks/P1/rollback", "", "", 401, "token"},
		{"POST", "/playbooks/P77/activate", "", token, 404, "P9a"},
		{"POST", "/playbooks/P77/rollback", "", token, 404, "P9a"},
		{"PUT", "/switches", `{"version":7}`, token, 409, "version 1 is in force"},
		{"PUT", "/switches", `{"courier_share":7}`, token, 400, "courier_share"},
		{"PUT", "/switches", `{"stop":1}`, token, 400, "unknown field"},
		{"PUT", "/switches", strings.Repeat(" ", control.MostBody+1), token, 413, "large"},
		{"GET", "/playbooks/P1/activate", "", token, 405, ""},
	} {
		status, text := s.call(c.method, c.path, c.body, c.token)
		if status != c.status || !strings.Contains(text, c.tells) || strings.Contains(text, "\n") {
			t.Errorf("%s %s %.30s: %d %s; want %d %q", c.method, c.path, c.body, status, text, c.status, c.tells)
		}
	}
	s.done("POST", "/playbooks/P9a/activate", "")
	if status, text := s.call("POST", "/playbooks/P9b/activate", "", token); status != 400 || !strings.Contains(text, "users must go somewhere") {
		t.Errorf("both data centres drained: %d %s", status, text)
	}
	s.runs(2, control.Settings{CheapOnly: true, Drained: control.Drained{A: 100}})
}

// Without the store, changes are pushed; when it is back, it and a process that slept through are brought up to them.
func TestTheStoreIsAway(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	s.done("POST", "/playbooks/P7/activate", "")
	s.store.Stop()
	pausetest.Until(t, "the loss to be seen", func() bool { return !s.platform.store.Up() })
	o := s.done("POST", "/playbooks/P1/activate", "")
	if !o.Changed || o.Stored || o.Version != 2 || o.TookMS > 2000 {
		t.Errorf("%+v", o)
	}
	s.runs(2, control.Settings{SampleOneIn: 10, SpreadMS: 15_000})
	s.platformAnew() // which learns it from the processes
	if o := s.done("POST", "/playbooks/P1/activate", ""); o.Changed || o.Version != 2 {
		t.Errorf("a platform that started anew: %+v", o)
	}
	anew := s.processes[0]
	anew.Current = control.NewCurrent(anew.name, token)
	s.startStore()
	pausetest.Until(t, "the store to be back", s.platform.store.Up)
	s.watcher.repair(t.Context())
	s.runs(2, control.Settings{SampleOneIn: 10, SpreadMS: 15_000})
	if kept, found := s.look(t.Context()); !found || !kept.switches.Equal(*s.wanted.Load()) {
		t.Errorf("the store holds %+v, want %+v", kept.switches, s.wanted.Load())
	}
	if o := s.done("POST", "/playbooks/P1/rollback", ""); !o.Stored || o.Version != 3 {
		t.Errorf("%+v", o)
	}
}

func TestWhoDoesNotEchoIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	s.processes[1].deaf.Store(true)
	s.store.Stop() // it would hear it from there
	status, text := s.call("POST", "/playbooks/P1/activate", "", token)
	var o ops.Outcome
	if err := json.Unmarshal([]byte(text), &o); err != nil || status != 504 || o.Effective || len(o.Missing) != 1 || !strings.Contains(o.Missing[0], "tgw-2: ") {
		t.Errorf("%d %s (%v)", status, text, err)
	}
	if o.TookMS > 5000 {
		t.Errorf("it took %d ms to say so", o.TookMS)
	}
	var v ops.View
	if _, text := s.call("GET", "/switches", "", ""); json.Unmarshal([]byte(text), &v) != nil || v.Runs["tgw-1"] != 1 || v.Silent["tgw-2"] == "" || len(v.Runs) != 2 {
		t.Errorf("%s", text)
	}
	s.processes[1].deaf.Store(false)
	s.watcher.repair(t.Context())
	s.runs(1, control.Settings{SampleOneIn: 10})
	if n := s.missing.Load(); n != 0 {
		t.Errorf("%d are missing", n)
	}
}

// Two platforms change the switches at once: every change is in the end, versions never go back, and all agree.
func TestTwoPlatforms(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	one := *s
	s.platformAnew()
	var both sync.WaitGroup
	for who, ids := range map[*system][]string{&one: {"P1", "P7", "P8"}, s: {"P2", "P3", "P4"}} {
		both.Go(func() {
			for _, id := range ids {
				if status, text := who.call("POST", "/playbooks/"+id+"/activate", "", token); status != 200 {
					t.Errorf("%s: %d %s", id, status, text)
				}
			}
		})
	}
	both.Wait()
	for _, w := range []*watcher{one.watcher, s.watcher} {
		w.repair(t.Context())
	}
	if a, b := one.wanted.Load(), s.wanted.Load(); !a.Equal(*b) || len(a.Active) != 6 {
		t.Errorf("one wants %+v, the other %+v", a, b)
	}
	s.runs(6, playbook.Fold(s.books, control.Settings{}, s.wanted.Load().Active))
}

// seconds has the platform look and act once for each second that passes.
func (s *system) seconds(t *testing.T, n int) {
	t.Helper()
	for range n {
		s.at = s.at.Add(time.Second)
		for _, d := range s.watcher.look(t.Context(), s.at) {
			s.watcher.act(t.Context(), d)
		}
	}
}

// The platform measures the load itself: P1 comes of itself after 3 s above 0.85 of the capacity, and goes of itself.
func TestTriggersAct(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	total := 0.0
	second := func(rate float64) {
		t.Helper()
		total += rate
		page := fmt.Sprintf("# HELP x y\nredpacket_requests_total{code=\"ok\",op=\"list\"} %g\nother 1\n", total/2)
		for _, p := range s.processes {
			p.metrics.Store(&page)
		}
		s.seconds(t, 1)
	}
	second(0)
	for range 3 {
		second(900)
	}
	s.runs(0, control.Settings{})
	second(900)
	s.runs(1, control.Settings{SampleOneIn: 10})
	var books []ops.Standing
	if _, text := s.call("GET", "/playbooks", "", ""); json.Unmarshal([]byte(text), &books) != nil || len(books) != 11 {
		t.Fatal(text)
	}
	if b := books[0]; b.ID != "P1" || b.State != "active" || b.By != "trigger" || b.Now == nil || *b.Now != 0.9 || b.Trigger == "" {
		t.Errorf("%+v", b)
	}
	if b := books[2]; b.State != "at rest" || b.Now != nil {
		t.Errorf("%+v", b)
	}
	for range 60 {
		second(500)
	}
	s.runs(1, control.Settings{SampleOneIn: 10})
	second(500)
	s.runs(2, control.Settings{})
}

func TestTheClient(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	c, ctx := s.client(), t.Context()
	if o, err := c.Switch(ctx, control.Settings{SpreadMS: 9}); err != nil || o.Version != 1 || !o.Effective {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := c.Activate(ctx, "P8"); err != nil || o.Version != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	if v, err := c.View(ctx); err != nil || !v.Wanted.CheapOnly || v.Runs["tgw-1"] != 2 || v.Runs["tgw-2"] != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if all, err := c.Playbooks(ctx); err != nil || len(all) != 11 || all[7].ID != "P8" || all[7].State != ops.Active {
		t.Errorf("%+v, %v", all, err)
	}
	if o, err := c.RollBack(ctx, "P8"); err != nil || o.Version != 3 || !o.Changed {
		t.Errorf("%+v, %v", o, err)
	}
	s.processes[0].deaf.Store(true)
	if o, err := c.Activate(ctx, "P1"); !errors.Is(err, ops.ErrMissing) || o.Version != 4 || !strings.Contains(err.Error(), "tgw-1") {
		t.Errorf("%+v, %v", o, err)
	}
	_, unknown := c.Activate(ctx, "P1/../x")
	_, bad := c.Switch(ctx, control.Settings{CourierShare: 3})
	_, forged := ops.Client{URL: s.api.URL}.RollBack(ctx, "P1")
	_, other := ops.Client{URL: s.processes[1].site.URL}.Playbooks(ctx)
	_, nowhere := ops.Client{URL: "http://127.0.0.1:1"}.View(ctx)
	for err, tells := range map[error]string{unknown: "no such playbook", bad: "courier_share", forged: "401", other: "is it a zhiyun", nowhere: "refused"} {
		if err == nil || !strings.Contains(err.Error(), tells) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v; want %q", err, tells)
		}
	}
}

func TestReadMetrics(t *testing.T) {
	got := readMetrics([]byte("# TYPE a counter\na{x=\"1 2\",y=\"}\"} 3\r\na 4.5e1\nab 6\nb 7\n\nc\na{z=\"q\"} much\n"), []string{"a", "b"})
	if len(got) != 3 || got[`a{x="1 2",y="}"}`] != 3 || got["a"] != 45 || got["b"] != 7 {
		t.Errorf("%v", got)
	}
}

func TestRunSaysWhatItLacks(t *testing.T) {
	if err := Run(t.Context(), config.Config{Node: "zhiyun", Token: token}); err == nil || !strings.Contains(err.Error(), "0 processes") {
		t.Errorf("%v", err)
	}
}
