package volley

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/gray"
)

// Merge adds up what several workers left, as if one of them had fired it all: their volleys must have begun together.
// The sum's files are written to the directory into, which must exist and be none of the others. The journals are
// passed through as a stream.
func Merge(into string, dirs ...string) (loadprofiles.Yield, error) {
	if len(dirs) == 0 {
		return loadprofiles.Yield{}, errors.New("merge volleys: there are none")
	}
	var sum loadprofiles.Yield
	all := tally.New(0)
	for i, dir := range dirs {
		y, t, err := openYield(dir)
		if err != nil {
			return sum, err
		}
		all.Merge(t)
		if i == 0 {
			sum = y
		} else {
			sum = addYields(sum, y)
		}
	}
	sum.LateP99, _ = all.LateQuantile(0, all.Length(), 0.99)
	if err := mergeJournals(into, dirs); err != nil {
		return sum, err
	}
	if err := mergeCells(into, dirs); err != nil {
		return sum, err
	}
	return sum, leave(into, sum, all)
}

func openYield(dir string) (y loadprofiles.Yield, t *tally.Tally, err error) {
	text, err := os.ReadFile(filepath.Join(dir, YieldFile))
	if err != nil {
		return y, nil, fmt.Errorf("read a volley's yield: %w", err)
	}
	if err := json.Unmarshal(text, &y); err != nil {
		return y, nil, fmt.Errorf("read the yield in %s: %w", dir, err)
	}
	file, err := os.Open(filepath.Join(dir, TallyFile))
	if err != nil {
		return y, nil, fmt.Errorf("read a volley's tally: %w", err)
	}
	defer file.Close()
	if t, err = tally.Decode(file); err != nil {
		return y, nil, fmt.Errorf("read the tally in %s: %w", dir, err)
	}
	return y, t, nil
}

// addYields adds two yields up, all but LateP99, which only the tallies know. A stream's hash is a sum already; of the
// shares that say how honest a generator was, the sum's are the worse one's. Each worker hears of a valve by itself; the
// sum has what the first one heard.
func addYields(a, b loadprofiles.Yield) loadprofiles.Yield {
	hits := float64(max(1, hitsOf(a)+hitsOf(b)))
	a.LateOver = (a.LateOver*float64(hitsOf(a)) + b.LateOver*float64(hitsOf(b))) / hits
	a.Exposures.Owed += b.Exposures.Owed
	a.Exposures.Launched += b.Exposures.Launched
	a.Clicks.Owed += b.Clicks.Owed
	a.Clicks.Launched += b.Clicks.Launched
	a.Owed += b.Owed
	a.Launched += b.Launched
	a.Unsent += b.Unsent
	a.LateMax = max(a.LateMax, b.LateMax)
	a.Retries += b.Retries
	a.Length = max(a.Length, b.Length)
	a.CPU += b.CPU
	a.Conns += b.Conns
	a.Dropped += b.Dropped
	a.TooLate += b.TooLate
	a.Garbled += b.Garbled
	a.Shards += b.Shards
	a.Bunched, a.Starved, a.ReadLate = max(a.Bunched, b.Bunched), max(a.Starved, b.Starved), max(a.ReadLate, b.ReadLate)
	a.Untold += b.Untold
	a.Withheld += b.Withheld
	if len(a.Valve) == 0 {
		a.Valve = b.Valve
	}
	a.Unheard += b.Unheard
	a.Moved += b.Moved
	a.Unresolved += b.Unresolved
	a.Held += b.Held
	a.Vegeta = addVegetas(a.Vegeta, b.Vegeta)
	a.Stopped = a.Stopped || b.Stopped
	if a.Cores != b.Cores {
		a.Cores += " + " + b.Cores
	}
	if b.Began.Before(a.Began) {
		a.Began = b.Began
	}
	one, _ := strconv.ParseUint(a.Stream, 16, 64)
	two, _ := strconv.ParseUint(b.Stream, 16, 64)
	a.Stream = fmt.Sprintf("%016x", one+two)
	return a
}

// hitsOf is how many hits left: exposures, or clicks where there are none.
func hitsOf(y loadprofiles.Yield) uint64 { return max(y.Exposures.Launched, y.Clicks.Launched) }

// addVegetas adds the rates up; a quantile of both nobody can tell any more, so it is the worse one.
func addVegetas(a, b loadprofiles.Vegeta) loadprofiles.Vegeta {
	return loadprofiles.Vegeta{Hits: a.Hits + b.Hits, Rate: a.Rate + b.Rate, Throughput: a.Throughput + b.Throughput,
		P50: max(a.P50, b.P50), P99: max(a.P99, b.P99)}
}

func mergeJournals(into string, dirs []string) error {
	file, err := os.Create(filepath.Join(into, JournalFile))
	if err != nil {
		return fmt.Errorf("create the merged journal: %w", err)
	}
	out := bufio.NewWriterSize(file, pageSize)
	w, err := loadprofiles.NewJournalWriter(out)
	for _, dir := range dirs {
		if err == nil {
			err = appendJournal(w, filepath.Join(dir, JournalFile))
		}
	}
	if err == nil {
		err = w.Close()
	}
	return errors.Join(err, out.Flush(), file.Close())
}

func appendJournal(w *loadprofiles.JournalWriter, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read a volley's journal: %w", err)
	}
	defer from.Close()
	line := make([]byte, 0, loadprofiles.AttemptSize)
	for a, err := range loadprofiles.ReadJournal(io.Reader(from)) {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := w.Write(a.Append(line)); err != nil {
			return err
		}
	}
	return nil
}

// mergeCells adds the cohorts' cells up, where users were told apart; a worker without them leaves the sum without them.
func mergeCells(into string, dirs []string) error {
	var all []*tally.Tally
	for _, dir := range dirs {
		file, err := os.Open(filepath.Join(dir, CellsFile))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a volley's cells: %w", err)
		}
		cells, err := tally.ReadCells(file, 2*gray.Buckets, -1)
		if err = errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if all == nil {
			all = cells.Of
			continue
		}
		for i, c := range cells.Of {
			all[i].Merge(c)
		}
	}
	return writeCells(into, all)
}

func writeCells(dir string, all []*tally.Tally) error {
	file, err := os.Create(filepath.Join(dir, CellsFile))
	if err != nil {
		return fmt.Errorf("create the merged cells: %w", err)
	}
	w, err := tally.NewCellsWriter(file)
	for i, c := range all {
		if err == nil && c.Slots() > 0 {
			err = w.Write(c.Piece(nil, i, 0, c.Slots()))
		}
	}
	if err == nil {
		err = w.Close()
	}
	return errors.Join(err, file.Close())
}
