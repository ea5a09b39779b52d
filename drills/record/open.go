package record

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"

	"redpacket/loadprofiles"
	"redpacket/system/books"
)

// Open takes up a saved record, after checking that not a byte of it was changed. It reads the small parts at once and
// the large ones when they are asked for. The error is one line, and names the file that is wrong.
func Open(dir string) (*Record, error) {
	sums, err := checkSums(dir)
	if err != nil {
		return nil, err
	}
	r := &Record{}
	text, err := readAtMost(filepath.Join(dir, ManifestFile), 1<<24)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", dir, err)
	}
	if err := json.Unmarshal(text, &r.Manifest); err != nil {
		return nil, fmt.Errorf("record %s: %s: %w", dir, ManifestFile, err)
	}
	if r.Version != Version {
		return nil, fmt.Errorf("record %s is of version %d; this build reads %d", dir, r.Version, Version)
	}
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("record %s: %s: %w", dir, ManifestFile, err)
	}
	delete(sums, ManifestFile)
	if !maps.Equal(sums, r.Files) {
		return nil, fmt.Errorf("record %s: %s and %s name different files: %w", dir, ManifestFile, SumsFile, ErrChanged)
	}
	return r, r.attach(dir)
}

// attach opens what lies beside the manifest.
func (r *Record) attach(dir string) error {
	if f, err := os.Open(filepath.Join(dir, GaugesFile)); err == nil {
		r.Gauges, err = readGauges(f)
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("record %s: %s: %w", dir, GaugesFile, err)
		}
	}
	if _, there := r.Files[TallyFile]; there {
		tally, err := OpenTally(filepath.Join(dir, TallyFile))
		if err != nil {
			return fmt.Errorf("record %s: %s: %w", dir, TallyFile, err)
		}
		r.Tally = tally
	}
	if _, there := r.Files[CellsFile]; there {
		versions, err := OpenVersions(filepath.Join(dir, CellsFile), r.Profile)
		if err != nil {
			return fmt.Errorf("record %s: %s: %w", dir, CellsFile, err)
		}
		r.Versions = versions
	}
	if _, there := r.Files[ProbesFile]; there {
		r.Probes = func() iter.Seq2[loadprofiles.Probe, error] {
			return fromFile(filepath.Join(dir, ProbesFile), ReadProbes)
		}
	}
	r.Attempts = func() iter.Seq2[loadprofiles.Attempt, error] { return Attempts(filepath.Join(dir, JournalFile)) }
	r.Entries = func(s books.Shelf) iter.Seq2[books.Entry, error] {
		return fromFile(filepath.Join(dir, shelfFile(s)), ReadShelf)
	}
	return nil
}

// Attempts reads a claim journal; the file is open while it is read.
func Attempts(path string) iter.Seq2[loadprofiles.Attempt, error] {
	return fromFile(path, loadprofiles.ReadJournal)
}

// fromFile opens the file when the reading begins and closes it when it ends.
func fromFile[T any](path string, read func(io.Reader) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		defer f.Close()
		read(f)(yield)
	}
}
