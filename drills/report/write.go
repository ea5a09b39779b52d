package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"redpacket/drills/judge"
	"redpacket/drills/record"
)

// The names of what a run leaves in its directory.
const (
	ScriptFile  = "script.txt"
	RecordDir   = "record"
	VerdictFile = "verdict.json"
	JUnitFile   = "junit.xml"
	PageFile    = "report.html"
)

// Write writes verdict.json, junit.xml and report.html into a directory, and the sheet worked out anew when the drill asked
// about one. Each is whole or not there.
func Write(dir string, r *record.Record, v judge.Verdict, chart Chart) error {
	type file struct {
		name  string
		write func(io.Writer) error
	}
	files := []file{
		{VerdictFile, func(w io.Writer) error { return JSON(w, r, v) }},
		{JUnitFile, func(w io.Writer) error { return JUnit(w, r, v) }},
		{PageFile, func(w io.Writer) error { return HTML(w, r, v, chart) }},
	}
	for _, c := range judge.Comparisons(r) {
		files = append(files, file{SheetFile, func(w io.Writer) error { return writeSheet(w, r.Drill, c) }})
	}
	for _, f := range files {
		if err := WriteFile(filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes a file whole, or leaves what was there.
func WriteFile(path string, write func(io.Writer) error) error {
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	beside := path + ".part"
	if err := os.WriteFile(beside, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.Rename(beside, path); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
