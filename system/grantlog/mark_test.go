package grantlog

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// marked is a spool of one segment beside a mark that calls so much of it synced.
func marked(t *testing.T, data []byte, m mark) string {
	t.Helper()
	dir := spoolOf(t, data)
	if err := os.WriteFile(filepath.Join(dir, markFile), m.encode(), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// With its mark a spool finds every flipped bit, in the last batch too, and every cut below what was synced.
func TestMarkFindsDamageInTheLastBatch(t *testing.T) {
	t.Parallel()
	whole := segmentOf(t, 3)
	synced := mark{1, int64(len(whole))}
	for bit := 3; bit < len(whole)*8; bit += 13 {
		flipped := bytes.Clone(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		dir := marked(t, flipped, synced)
		if _, err := OpenSpool(dir); err == nil || !strings.Contains(err.Error(), segmentPath(dir, 1)) {
			t.Fatalf("bit %d: %v; want an error that names the segment", bit, err)
		}
		if left, err := os.ReadFile(segmentPath(dir, 1)); err != nil || !bytes.Equal(left, flipped) {
			t.Fatalf("bit %d: the damaged segment was changed, %v", bit, err)
		}
	}
	for cut := 0; cut < len(whole); cut += 7 {
		if _, err := OpenSpool(marked(t, whole[:cut], synced)); err == nil || !strings.Contains(err.Error(), "damaged at byte") {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

// A mark that is older than the segment, as after a power cut, and one that is torn, take nothing from what a crash may do.
func TestMarkBehindTheTruth(t *testing.T) {
	t.Parallel()
	whole := segmentOf(t, 3)
	record := int64(len(whole) / 3)
	for _, synced := range []mark{{}, {1, 0}, {1, record}, {1, 2 * record}} {
		s := open(t, marked(t, whole[:len(whole)-5], synced))
		wantNumbers(t, s, 2)
		add(t, s, 3)
		wantNumbers(t, s, 3)
	}
	for cut := range markLen {
		dir := marked(t, whole[:len(whole)-5], mark{1, 3 * record})
		path := filepath.Join(dir, markFile)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if text[cut] ^= 4; cut%2 == 0 {
			text = text[:cut]
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		wantNumbers(t, open(t, dir), 2)
	}
}

// The spool itself keeps the mark: at each sync, over segments and openings; and it misses the last segment, and all.
func TestSpoolKeepsItsMark(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		s := open(t, dir)
		s.full = 400
		for n := range uint64(5) {
			add(t, s, n+1)
			if got := readMark(dir); got != (mark{s.number, s.length}) || got.segment == 1 && got.length == 0 {
				t.Fatalf("batch %d: mark %+v, the spool is at %d of segment %d", n+1, got, s.length, s.number)
			}
		}
		_ = s.Close()
	}
	segments, err := listSegments(dir)
	if err != nil || len(segments) < 3 {
		t.Fatalf("%d segments, %v", len(segments), err)
	}
	for i := len(segments) - 1; i >= 0; i-- {
		if err := os.Remove(segments[i].Path); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSpool(dir); err == nil || !strings.Contains(err.Error(), segments[len(segments)-1].Path) {
			t.Fatalf("without segment %d: %v", i+1, err)
		}
	}
}
