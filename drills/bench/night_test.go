package bench

import (
	"path/filepath"
	"testing"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/report"
)

// What B8 judges is a whole record that passes, so that the time is that of really looking.
func TestTheNightThatIsJudgedPasses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), report.RecordDir)
	made, err := WriteNight(t.Context(), dir, Size{Requests: 500_000, Claims: 200_000})
	if err != nil || made.Requests != 500_000 || made.Claims != 200_000 || made.grants == 0 || made.grants == made.Claims {
		t.Fatalf("made %+v, %v", made, err)
	}
	r, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Tally.Count(record.Span{To: r.Length()}, record.Which{}); n != made.Requests {
		t.Errorf("the tally has %d requests of %d", n, made.Requests)
	}
	assertions, err := judge.Decode(r.Claims)
	if err != nil {
		t.Fatal(err)
	}
	v := judge.Judge(r, assertions)
	for _, f := range v.Findings {
		if f.Status != judge.Pass {
			t.Errorf("%s: %s, %s %v", f.Assertion, f.Status, f.Because, f.Examples)
		}
	}
	if v.Status != judge.Pass || len(v.Findings) < 12 {
		t.Errorf("%d findings, %s", len(v.Findings), v.Status)
	}
}
