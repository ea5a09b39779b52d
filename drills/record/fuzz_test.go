package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/books"
)

// FuzzShelfBytes passes the checksums by: a shelf that is read without an error is, to the byte, what a writer writes.
func FuzzShelfBytes(f *testing.F) {
	two := shelf(f, []books.Entry{{Grant: api.Grant{Order: 1, User: 2, Fen: 3, Server: 4}, Pos: 5}, {Grant: api.Grant{Order: 6}}})
	f.Add(two[len(shelfMagic):])
	f.Add(append(bytes.Clone(two[len(shelfMagic):]), "behind"...))
	f.Add(append(bytes.Clone(two[len(shelfMagic):len(two)-8]), two[len(shelfMagic):]...))
	f.Add(bytes.Replace(two[len(shelfMagic):], []byte{0, 0, 0, 4}, []byte{0, 1, 0, 4}, 1))
	f.Add(make([]byte, 8))
	f.Fuzz(func(t *testing.T, body []byte) {
		text := append([]byte(shelfMagic), signed(body, entryLen)...)
		all, err := readShelf(text)
		if err != nil {
			if !errors.Is(err, ErrTorn) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if again := shelf(t, all); !bytes.Equal(again, text) {
			t.Fatalf("%x is read as %d entries, which are written as %x", text, len(all), again)
		}
	})
}

// signed gives every block its right checksum.
func signed(body []byte, size int) []byte {
	out := bytes.Clone(body)
	for at := 0; at+4 <= len(out); {
		end := at + 4 + size*(int(out[at+2])<<8|int(out[at+3]))
		if out[at] != 0 || out[at+1] != 0 || end+4 > len(out) {
			break
		}
		right := sum(out[at:end])
		out[end], out[end+1], out[end+2], out[end+3] = byte(right>>24), byte(right>>16), byte(right>>8), byte(right)
		at = end + 4
	}
	return out
}

// FuzzGauges: samples that are read are read again as the same when they are written.
func FuzzGauges(f *testing.F) {
	f.Add([]byte(`{"at":1000000000,"values":{"queue_wait_s":0.5,"cpu.tgw":1e-9},"error":"x"}` + "\n" + `{"at":-1,"values":null}` + "\n"))
	f.Add([]byte("{}\n\n{}"))
	f.Add([]byte(`{"values":{"x":1e999}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := readGauges(bytes.NewReader(text))
		if err != nil {
			return
		}
		if lines := bytes.Count(text, []byte("\n")) + 1; len(all) > lines {
			t.Fatalf("%d samples in %d lines", len(all), lines)
		}
		var again bytes.Buffer
		for _, s := range all {
			if err := json.NewEncoder(&again).Encode(s); err != nil {
				t.Fatal(err)
			}
		}
		if back, err := readGauges(&again); err != nil || !reflect.DeepEqual(back, all) {
			t.Fatalf("%+v is written, and read as %+v, %v", all, back, err)
		}
	})
}

// FuzzDamage: a record of which one file was changed in any way is refused in one line, and the line names the file.
func FuzzDamage(f *testing.F) {
	whole, err := os.MkdirTemp("", "record")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = os.RemoveAll(whole) })
	write(f, whole)
	all := dataFiles()
	names := append(all[slices.Index(all, GaugesFile):], ManifestFile, SumsFile) // gauges, the shelves, and what speaks of them
	f.Add(uint8(0), uint16(3), []byte("x"), uint16(1))
	manifest, list := uint8(len(names)-2), uint8(len(names)-1)
	f.Add(manifest, uint16(0), []byte("{}"), uint16(65535))
	f.Add(list, uint16(64), []byte(" "), uint16(1))
	sums, err := os.ReadFile(filepath.Join(whole, SumsFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list, uint16(len(sums)-1), []byte{}, uint16(1))
	f.Add(list, uint16(len(sums)), sums[:bytes.IndexByte(sums, '\n')+1], uint16(0))
	f.Add(list, uint16(0), []byte(strings.Repeat("0", 64)+"  ../secret\n"), uint16(65535))
	f.Fuzz(func(t *testing.T, which uint8, at uint16, put []byte, cut uint16) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		name := names[int(which)%len(names)]
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		from := int(at) % (len(text) + 1)
		hurt := append(append(bytes.Clone(text[:from]), put...), text[min(len(text), from+int(cut)):]...)
		if err := os.WriteFile(path, hurt, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err = Open(dir)
		switch {
		case bytes.Equal(hurt, text):
			if err != nil {
				t.Fatalf("nothing was changed: %v", err)
			}
		case err == nil:
			t.Fatalf("%s was changed at %d, and the record is taken", name, from)
		case name != SumsFile && !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n"):
			t.Fatalf("%s was changed at %d: %q", name, from, err)
		}
	})
}

// write makes a small whole record.
func write(t interface{ Fatal(...any) }, dir string) {
	w, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sample(Sample{At: time.Second, Values: map[Gauge]float64{QueueWait: 0.5}}); err != nil {
		t.Fatal(err)
	}
	counts, err := w.Shelves(func(keep books.Keep) error {
		return keep(books.Log, books.Entry{Grant: api.Grant{Order: 1, User: 2, Fen: 3}, Pos: 9})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(Manifest{Drill: "small", Shelves: counts, Seed: 1 << 63}); err != nil {
		t.Fatal(err)
	}
}
