package record

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

func entries() *rapid.Generator[[]books.Entry] {
	one := rapid.Custom(func(t *rapid.T) books.Entry {
		return books.Entry{Grant: api.Grant{
			Order: api.Order(rapid.Uint64().Draw(t, "order")), User: api.User(rapid.Uint64().Draw(t, "user")),
			Fen: money.Fen(rapid.Int64Range(0, math.MaxUint32).Draw(t, "fen")), Server: rapid.Uint16().Draw(t, "server"),
		}, Pos: rapid.Uint64().Draw(t, "pos")}
	})
	return rapid.SliceOfN(one, 0, 50)
}

func shelf(t interface{ Fatal(...any) }, all []books.Entry) []byte {
	var b bytes.Buffer
	w, err := NewShelfWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if err := w.Keep(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || w.Count() != uint64(len(all)) {
		t.Fatal(err, w.Count())
	}
	return b.Bytes()
}

func readShelf(text []byte) (all []books.Entry, err error) {
	for e, err := range ReadShelf(bytes.NewReader(text)) {
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

func TestShelfReadsBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := entries().Draw(t, "entries")
		got, err := readShelf(shelf(t, want))
		if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, %v; want %v", got, err, want)
		}
	})
}

func TestShelfOfSeveralBlocks(t *testing.T) {
	all := make([]books.Entry, 2*blockMost+7)
	for i := range all {
		all[i].Order, all[i].Fen = api.Order(i), 1
	}
	got, err := readShelf(shelf(t, all))
	if err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

func TestEveryDamageToAShelfIsNoticed(t *testing.T) {
	text := shelf(t, []books.Entry{{Grant: api.Grant{Order: 1, User: 2, Fen: 3}}, {Grant: api.Grant{Order: 4, User: 5, Fen: 6}}})
	for cut := range text {
		if _, err := readShelf(text[:cut]); !errors.Is(err, ErrTorn) {
			t.Errorf("cut after %d of %d bytes: %v", cut, len(text), err)
		}
	}
	for i := range text {
		hurt := bytes.Clone(text)
		hurt[i] ^= 0x40
		if _, err := readShelf(hurt); !errors.Is(err, ErrTorn) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

func FuzzReadShelf(f *testing.F) {
	f.Add(shelf(f, []books.Entry{{Grant: api.Grant{Order: 1}}}))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := readShelf(text)
		if err == nil && len(all) > len(text)/entryLen {
			t.Errorf("%d entries out of %d bytes", len(all), len(text))
		}
	})
}

func TestShelfRefusesAnAmountThatDoesNotFit(t *testing.T) {
	w, err := NewShelfWriter(&bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	for _, fen := range []money.Fen{-1, math.MaxUint32 + 1} {
		if w.Keep(books.Entry{Grant: api.Grant{Fen: fen}}) == nil {
			t.Errorf("%d fen were kept", fen)
		}
	}
}

// saved is a small record on disk.
func saved(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "record")
	write(t, dir)
	return dir
}

func TestRecordIsTakenUpAgain(t *testing.T) {
	r, err := Open(saved(t))
	if err != nil {
		t.Fatal(err)
	}
	if r.Drill != "small" || r.Seed != 1<<63 || r.Shelves[books.Log] != 1 || len(r.Gauges) != 1 {
		t.Errorf("%+v", r.Manifest)
	}
	if n, read := r.Shelves[books.Ledger]; n != 0 || !read {
		t.Error("an empty shelf that was read is not told from one that was not")
	}
	for range 2 {
		for e, err := range r.Entries(books.Log) {
			if err != nil || e.Pos != 9 || e.User != 2 {
				t.Errorf("%+v, %v", e, err)
			}
		}
	}
	if line := r.Series(QueueWait, Span{To: time.Minute}); len(line) != 1 || line[0].Value != 0.5 {
		t.Errorf("series %v", line)
	}
	for _, err := range r.Attempts() {
		if err == nil {
			t.Error("a journal was read that is not there")
		}
	}
}

func TestChangedRecordIsRefused(t *testing.T) {
	names := []string{ManifestFile, SumsFile, GaugesFile, "books-log.bin"}
	for _, name := range names {
		for how, change := range map[string]func(path string) error{
			"changed": func(path string) error {
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				text[len(text)/2] ^= 1
				return os.WriteFile(path, text, 0o644)
			},
			"removed": os.Remove,
		} {
			dir := saved(t)
			if err := change(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s %s: %v; want one line", name, how, err)
			} else if name != SumsFile && !strings.Contains(err.Error(), name) {
				t.Errorf("%s %s: the error names another file: %v", name, how, err)
			}
		}
	}
}

func TestSumsCannotReachOutOfTheDirectory(t *testing.T) {
	dir := saved(t)
	if err := os.WriteFile(filepath.Join(dir, SumsFile), []byte(strings.Repeat("0", 64)+"  ../secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrChanged) {
		t.Errorf("%v", err)
	}
}

func TestADirectoryHoldsOneRecord(t *testing.T) {
	if _, err := Create(saved(t)); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("%v; want an error that says what to do", err)
	}
}

func TestUnknownShelfIsRefused(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "r"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Shelves(func(keep books.Keep) error { return keep("attic", books.Entry{}) }); err == nil {
		t.Error("a shelf of an unknown name was kept")
	}
}
