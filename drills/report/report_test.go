package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

const hostile = `</script><b>&"`

func sample() (*record.Record, judge.Verdict) {
	counted := tally.New(time.Minute)
	for at := time.Duration(0); at < 10*time.Second; at += 10 * time.Millisecond {
		counted.Record(at, 3*time.Millisecond, api.List, api.Done)
		counted.Record(at, time.Millisecond, api.Claim, api.Shed)
	}
	r := &record.Record{Tally: record.TallyOf(counted)}
	r.Drill, r.Name, r.Why, r.Scale, r.Seed, r.Revision = "pr-4", "the night "+hostile, "why", 0.25, 7, "abc"
	r.Images = map[string]string{"tgw": "sha256:1", "ams-heavy": "sha256:2"}
	r.Windows = []record.Window{{Name: "night", Span: record.Span{To: 10 * time.Second}}}
	r.Profile.Curve = loadprofiles.Hold(800, 10*time.Second)
	r.Yield = loadprofiles.Yield{Owed: 2010, Launched: 2000, LateP99: 1500 * time.Microsecond}
	r.Events = []record.Event{
		{Track: record.Phase, What: "night", To: 10 * time.Second},
		{Track: record.Fault, What: "kill " + hostile, From: time.Second, Effective: 1500 * time.Millisecond, To: 2 * time.Second},
	}
	for at := time.Duration(0); at < 10*time.Second; at += time.Second {
		r.Gauges = append(r.Gauges, record.Sample{At: at, Values: map[record.Gauge]float64{record.QueueWait: 0.001, record.CPUOf("tgw"): 0.4}})
	}
	return r, judge.Verdict{Status: judge.Fail, Findings: []judge.Finding{
		{Assertion: "all is well", Kind: judge.Invariant, Status: judge.Pass, Looked: 3, Because: "it is", Examples: []string{}},
		{Assertion: "nothing is lost", Kind: judge.Invariant, Status: judge.Fail, Looked: 9, Because: "2 violations", Examples: []string{"first: " + hostile}},
		{Assertion: "it was seen", Kind: judge.Validity, Because: "nobody looked", Examples: []string{}},
	}}
}

// The names in verdict.json are read by tools: this is the whole list.
func TestVerdictHasTheNamesThatToolsRead(t *testing.T) {
	r, v := sample()
	var b bytes.Buffer
	if err := JSON(&b, r, v); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Drill, Verdict, Revision string
		Seed                     uint64
		Scale                    float64
		Images                   map[string]string
		Load                     map[string]json.RawMessage
		Findings                 []map[string]any
		Events                   []map[string]any
	}
	dec := json.NewDecoder(bytes.NewReader(b.Bytes()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Drill != "pr-4" || got.Verdict != "fail" || got.Scale != 0.25 || got.Seed != 7 || len(got.Images) != 2 {
		t.Errorf("%+v", got)
	}
	for _, name := range []string{"owed", "launched", "missing", "late_p99_ms", "offered_per_s", "goodput_per_s", "outcomes", "response_ms"} {
		if _, ok := got.Load[name]; !ok {
			t.Errorf("load has no %s", name)
		}
	}
	if s := string(got.Load["missing"]) + " " + string(got.Load["late_p99_ms"]) + " " + string(got.Load["goodput_per_s"]); s != "10 1.5 100" {
		t.Errorf("missing, lateness, goodput: %s", s)
	}
	for _, name := range []string{"assertion", "kind", "status", "looked", "because", "examples"} {
		if _, ok := got.Findings[0][name]; !ok {
			t.Errorf("a finding has no %s", name)
		}
	}
	if e := got.Events[1]; e["track"] != "fault" || e["from_ms"] != 1000.0 || e["effective_ms"] != 1500.0 || e["to_ms"] != 2000.0 || e["error"] != "" {
		t.Errorf("event %v", e)
	}
}

func TestTheSameRecordGivesTheSameBytes(t *testing.T) {
	for range 2 {
		r, v := sample()
		var a, b bytes.Buffer
		for _, w := range []*bytes.Buffer{&a, &b} {
			if err := JSON(w, r, v); err != nil {
				t.Fatal(err)
			}
			if err := HTML(w, r, v, Chart{}); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatal("two renderings differ")
		}
	}
}

func TestJUnitCountsDoubtAsAnError(t *testing.T) {
	r, v := sample()
	var b bytes.Buffer
	if err := JUnit(&b, r, v); err != nil {
		t.Fatal(err)
	}
	var s suite
	if err := xml.Unmarshal(b.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if s.Tests != 3 || s.Failures != 1 || s.Errors != 1 || s.Cases[1].Failure == nil || s.Cases[2].Error == nil {
		t.Errorf("%+v", s)
	}
	b.Reset()
	if err := JUnit(&b, r, judge.Verdict{}); err != nil || !strings.Contains(b.String(), `errors="1"`) {
		t.Errorf("a verdict without findings reads as a pass: %s %v", b.String(), err)
	}
}

func TestPageIsOneFileAndEscapesWhatItIsTold(t *testing.T) {
	r, v := sample()
	var b bytes.Buffer
	if err := HTML(&b, r, v, Chart{Script: "var chartLibrary = 1 < 2;", Style: ".chartStyle > p {}"}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if strings.Contains(page, hostile) {
		t.Error("hostile text stands in the page as it is")
	}
	for _, want := range []string{"var chartLibrary = 1 < 2;", ".chartStyle > p {}", "first: ", "0.25", "nothing is lost"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, outside := range []string{"http://", "https://", " src=", "@import", "<link"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page reaches outside: %q", outside)
		}
	}
	if strings.Index(page, "nothing is lost") > strings.Index(page, "all is well") {
		t.Error("a pass stands before a failure")
	}
}

func TestPageWithoutLoadOrGauges(t *testing.T) {
	var b bytes.Buffer
	if err := HTML(&b, &record.Record{}, judge.Verdict{}, Chart{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "Nothing was asserted") {
		t.Error("the page does not say that nothing was asserted")
	}
}

func TestTextShowsEveryFindingAndTheScale(t *testing.T) {
	r, v := sample()
	var b bytes.Buffer
	if err := Text(&b, r, v); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FAIL  pr-4", "scale 0.25", "x invariant", "? validity", "+ invariant", "2 violations"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
}

// Each fault is told with its times, its error, and every step of its heal; a drill that was aborted says why.
func TestTextTellsOfFaultsAndTheirHeals(t *testing.T) {
	r, v := sample()
	r.Events = append(r.Events,
		record.Event{Track: record.Fault, What: "freeze report", From: 3 * time.Second, Effective: 3 * time.Second, HealFrom: 4 * time.Second, To: 5 * time.Second,
			Steps: []string{"heal: no answer after 3s", "restart the node: done in 1s"}},
		record.Event{Track: record.Fault, What: "cut a--b", From: 6 * time.Second, Effective: 7 * time.Second, HealFrom: 8 * time.Second, Err: "it is not healed"})
	r.Abort = &record.Abort{Rule: "money", Because: "one share too many", At: 9 * time.Second}
	var b bytes.Buffer
	if err := Text(&b, r, v); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"fault     freeze report: 3.00 s, effective 3.00 s, healed from 4.00 to 5.00 s\n            heal: no answer after 3s\n            restart the node: done in 1s\n",
		"cut a--b: 6.00 s, effective 7.00 s, NOT healed from 8.00 s on; error: it is not healed\n",
		"aborted   at 9.00 s: one share too many\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the text does not say %q:\n%s", want, b.String())
		}
	}
}

func TestChartsAreBoundedAndWhole(t *testing.T) {
	r, _ := sample()
	r.Windows[0].To = 24 * time.Hour
	for _, c := range charts(r) {
		if len(c.X) > 2*mostPoints {
			t.Errorf("%s has %d points", c.Title, len(c.X))
		}
		for i, line := range c.Values {
			if len(line) != len(c.X) {
				t.Errorf("%s: %s has %d points of %d", c.Title, c.Names[i], len(line), len(c.X))
			}
		}
	}
}

func TestDiffMarksWhatDiffers(t *testing.T) {
	a, va := sample()
	b, vb := sample()
	b.Seed, vb.Findings = 8, vb.Findings[:2]
	vb.Findings[1].Status = judge.Pass
	var text bytes.Buffer
	if err := Diff(&text, Judged{a, va}, Judged{b, vb}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"* seed", "  scale", "* nothing is lost", "* it was seen", "not asked"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("lacks %q:\n%s", want, text.String())
		}
	}
}

func TestGoOnlyWhenEveryDrillPassed(t *testing.T) {
	pass, doubt := Row{Drill: "a", Status: judge.Pass}, Row{Drill: "b", Because: "not run: " + hostile}
	for _, c := range []struct {
		rows []Row
		want string
	}{{nil, "no-go"}, {[]Row{pass}, "go"}, {[]Row{pass, doubt}, "no-go"}} {
		s := Summary{Rows: c.rows}
		if s.Decision() != c.want {
			t.Errorf("%v: %s", c.rows, s.Decision())
		}
		var b bytes.Buffer
		if err := RehearsalHTML(&b, s); err != nil || strings.Contains(b.String(), hostile) {
			t.Errorf("%v, or hostile text is not escaped", err)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}
