package record

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"redpacket/system/books"
)

// The files of a record's directory.
const (
	ManifestFile = "record.json"
	TallyFile    = "tally.bin"   // written by the volley
	JournalFile  = "journal.bin" // written by the volley
	YieldFile    = "yield.json"  // written by the volley
	CellsFile    = "cells.bin"   // written by the volley, where users are told apart by cohorts
	ProbesFile   = "probes.bin"  // of a drill that probes
	GaugesFile   = "gauges.jsonl"
	SumsFile     = "SHA256SUMS" // of every other file; written last, so a record without it is not whole
)

// ErrChanged says that a record is not what its drill left.
var ErrChanged = errors.New("the record was changed or is not whole; judge only what a drill left, or run the drill again")

// shelves are the books that a record keeps, in the order of a grant's life.
func shelves() []books.Shelf {
	return []books.Shelf{books.Cmem, books.Log, books.Ledger, books.Shadow, books.Mirror, books.Marks}
}

func shelfFile(s books.Shelf) string { return "books-" + string(s) + ".bin" }

// dataFiles are the files that a manifest may name; none of them lies in another directory.
func dataFiles() []string {
	names := []string{TallyFile, JournalFile, YieldFile, CellsFile, ProbesFile, GaugesFile}
	for _, s := range shelves() {
		names = append(names, shelfFile(s))
	}
	return names
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, bufio.NewReaderSize(f, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// hashes are those of the data files there are.
func hashes(dir string) (map[string]string, error) {
	sums := map[string]string{}
	for _, name := range dataFiles() {
		sum, err := hashFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("hash %s: %w", name, err)
		}
		sums[name] = sum
	}
	return sums, nil
}

// sumsText is the list as sha256sum writes it, so that `sha256sum -c SHA256SUMS` checks it too.
func sumsText(sums map[string]string) []byte {
	names := make([]string, 0, len(sums))
	for name := range sums {
		names = append(names, name)
	}
	slices.Sort(names)
	var text bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&text, "%s  %s\n", sums[name], name)
	}
	return text.Bytes()
}

// Seal is the SHA-256 of a record's list of sums, in hex: another one when any byte of the record is another.
func Seal(dir string) (string, error) { return hashFile(filepath.Join(dir, SumsFile)) }

func writeSums(dir string, sums map[string]string) error {
	return os.WriteFile(filepath.Join(dir, SumsFile), sumsText(sums), 0o644)
}

// checkSums compares every file with the list; the error names the first file that differs.
func checkSums(dir string) (map[string]string, error) {
	text, err := readAtMost(filepath.Join(dir, SumsFile), 1<<16)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("record %s has no %s: %w", dir, SumsFile, ErrChanged)
	}
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", dir, err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || name != ManifestFile && !slices.Contains(dataFiles(), name) {
			return nil, fmt.Errorf("record %s: %s lists %q: %w", dir, SumsFile, name, ErrChanged)
		}
		if got, err := hashFile(filepath.Join(dir, name)); err != nil || got != sum {
			return nil, fmt.Errorf("record %s: %s is not the file its sum was taken of: %w", dir, name, ErrChanged)
		}
		sums[name] = sum
	}
	if !bytes.Equal(text, sumsText(sums)) {
		return nil, fmt.Errorf("record %s: %s is not as it was written: %w", dir, SumsFile, ErrChanged)
	}
	return sums, nil
}

func readAtMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, most)
	}
	return text, err
}
