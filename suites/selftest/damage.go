package selftest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"redpacket/drills/record"
)

// Damage is something done to a saved record's files; no such record may be taken up again.
type Damage struct {
	Name string
	Do   func(dir string) error
}

// Damages are the damages.
func Damages() []Damage {
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	return []Damage{
		{"the file of the log's books is missing", remove("books-log.bin")},
		{"the journal is missing", remove(record.JournalFile)},
		{"the list of sums is missing", remove(record.SumsFile)},
		{"one bit of the journal is another", func(dir string) error {
			return edit(filepath.Join(dir, record.JournalFile), func(text []byte) []byte {
				text[len(text)/2] ^= 1
				return text
			})
		}},
		{"the end of the ledger's books is cut off", func(dir string) error {
			return edit(filepath.Join(dir, "books-ledger.bin"), func(text []byte) []byte { return text[:len(text)-8] })
		}},
		{"the deaths were edited out of the manifest", func(dir string) error {
			return edit(filepath.Join(dir, record.ManifestFile), func(text []byte) []byte {
				return regexp.MustCompile(`(?s)"deaths": \[.*?\]`).ReplaceAll(text, []byte(`"deaths": []`))
			})
		}},
	}
}

// edit changes a file; one that it leaves as it was is an error.
func edit(path string, change func([]byte) []byte) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := change(bytes.Clone(text))
	if bytes.Equal(changed, text) {
		return fmt.Errorf("%s: nothing was changed", path)
	}
	return os.WriteFile(path, changed, 0o644)
}
