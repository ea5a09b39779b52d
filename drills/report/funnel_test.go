package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redpacket/drills/funnel/funneltest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
)

// gray is the sample's drill, in which more than twice as many click as the sheet says, and one counter is dead.
func gray(t *testing.T) (*record.Record, judge.Verdict, estimate.Sheet) {
	t.Helper()
	s, err := estimate.Festival()
	if err != nil {
		t.Fatal(err)
	}
	s.Event = "festival " + hostile
	r, v := sample()
	if r.Claims, err = judge.Encode([]judge.Assertion{judge.ModelHolds{Sheet: s, Within: 0.2, In: "night"}}); err != nil {
		t.Fatal(err)
	}
	counted := tally.New(time.Second)
	r.Profile.Funnel.Click = 0.5
	u := funneltest.ByTheSheet(s, 1000)
	u.Click = 0.42
	u.Fill(counted, r.Gauges, r.Windows[0].Span)
	r.Tally = record.TallyOf(counted)
	for _, sample := range r.Gauges {
		sample.Values[record.CallsOf("log")] = 7
	}
	return r, v, s
}

func TestTheFunnelStandsBesideTheSheet(t *testing.T) {
	r, v, s := gray(t)
	var text, page bytes.Buffer
	if err := Text(&text, r, v); err != nil {
		t.Fatal(err)
	}
	if err := HTML(&page, r, v, Chart{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"clicks per exposure", "0.42", "off", "calls of log by ams-heavy", "the metric is dead", "95,995", "201,", "0.72", s.Hash()[:12]} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), hostile) {
		t.Error("the event's name is not escaped on the page")
	}
}

// The sheet that a run leaves can be read, and is the old one but for what was measured.
func TestTheSheetWorkedOutAnewIsLeftBesideTheReport(t *testing.T) {
	r, v, s := gray(t)
	dir := t.TempDir()
	if err := Write(dir, r, v, Chart{}); err != nil {
		t.Fatal(err)
	}
	got, err := estimate.Open(filepath.Join(dir, SheetFile))
	if err != nil {
		t.Fatal(err)
	}
	if got.Click.Mid != 0.42 || got.Links[0] != s.Links[0] || got.Event != s.Event {
		t.Errorf("%+v", got)
	}
	plain, verdict := sample()
	other := t.TempDir()
	if err := Write(other, plain, verdict, Chart{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(other, SheetFile)); err == nil {
		t.Error("a drill that asks about no sheet leaves one")
	}
}
