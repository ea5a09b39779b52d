package report

import (
	"bytes"
	"iter"
	"strings"
	"testing"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// A drill that asks for a recovery time has its split as a table, in text and on the page; another one has none.
func TestTheRecoveryIsATable(t *testing.T) {
	r, v := sample()
	after := r.Events[1].What
	r.ProbeEvery = 10 * time.Millisecond
	r.Probes = func() iter.Seq2[loadprofiles.Probe, error] {
		return func(yield func(loadprofiles.Probe, error) bool) {
			for owed := time.Duration(0); owed < 10*time.Second; owed += r.ProbeEvery {
				p := loadprofiles.Probe{Answered: owed + time.Millisecond, Attempt: loadprofiles.Attempt{Owed: owed}}
				if owed < 1500*time.Millisecond || owed >= 4*time.Second {
					p.Outcome = api.Done
				}
				if !yield(p, nil) {
					return
				}
			}
		}
	}
	r.Events = append(r.Events, record.Event{Track: record.Playbook, What: "take over", From: 3 * time.Second, Effective: 3500 * time.Millisecond})
	rto, rpo := judge.RTO{Within: time.Second, After: after, AtLeast: 0.1, Seconds: 1}, judge.RPO{After: after}
	var err error
	if r.Claims, err = judge.Encode([]judge.Assertion{rto, rpo}); err != nil {
		t.Fatal(err)
	}
	v.Findings = append(v.Findings, judge.Finding{Assertion: rpo.String(), Kind: judge.Recovery, Because: "0 of 9 are gone"})
	var text, page bytes.Buffer
	if err := Text(&text, r, v); err != nil {
		t.Fatal(err)
	}
	if err := HTML(&page, r, v, Chart{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"took effect at 1.50 s", "playbook issued              1.50 s  take over", "in force everywhere          2.00 s",
		"first claim acknowledged     2.50 s  none for 2.5s before", "0 of 9 are gone"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	for _, want := range []string{"<h2>Recovery</h2>", "took effect 1.50 s into", "<b>in force everywhere</b>", "0 of 9 are gone"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), hostile) {
		t.Error("hostile text stands in the page as it is")
	}
	r.Claims = nil
	text.Reset()
	if err := Text(&text, r, v); err != nil || strings.Contains(text.String(), "took effect") {
		t.Errorf("a drill that asks for no recovery time has a table: %v", err)
	}
}
