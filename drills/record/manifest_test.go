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
		"too long":        {Windows: []Window{{Name: "night", Span: Span{To: math.MaxInt64}}}},
		"backwards":       {Windows: []Window{{Name: "night", Span: Span{From: 2, To: 1}}}},
		"before it began": {Windows: []Window{{Name: "night", Span: Span{From: -1, To: 1}}}},
		"effective never": {Events: []Event{{What: "night", Effective: -time.Hour}}},
		"healed too late": {Events: []Event{{What: "night", To: 25 * time.Hour}}},
	} {
		dir := t.TempDir()
		w, err := Create(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Finish(m); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), `"night"`) || !strings.Contains(err.Error(), ManifestFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
