package grantlog

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, dir string) *Spool {
	t.Helper()
	s, err := OpenSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func add(t *testing.T, s *Spool, numbers ...uint64) {
	t.Helper()
	for _, n := range numbers {
		if err := s.Append(t.Context(), some(n, 3)); err != nil {
			t.Fatal(err)
		}
	}
}

// numbers are the batches that a spool holds; an error ends them.
func numbers(s *Spool) (got []uint64, err error) {
	for b, err := range s.Read(context.Background()) {
		if err != nil {
			return got, err
		}
		got = append(got, b.Number)
	}
	return got, nil
}

func wantNumbers(t *testing.T, s *Spool, want uint64) {
	t.Helper()
	got, err := numbers(s)
	if err != nil || len(got) != int(want) {
		t.Fatalf("got batches %v, %v; want 1 to %d", got, err, want)
	}
	for i, n := range got {
		if n != uint64(i+1) {
			t.Fatalf("got batches %v; want 1 to %d", got, want)
		}
	}
}

// segmentOf writes batches 1 … n to a new spool, one sync each, and returns the segment's bytes.
func segmentOf(t *testing.T, n uint64) []byte {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir)
	for i := range n {
		add(t, s, i+1)
	}
	_ = s.Close()
	data, err := os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// spoolOf is the directory of a spool of one segment.
func spoolOf(t *testing.T, data []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(segmentPath(dir, 1), data, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSpoolKeepsAcrossOpens(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "spool")
	for i := range uint64(3) {
		s := open(t, dir)
		add(t, s, 2*i+1, 2*i+2)
		wantNumbers(t, s, 2*i+2)
		_ = s.Close()
	}
}

// A crash can tear the last record at any byte: what was before it stays, and the spool goes on from there.
func TestSpoolCutsATornTail(t *testing.T) {
	t.Parallel()
	whole := segmentOf(t, 3)
	last := len(whole) / 3
	for cut := range last {
		dir := spoolOf(t, whole[:2*last+cut])
		s := open(t, dir)
		wantNumbers(t, s, 2)
		add(t, s, 3)
		wantNumbers(t, s, 3)
		_ = s.Close()
		if data, err := os.ReadFile(segmentPath(dir, 1)); err != nil || !bytes.Equal(data, whole) {
			t.Fatalf("cut at %d: the segment is not as without a crash (%v)", cut, err)
		}
	}
}

// A flipped bit under records that were synced later is damage; in the last one only the spool's mark can tell.
func TestSpoolFindsFlippedBits(t *testing.T) {
	t.Parallel()
	whole := segmentOf(t, 3)
	record := len(whole) / 3
	for bit := 0; bit < len(whole)*8; bit += 11 {
		flipped := bytes.Clone(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		dir := spoolOf(t, flipped)
		s, err := OpenSpool(dir)
		if bit/8 < 2*record {
			if err == nil || !strings.Contains(err.Error(), segmentPath(dir, 1)) {
				t.Fatalf("bit %d: %v; want an error that names the segment", bit, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("bit %d of the last record: %v", bit, err)
		}
		wantNumbers(t, s, 2)
		_ = s.Close()
	}
}

func TestSpoolOfEmptyFiles(t *testing.T) {
	t.Parallel()
	s := open(t, spoolOf(t, nil)) // a crash just after the file was made
	add(t, s, 1)
	wantNumbers(t, s, 1)

	dir := spoolOf(t, nil)
	if err := os.WriteFile(segmentPath(dir, 2), segmentOf(t, 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := numbers(open(t, dir)); err == nil || !strings.Contains(err.Error(), segmentPath(dir, 1)) {
		t.Fatalf("an empty segment before another: %v", err)
	}
}

func TestSpoolMissesASegment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	s.full = 1 // every batch fills its segment
	add(t, s, 1, 2, 3)
	wantNumbers(t, s, 3)
	_ = s.Close()
	segments, err := s.Segments()
	if err != nil || len(segments) != 4 || segments[3].Bytes != 0 {
		t.Fatalf("segments %v, %v", segments, err)
	}
	wantNumbers(t, open(t, dir), 3)
	if err := os.Remove(segmentPath(dir, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSpool(dir); err == nil || !strings.Contains(err.Error(), segmentPath(dir, 2)) {
		t.Fatalf("a missing segment: %v; want its name", err)
	}
}

func TestSpoolSharesSyncs(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s, err := openSpool(t.TempDir(), &faultyDisk{gate: gate})
	if err != nil {
		t.Fatal(err)
	}
	const many = 40
	var all sync.WaitGroup
	for n := range uint64(many) {
		all.Go(func() {
			if err := s.Append(t.Context(), some(n+1, 3)); err != nil {
				t.Error(err)
			}
		})
	}
	gate <- struct{}{} // the first sync; the others gather behind it, in few groups
	close(gate)
	all.Wait()
	appends, syncs := s.Counts()
	if got, err := numbers(s); len(got) != many || err != nil || appends != many || syncs > many/2 {
		t.Fatalf("%d appends in %d syncs; read %d, %v", appends, syncs, len(got), err)
	}
	_ = s.Close()
	if err := s.Append(t.Context(), some(1, 1)); !errors.Is(err, ErrRefused) {
		t.Fatalf("append to a closed spool: %v", err)
	}
}

// After a failed write or sync the disk holds nobody knows what: nothing more is taken until the spool is opened anew.
func TestSpoolIsPoisonedByAFailure(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{"write", "sync"} {
		d := &faultyDisk{}
		dir := t.TempDir()
		s, err := openSpool(dir, d)
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, 1)
		d.fail(broken)
		if err := s.Append(t.Context(), some(2, 3)); !errors.Is(err, errBroken) || !errors.Is(err, ErrDoubt) {
			t.Fatalf("%s fails: %v", broken, err)
		}
		d.fail("")
		if err := s.Append(t.Context(), some(3, 3)); !errors.Is(err, errBroken) || s.Healthy() == nil {
			t.Fatalf("after a failed %s: %v", broken, err)
		}
		_ = s.Close()
		again := open(t, dir)
		if got, err := numbers(again); err != nil || got[0] != 1 {
			t.Fatalf("opened again: %v, %v", got, err)
		}
		add(t, again, 4)
	}
}

// A disk without room is refused for a while and tried again; what did not fit is not there, and what comes after it is.
func TestSpoolGoesOnWhenThereIsRoomAgain(t *testing.T) {
	t.Parallel()
	d := &faultyDisk{}
	dir := t.TempDir()
	s, err := openSpool(dir, d)
	if err != nil {
		t.Fatal(err)
	}
	s.full = 200 // so that the next segment finds no room either
	add(t, s, 1)
	d.fail("room")
	for n := uint64(2); n < 4; n++ {
		if err := s.Append(t.Context(), some(n, 3)); !errors.Is(err, ErrFull) || !errors.Is(err, ErrRefused) || errors.Is(err, ErrDoubt) {
			t.Fatalf("without room: %v", err)
		}
		if !errors.Is(s.Healthy(), ErrFull) {
			t.Fatalf("healthy without room: %v", s.Healthy())
		}
		for end := time.Now().Add(10 * time.Second); s.Healthy() != nil; { // it lets one find out, each time
			if time.Now().After(end) {
				t.Fatal("it never tries again")
			}
		}
	}
	d.fail("")
	add(t, s, 4)
	_ = s.Close()
	again := open(t, dir)
	if got, err := numbers(again); err != nil || !slices.Equal(got, []uint64{1, 4}) {
		t.Fatalf("opened again: %v, %v; want 1 and 4", got, err)
	}
}

// BenchmarkSpool appends from 8 goroutines, as ams-heavy's workers do.
func BenchmarkSpool(b *testing.B) {
	s, err := OpenSpool(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	batch := some(1, 256)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.Append(context.Background(), batch); err != nil {
				b.Error(err)
			}
		}
	})
	_ = s.Close()
}
