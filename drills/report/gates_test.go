package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/judge/sameness"
	"redpacket/drills/record"
)

func TestGatesShowEachStage(t *testing.T) {
	r, v := sample()
	claims, err := judge.Encode([]judge.Assertion{
		judge.SameVersion{Percent: 50, Slower: 1.1, Errors: 0.0005, In: "50 %"}, // of 5 % the verdict does not ask, and the page tells all the same
		judge.Released{Stages: []int{5, 50, 100}}})
	if err != nil {
		t.Fatal(err)
	}
	r.Claims = claims
	r.Events = append(r.Events, record.Event{Track: record.Gate, What: judge.GateName(50), Level: "fail", Effective: 29 * time.Second, Because: "p99 of <reads>"})
	rows := gateRows(r)
	if len(rows) != 2 || !strings.HasPrefix(rows[0].Gate, "fail at ") || rows[1].Gate != "not reached" {
		t.Fatalf("%+v", rows)
	}
	var text, page bytes.Buffer
	if Text(&text, r, v) != nil || HTML(&page, r, v, Chart{}) != nil {
		t.Fatal("not written")
	}
	if !strings.Contains(text.String(), "gate: fail at") || !strings.Contains(page.String(), "The release, by stages") || strings.Contains(page.String(), "<reads>") {
		t.Errorf("the stages are not shown, or not escaped:\n%s", text.String())
	}
	r.Events = append(r.Events, record.Event{Track: record.Gate, What: judge.Recall, Level: judge.Aborted, From: 30 * time.Second})
	if got := gateRows(r)[1].Gate; !strings.HasPrefix(got, "taken back before it") {
		t.Errorf("after a recall the gate is %q", got)
	}
	r.Claims = nil
	if gateRows(r) != nil || gatesText(nil) != "" {
		t.Error("a drill without a release has stages")
	}
}

func TestMetricsAreInTheReadersUnits(t *testing.T) {
	for want, m := range map[string]sameness.Finding{
		"not measured":                       {Metric: "p99 of reads"},
		"× 1.000 (× 0.905 to × 1.105)":       {Metric: "p99 of reads", Measured: true, Low: -0.1, High: 0.1},
		"+0.200 pp (+0.100 pp to +0.300 pp)": {Metric: "errors", Measured: true, Estimate: 0.002, Low: 0.001, High: 0.003},
	} {
		if got := metric(m).Text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
