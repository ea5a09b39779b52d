package drillstest

import (
	"bufio"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/books"
)

// Apart is a saved record taken apart: everything in it may be changed before it is put together and judged.
type Apart struct {
	record.Manifest
	Tally    *tally.Tally   // nil: none was kept
	Cells    []*tally.Tally // none: users were not told apart
	Gauges   []record.Sample
	Attempts []loadprofiles.Attempt
	Probes   []loadprofiles.Probe // nil: nobody probed
	Books    map[books.Shelf][]books.Entry
	Torn     map[string]error // by a shelf's or the journal's file name: what reading it ends with
}

// Journal is the key of the journal in Torn; a shelf's key is its name.
const Journal = "journal"

// TakeApart reads a saved record of a small drill into memory.
func TakeApart(dir string) (*Apart, error) {
	r, err := record.Open(dir)
	if err != nil {
		return nil, err
	}
	a := &Apart{Manifest: r.Manifest, Gauges: r.Gauges, Books: map[books.Shelf][]books.Entry{}, Torn: map[string]error{}}
	if a.Tally, err = readTally(filepath.Join(dir, record.TallyFile)); err != nil {
		return nil, fmt.Errorf("take record %s apart: %w", dir, err)
	}
	if a.Cells, err = readCells(filepath.Join(dir, record.CellsFile), a.Profile); err != nil {
		return nil, fmt.Errorf("take record %s apart: %w", dir, err)
	}
	if a.Attempts, err = all(r.Attempts()); err != nil {
		return nil, fmt.Errorf("take record %s apart: %w", dir, err)
	}
	if r.Probes != nil {
		if a.Probes, err = all(r.Probes()); err != nil {
			return nil, fmt.Errorf("take record %s apart: %w", dir, err)
		}
	}
	for shelf := range r.Shelves {
		if a.Books[shelf], err = all(r.Entries(shelf)); err != nil {
			return nil, fmt.Errorf("take record %s apart: %w", dir, err)
		}
	}
	return a, nil
}

func readTally(path string) (*tally.Tally, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return tally.Decode(bufio.NewReader(f))
}

// readCells is none where there are none.
func readCells(path string, p loadprofiles.Profile) ([]*tally.Tally, error) {
	if p.Cells() == 0 {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cells, err := tally.ReadCells(f, p.Cells(), -1)
	return cells.Of, err
}

func all[T any](from iter.Seq2[T, error]) (list []T, err error) {
	for x, err := range from {
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// Record puts the parts together; they belong to it from then on.
func (a *Apart) Record() *record.Record {
	r := &record.Record{Manifest: a.Manifest, Gauges: a.Gauges}
	if a.Tally != nil {
		r.Tally = record.TallyOf(a.Tally)
	}
	if len(a.Cells) > 0 {
		r.Versions, _ = record.VersionsOf(a.Profile, tally.Cells{Of: a.Cells, Until: a.Length()}) // they are the profile's own
	}
	r.Attempts = func() iter.Seq2[loadprofiles.Attempt, error] { return each(a.Attempts, a.Torn[Journal]) }
	if a.Probes != nil {
		r.Probes = func() iter.Seq2[loadprofiles.Probe, error] { return each(a.Probes, nil) }
	}
	r.Entries = func(s books.Shelf) iter.Seq2[books.Entry, error] { return each(a.Books[s], a.Torn[string(s)]) }
	return r
}

func each[T any](list []T, torn error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
		if torn != nil {
			var none T
			yield(none, torn)
		}
	}
}
