package signoff

import (
	"strings"
	"testing"
	"time"

	"redpacket/drills/funnel"
	"redpacket/drills/funnel/funneltest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
)

// ran is a gray drill whose users click so often, run with a sheet.
func ran(s estimate.Sheet, click float64, exposures int) Evidence {
	r := &record.Record{Manifest: record.Manifest{Drill: "gr-1", Windows: []record.Window{{Name: "gray", Span: record.Span{To: 20 * time.Second}}}}}
	r.Profile.Funnel.Click = 0.5
	for at := time.Duration(0); at < 20*time.Second; at += 500 * time.Millisecond {
		r.Gauges = append(r.Gauges, record.Sample{At: at, Values: map[record.Gauge]float64{}})
	}
	u := funneltest.ByTheSheet(s, exposures)
	u.Click = click
	counted := tally.New(time.Second)
	u.Fill(counted, r.Gauges, record.Span{To: 20 * time.Second})
	r.Tally = record.TallyOf(counted)
	return Evidence{Where: "gr-1", Record: r, Assertions: []judge.Assertion{judge.ModelHolds{Sheet: s, Within: 0.2, In: "gray"}}}
}

func TestASheetIsRefusedUntilItSaysWhatWasMeasured(t *testing.T) {
	s, err := estimate.Festival()
	if err != nil {
		t.Fatal(err)
	}
	wrong := ran(s, 0.42, 1000)
	refused := Decide([]Evidence{wrong}, s)
	if refused.Go() || refused.Status() != judge.Fail || !strings.Contains(strings.Join(refused.Reasons, "\n"), "sheet-measured.yaml") {
		t.Fatalf("a wrong sheet is signed: %+v", refused)
	}
	c, err := funnel.Compare(wrong.Record, "gray", s, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	half := s
	half.Click = estimate.One(0.3) // edited, and still not what was measured
	if d := Decide([]Evidence{wrong}, half); d.Go() || d.Status() != judge.Fail {
		t.Errorf("a sheet that was edited to another wrong figure is signed: %+v", d)
	}
	if d := Decide([]Evidence{wrong}, c.After); !d.Go() || d.Status() != judge.Pass || !strings.Contains(d.Rows[0].Note, c.After.Hash()[:12]) {
		t.Errorf("the sheet that says what was measured is refused: %+v", d)
	}
	if d := Decide([]Evidence{ran(s, 0.2, 1000)}, c.After); d.Go() {
		t.Errorf("a sheet that says more than twice as much as was measured is signed: %+v", d)
	}
	if d := Decide([]Evidence{ran(s, 0.2, 1000)}, s); !d.Go() {
		t.Errorf("a true sheet is refused: %+v", d)
	}
}

func TestWithoutEvidenceNothingIsSigned(t *testing.T) {
	s, err := estimate.Festival()
	if err != nil {
		t.Fatal(err)
	}
	few, other := ran(s, 0.2, 20), ran(s, 0.2, 1000)
	other.Assertions = nil
	for name, c := range map[string]struct {
		all   []Evidence
		sheet estimate.Sheet
		says  string
	}{
		"no records":            {nil, s, "no record"},
		"few users":             {[]Evidence{few}, s, "could not be told"},
		"nobody asked":          {[]Evidence{other}, s, "nobody measured the traffic model"},
		"a sheet that is wrong": {[]Evidence{ran(s, 0.2, 1000)}, estimate.Sheet{}, "the sheet is none"},
	} {
		if d := Decide(c.all, c.sheet); d.Go() || d.Status() == judge.Pass || !strings.Contains(strings.Join(d.Reasons, "\n"), c.says) {
			t.Errorf("%s: %s, %q", name, d.Status(), d.Reasons)
		}
	}
}
