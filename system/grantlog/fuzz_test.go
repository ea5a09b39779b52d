package grantlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// deafDisk is the real disk without the waits for it: a fuzz target crashes nothing.
type deafDisk struct{}

func (deafDisk) SyncDir(string) error { return nil }

func (deafDisk) Create(path string) (file, error) {
	f, err := osDisk{}.Create(path)
	return deafFile{f}, err
}

func (deafDisk) Open(path string, length int64) (file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return deafFile{osFile{f}}, f.Truncate(length)
}

type deafFile struct{ file }

func (deafFile) Sync() error { return nil }

// FuzzRecovery: whatever the last segment holds, a spool opens on it and goes on, or says which file is damaged and
// leaves it as it is. What it opens on is a prefix of whole batches, and they are all read again afterwards.
func FuzzRecovery(f *testing.F) {
	one, two := encode(f, some(1, 2)), encode(f, some(2, 1))
	first := appendRecord(nil, one, 0)
	both := appendRecord(bytes.Clone(first), two, int64(len(first)))
	f.Add(both, false)
	f.Add(both, true)
	f.Add(both[:len(both)-3], false)
	f.Add(append(bytes.Clone(both), make([]byte, 64)...), false)
	f.Add(append(make([]byte, 40), both...), false)
	f.Add(appendRecord(nil, one, 1<<40), false)
	f.Fuzz(func(t *testing.T, data []byte, second bool) {
		dir := t.TempDir()
		number := uint64(1)
		if second {
			number = 2
			if err := os.WriteFile(segmentPath(dir, 1), first, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		path := segmentPath(dir, number)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := openSpool(dir, deafDisk{})
		if err != nil {
			if left, e := os.ReadFile(path); !strings.Contains(err.Error(), path) || e != nil || !bytes.Equal(left, data) {
				t.Fatalf("%v does not name %s, or the file was changed (%v)", err, path, e)
			}
			return
		}
		defer s.Close()
		before := readAll(t, s)
		if err := s.Append(t.Context(), some(77, 1)); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		kept := s.length - int64(recordHead+len(encode(t, some(77, 1))))
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(after[:kept], data[:kept]) {
			t.Fatalf("what was kept was changed: %v", err)
		}
		again, err := openSpool(dir, deafDisk{})
		if err != nil {
			t.Fatalf("opened once, and not again: %v", err)
		}
		defer again.Close()
		if got := readAll(t, again); fmt.Sprint(got) != fmt.Sprint(append(before, some(77, 1))) {
			t.Fatalf("got %v; want %v and the new batch", got, before)
		}
	})
}

func readAll(t *testing.T, s *Spool) (all []Batch) {
	t.Helper()
	for b, err := range s.Read(t.Context()) {
		if err != nil {
			t.Fatalf("an open spool does not read: %v", err)
		}
		all = append(all, b)
	}
	return all
}

// FuzzSegmentNames: whatever a spool's directory is called names of, they are listed in order without a gap, or refused.
func FuzzSegmentNames(f *testing.F) {
	f.Add("0000000000000001.spool", "0000000000000002.spool")
	f.Add("1.spool", "0000000000000001.spool")
	f.Add("18446744073709551615.spool", "1.spool")
	f.Add("x.spool", "notes.txt")
	f.Add("+3.spool", "0.spool")
	f.Fuzz(func(t *testing.T, one, two string) {
		dir := t.TempDir()
		for _, name := range []string{one, two} {
			if strings.ContainsAny(name, "/\x00") || len(name) > 200 || os.WriteFile(dir+"/"+name, nil, 0o644) != nil {
				return
			}
		}
		segments, err := listSegments(dir)
		if err != nil {
			return
		}
		for i, seg := range segments {
			if seg.Path != segmentPath(dir, seg.Number) {
				t.Fatalf("%q is taken for segment %d; a spool calls it %s", seg.Path, seg.Number, segmentPath(dir, seg.Number))
			}
			if seg.Number == 0 || seg.Number+1 == 0 || i > 0 && seg.Number != segments[i-1].Number+1 {
				t.Fatalf("%q and %q are listed as %v", one, two, segments)
			}
		}
	})
}

// FuzzAck: an answer of the server is a place in the log, a refusal that is known to be one, or doubt; never a place
// that is none.
func FuzzAck(f *testing.F) {
	f.Add([]byte(`{"stream":"grants","seq":7}`))
	f.Add([]byte(`{"stream":"grants","seq":7,"duplicate":true}`))
	f.Add([]byte(`{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"},"stream":"grants","seq":0}`))
	f.Add([]byte(`{"error":{"code":503,"err_code":10023,"description":"insufficient resources"}}`))
	f.Add([]byte(`{"error":{},"seq":9}`))
	f.Add([]byte(`{"seq":-1}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &Log{}
		pos, err := l.acked(data)
		known := errors.Is(err, ErrFenced) || errors.Is(err, ErrRefused) || errors.Is(err, ErrDoubt)
		if (err == nil) != (pos > 0) || err != nil && !known || l.seen.Load() != pos {
			t.Fatalf("%q is place %d, %v, seen %d", data, pos, err, l.seen.Load())
		}
		var fields map[string]json.RawMessage
		if err != nil || json.Unmarshal(data, &fields) != nil {
			return
		}
		said := 0
		for name, value := range fields {
			if strings.EqualFold(name, "error") && string(value) != "null" {
				said++
			}
		}
		if _, ok := fields["error"]; ok && said == 1 && len(fields) == 2 {
			t.Fatalf("%q is an error and was taken for place %d", data, pos)
		}
	})
}

// FuzzRun: what a reader adds to a run of messages goes on without a gap, or the run is given up and asked for again.
func FuzzRun(f *testing.F) {
	f.Add("5", "", uint64(5), uint8(0))
	f.Add("7", "", uint64(5), uint8(2))
	f.Add("8", "", uint64(5), uint8(2))
	f.Add("", "404", uint64(1), uint8(1))
	f.Add("1", "408", uint64(1), uint8(0))
	f.Add("18446744073709551616", "", uint64(0), uint8(0))
	f.Fuzz(func(t *testing.T, sequence, status string, from uint64, have uint8) {
		from %= 1 << 40
		var run []stored
		for i := range uint64(have) {
			run = append(run, stored{pos: from + i})
		}
		m := &nats.Msg{Header: nats.Header{"Nats-Sequence": {sequence}, "Status": {status}}}
		more, err := (&reader{}).take(&run, m, from)
		if err != nil && (!errors.Is(err, errAgain) || more) {
			t.Fatalf("error %v, more %t", err, more)
		}
		for i, s := range run {
			if s.pos != from+uint64(i) {
				t.Fatalf("a gap at %d: %d", i, s.pos)
			}
		}
		pos, bad := strconv.ParseUint(sequence, 10, 64)
		if wanted := status == "" && bad == nil && pos == from+uint64(have); more != wanted && (more || !wanted || err == nil) {
			t.Fatalf("sequence %q, status %q after %d: more %t, %v", sequence, status, from+uint64(have), more, err)
		}
	})
}

// FuzzAnnouncement: what a shard's last message is taken for is something that Announce could have said, and says again.
func FuzzAnnouncement(f *testing.F) {
	f.Add([]byte(`{"epoch":3,"primary":"cmem-1","open":true,"by":"_INBOX.x"}`))
	f.Add([]byte(`{"epoch":0,"primary":"","open":true,"by":""}`))
	f.Add([]byte(`{"epoch":4294967296,"primary":"cmem-1"}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"epoch":1,"primary":"cmem-1","open":true,"by":"x"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := readAnnouncement(data)
		if err != nil {
			return
		}
		if a.Epoch == 0 || a.Primary == "" && a.Open {
			t.Fatalf("%q is taken for %+v", data, a)
		}
		if again, err := readAnnouncement(a.text()); err != nil || again != a {
			t.Fatalf("%q is %+v, and written down it is %+v, %v", data, a, again, err)
		}
	})
}
