package warden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"redpacket/faults/kinds"
)

// entry is one line of the journal; one of its fields after N is set.
type entry struct {
	N      int         `json:"n"` // which fault of the run, from 1; 0: all of it
	Fault  *kinds.Note `json:"fault,omitempty"`
	Healed *Healing    `json:"healed,omitempty"`
	Audit  *Audit      `json:"audit,omitempty"`

	TTL time.Duration `json:"ttl,omitempty"` // a fault's: after this the guard heals it
}

// Healing is one heal of one fault.
type Healing struct {
	By    string   `json:"by"` // harness or warden
	Why   string   `json:"why,omitempty"`
	Steps []string `json:"steps,omitempty"`
	Err   string   `json:"error,omitempty"` // the fault is still there
}

// Audit is one look for what faults left.
type Audit struct {
	By      string   `json:"by"`
	Residue []string `json:"residue"`
	Err     string   `json:"error,omitempty"` // where it could not look
}

// journal is the file that a run's faults are written to. Both sides append to it, a line at a time.
type journal struct {
	mu   sync.Mutex
	file *os.File
}

// Beside is where the journal of a run lies: beside its record.
func Beside(record string) string { return filepath.Join(filepath.Dir(record), "faults.journal") }

// openJournal opens the file, or makes it.
func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the journal of faults: %w", err)
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // the name must be as durable as what it names
		_ = dir.Sync()
		_ = dir.Close()
	}
	return &journal{file: f}, nil
}

// write appends a line, and returns when it is on the disk.
func (j *journal) write(e entry) error {
	line, err := json.Marshal(e)
	if err == nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		_, err = j.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the journal of faults: %w", err)
	}
	return nil
}

func (j *journal) close() error { return j.file.Close() }

// readJournal reads the whole lines of a journal. What stands behind the last one was not written to its end, so the act
// it announces was not begun. A line that cannot be read is an error beside all the others: each fault that is known must be healed.
func readJournal(r io.Reader) (entries []entry, err error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the journal of faults: %w", err)
	}
	for number := 1; ; number++ {
		line, rest, whole := bytes.Cut(text, []byte{'\n'})
		if !whole {
			return entries, err
		}
		text = rest
		var e entry
		if bad := json.Unmarshal(line, &e); bad != nil {
			err = errors.Join(err, fmt.Errorf("the journal of faults, line %d: %w", number, bad))
			continue
		}
		entries = append(entries, e)
	}
}

// ReadJournal tells how each fault of a run ended, for tests and for people: the faults in words, in order, each with its
// last heal, and the last audit, nil if there was none.
func ReadJournal(path string) (ends []End, last *Audit, err error) {
	entries, err := readJournalFile(path)
	at := map[int]int{}
	for _, e := range entries {
		switch i, known := at[e.N]; {
		case e.Fault != nil:
			what := e.Fault.Type
			if f, bad := kinds.Decode(*e.Fault); bad == nil {
				what = f.String()
			}
			at[e.N] = len(ends)
			ends = append(ends, End{Fault: what})
		case e.Healed != nil && known:
			ends[i].Healed = e.Healed
		case e.Audit != nil:
			last = e.Audit
		}
	}
	return ends, last, err
}

// End is how a fault ended; Healed is nil while it has not.
type End struct {
	Fault  string
	Healed *Healing
}

func readJournalFile(path string) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the journal of faults: %w", err)
	}
	defer f.Close()
	return readJournal(f)
}
