package record

import (
	"math"
	"strings"
	"testing"
	"time"
)

// A record may not say of itself what no drill is: a judge would look at every second of it.
func TestARecordOfNoDrillIsRefused(t *testing.T) {
	for name, m := range map[string]Manifest{
		"a monitor that looked backwards": {Monitored: []Span{{From: 2, To: 1}}},
		"too long":                        {Windows: []Window{{Name: "night", Span: Span{To: math.MaxInt64}}}},
		"backwards":                       {Windows: []Window{{Name: "night", Span: Span{From: 2, To: 1}}}},
		"before it began":                 {Windows: []Window{{Name: "night", Span: Span{From: -1, To: 1}}}},
		"effective never":                 {Events: []Event{{What: "night", Effective: -time.Hour}}},
		"healed too late":                 {Events: []Event{{What: "night", To: 25 * time.Hour}}},
	} {
		want := `"night"`
		if len(m.Monitored) > 0 {
			want = "the monitor looked"
		}
		dir := t.TempDir()
		w, err := Create(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Finish(m); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ManifestFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
