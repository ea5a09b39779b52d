package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"redpacket/system/books"
)

// Version is the form of the record that this build writes and reads.
const Version = 1

// Writer writes a record while its drill runs. One goroutine may use it at a time.
type Writer struct {
	dir    string
	file   *os.File
	gauges *bufio.Writer
}

// Create starts a record in a directory, which it makes. A directory that already holds a record is refused.
func Create(dir string) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, GaugesFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("create record: %s already holds one; choose another --out", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	return &Writer{dir: dir, file: f, gauges: bufio.NewWriter(f)}, nil
}

// Dir is where the record is being written; the volley leaves its tally and its journal there.
func (w *Writer) Dir() string { return w.dir }

// Sample adds one reading of the gauges.
func (w *Writer) Sample(s Sample) error {
	line, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write gauges: %w", err)
	}
	if _, err = w.gauges.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write gauges: %w", err)
	}
	return nil
}

// Shelves writes the books that read hands over, and returns how many entries each shelf had. A shelf without entries
// counts as read when read returns without an error.
func (w *Writer) Shelves(read func(books.Keep) error) (counts map[books.Shelf]uint64, err error) {
	open := map[books.Shelf]*ShelfWriter{}
	for _, s := range shelves() {
		f, e := os.Create(filepath.Join(w.dir, shelfFile(s)))
		if e != nil {
			return nil, fmt.Errorf("write books: %w", e)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if open[s], e = NewShelfWriter(f); e != nil {
			return nil, fmt.Errorf("write books: %w", e)
		}
	}
	err = read(func(s books.Shelf, e books.Entry) error {
		if open[s] == nil {
			return fmt.Errorf("no shelf is called %q", s)
		}
		return open[s].Keep(e)
	})
	counts = map[books.Shelf]uint64{}
	for name, s := range open {
		err = errors.Join(err, s.Close())
		counts[name] = s.Count()
	}
	if err != nil {
		return nil, fmt.Errorf("write books: %w", err)
	}
	return counts, nil
}

// Finish writes the manifest and the sums; without it the directory is no record.
func (w *Writer) Finish(m Manifest) error {
	if err := errors.Join(w.gauges.Flush(), w.file.Close()); err != nil {
		return fmt.Errorf("finish record: %w", err)
	}
	sums, err := hashes(w.dir)
	if err != nil {
		return fmt.Errorf("finish record: %w", err)
	}
	m.Version, m.Files = Version, sums
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("finish record: %w", err)
	}
	path := filepath.Join(w.dir, ManifestFile)
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("finish record: %w", err)
	}
	all := map[string]string{}
	for name, sum := range sums {
		all[name] = sum
	}
	if all[ManifestFile], err = hashFile(path); err != nil {
		return fmt.Errorf("finish record: %w", err)
	}
	if err := writeSums(w.dir, all); err != nil {
		return fmt.Errorf("finish record: %w", err)
	}
	return nil
}
