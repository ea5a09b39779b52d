package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"redpacket/system/control/ops"
)

func TestPlaybooksOnPaper(t *testing.T) {
	code, out, err := rehearse(t, fresh(), "playbook", "list")
	for _, want := range []string{"P1   sample", "P10  stop issuing", "load above 0.85 of what was measured to be the most for 3s", `{"sample_one_in":10}`,
		"with P1 active, load above", "people   tell the promotion's owners", "not asked; automatic"} {
		if code != exitPass || !strings.Contains(out, want) {
			t.Errorf("exit %d %s: lacks %q:\n%s", code, err, want, out)
		}
	}
}

func TestPlaybookCallsThePlatform(t *testing.T) {
	var asked []string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		switch {
		case r.Method == http.MethodGet:
			_ = json.NewEncoder(w).Encode([]ops.Standing{{ID: "P1", Name: "sample", State: ops.Active, By: "trigger", Due: "close"}})
		case strings.Contains(r.URL.Path, "P1/activate"):
			_ = json.NewEncoder(w).Encode(ops.Outcome{Version: 3, Changed: true, Effective: true, Instances: 9, TookMS: 40})
		case strings.Contains(r.URL.Path, "P1/rollback"):
			w.WriteHeader(http.StatusGatewayTimeout)
			_ = json.NewEncoder(w).Encode(ops.Outcome{Version: 4, Changed: true, Instances: 9, Missing: []string{"tgw: deaf"}, TookMS: 4000})
		default:
			http.Error(w, "no such playbook", http.StatusNotFound)
		}
	}))
	defer site.Close()
	for _, c := range []struct {
		args string
		code int
		out  string
		err  string
	}{
		{"playbook activate P1 --at " + site.URL + " --token abc", exitPass, "version 3 (changed), 9 of 9 processes after 40 ms", ""},
		{"playbook rollback P1 --at " + site.URL + " --token abc", exitFail, "8 of 9 processes after 4000 ms\n  missing    tgw: deaf", ""},
		{"playbook list --at " + site.URL, exitPass, "P1   sample (active by trigger, due to close; by hand)", ""},
		{"playbook activate P9 --at " + site.URL + " --token abc", exitRig, "", "no such playbook"},
		{"playbook activate P1 --at http://127.0.0.1:1 --token abc", exitRig, "", "refused"},
		{"playbook activate P1 --at " + site.URL, exitRig, "", "--token"},
		{"playbook activate --at " + site.URL + " --token abc", exitRig, "", "which playbook"},
		{"playbook list P1", exitRig, "", "lists all"},
		{"playbook stop P1 --at x --token y", exitRig, "", `cannot "stop"`},
		{"playbook", exitRig, "", "usage: rehearse playbook"},
		{"list --at x", exitRig, "", "list takes no --at"},
	} {
		code, out, err := rehearse(t, fresh(), strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(err, c.err) || c.err != "" && strings.Count(err, "\n") != 1 {
			t.Errorf("rehearse %s: exit %d, %q, %q; want %d, %q, %q", c.args, code, out, err, c.code, c.out, c.err)
		}
	}
	if want := "POST /playbooks/P1/activate Bearer abc"; len(asked) == 0 || asked[0] != want {
		t.Errorf("asked %q; want %q first", asked, want)
	}
}
