package zhiyun

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"redpacket/system/config"
	"redpacket/system/pause/pausetest"
	"redpacket/system/recon"
)

// shop is a recon process: each pass that it is asked for finds the next number of differences.
type shop struct {
	*process
	mu     sync.Mutex
	finds  []uint64
	result recon.Result
	why    string // its passes stop early
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/-/recon") {
		s.process.ServeHTTP(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && s.result.State == recon.Running:
		http.Error(w, "under way", http.StatusConflict)
		return
	case r.Method == http.MethodPost:
		pass := s.result.Pass + 1
		s.result = recon.NewResult(recon.Running)
		s.result.Pass = pass
		w.WriteHeader(http.StatusAccepted)
	case s.result.State == recon.Running:
		defer s.end() // it is seen running once
	}
	_ = json.NewEncoder(w).Encode(s.result)
}

func (s *shop) end() {
	s.result.Slices, s.result.Slice = 1, 1
	if s.result.State, s.result.Why = recon.Done, s.why; s.why != "" {
		s.result.State = recon.Stopped
	}
	if len(s.finds) > 0 {
		s.result.Differences["missing"], s.finds = s.finds[0], s.finds[1:]
		s.result.Reissued = s.result.Differences["missing"]
	}
}

// at makes the shop one of the system's processes.
func (s *shop) at(t *testing.T, of *system) config.Instance {
	t.Helper()
	s.process = of.processes[0]
	site := httptest.NewServer(s)
	t.Cleanup(site.Close)
	return config.Instance{Node: "recon", Role: "recon", IDC: "a", Admin: strings.TrimPrefix(site.URL, "http://")}
}

func TestReconcileGoesOnUntilAPassFindsNothing(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for want, r := range map[string]*shop{
		"pass 2: 0 differences, 0 delivered again":                                   {finds: []uint64{7, 0}},
		"pass 1: 0 differences":                                                      {},
		"pass 3: 2 differences, 2 delivered again, 0 dead letters; people must look": {finds: []uint64{4, 3, 2}},
		"pass 1 stopped: the log is away":                                            {why: "the log is away"},
		"pass 5: 0 differences":                                                      {finds: []uint64{9, 1}, result: recon.Result{State: recon.Running, Pass: 3, Differences: map[string]uint64{}}},
	} {
		if said := s.passes(t.Context(), r.at(t, s)); !strings.Contains(said, want) {
			t.Errorf("%q, want %q", said, want)
		}
	}
	gone := config.Instance{Node: "recon", Role: "recon", Admin: "127.0.0.1:1"}
	if said := s.passes(t.Context(), gone); !strings.Contains(said, "refused") {
		t.Errorf("%q of a recon that is not there", said)
	}
}

// P5 by its trigger: a delivery is late by four fifths of the promise for a minute, so recon is run; once.
func TestALateDeliveryIsReconciled(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	r := &shop{finds: []uint64{5, 0}}
	s.platform.all = append(s.platform.all, r.at(t, s))
	page := "redpacket_backlog_age_seconds{game=\"0\"} 150000\n"
	s.processes[0].metrics.Store(&page)
	s.seconds(t, 60)
	if r.passed(); r.result.Pass != 0 {
		t.Fatalf("pass %d before the trigger has held for a minute", r.result.Pass)
	}
	s.seconds(t, 2)
	go s.callAll(t.Context())
	pausetest.Until(t, "a pass that finds nothing", func() bool { return r.passed() == 2 })
	s.seconds(t, 3)
	if len(s.calls) != 0 || len(s.wanted.Load().Active) != 1 || s.wanted.Load().Active[0].Playbook != "P5" {
		t.Errorf("%d more calls, and active is %v", len(s.calls), s.wanted.Load().Active)
	}
}

func (s *shop) passed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.result.State == recon.Running {
		return 0
	}
	return s.result.Pass
}
