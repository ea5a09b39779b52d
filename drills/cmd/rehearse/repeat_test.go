package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"redpacket/drills"
	"redpacket/drills/drillstest"
	"redpacket/drills/record"
	"redpacket/drills/report"
)

// played is the directory of a run of the real chain.
func played(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	d := tiny(t)
	s := &drillstest.System{Activity: d.Stage(0.05).Activity}
	into, err := record.Create(filepath.Join(dir, report.RecordDir))
	if err != nil {
		t.Fatal(err)
	}
	_, err = drills.Run(t.Context(), d, s, drills.Conditions{Scale: 0.05, Volley: s, Into: into, Tell: func(drills.Progress) {}})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// texts reads the files that a judge leaves.
func texts(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{report.VerdictFile, report.JUnitFile, report.PageFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(text) == 0 {
			t.Fatalf("%s: %d bytes, %v", name, len(text), err)
		}
		all[name] = string(text)
	}
	return all
}

// A record judged twice, and judged where somebody copied it to, gives the same bytes in every file. One changed byte in
// any file of the record, or a byte more, and it is refused by the name of that file; what was judged before stays.
func TestJudgeIsRepeatableAndRefusesEveryChange(t *testing.T) {
	dir := played(t)
	if code, _, errs := rehearse(t, fresh(), "judge", dir); code != exitPass {
		t.Fatalf("exit %d: %s", code, errs)
	}
	first := texts(t, dir)
	moved := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(filepath.Join(moved, report.RecordDir), os.DirFS(filepath.Join(dir, report.RecordDir))); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{dir, moved} {
		if code, _, errs := rehearse(t, fresh(), "judge", at); code != exitPass {
			t.Fatalf("exit %d: %s", code, errs)
		}
		for name, text := range texts(t, at) {
			if text != first[name] {
				t.Errorf("%s of %s has other bytes than before", name, at)
			}
		}
	}
	if code, out, _ := rehearse(t, fresh(), "diff", dir, moved); code != exitPass || strings.Contains(out, "\n* ") {
		t.Errorf("a record differs from itself:\n%s", out)
	}
	files, err := os.ReadDir(filepath.Join(dir, report.RecordDir))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files in the record, %v", len(files), err)
	}
	for _, file := range files {
		path := filepath.Join(dir, report.RecordDir, file.Name())
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(whole)
		flipped[len(flipped)*2/3] ^= 1
		for how, hurt := range map[string][]byte{
			"a flipped bit": flipped, "a byte more": append(bytes.Clone(whole), '\n'), "a byte less": whole[:len(whole)-1],
		} {
			if err := os.WriteFile(path, hurt, 0o644); err != nil {
				t.Fatal(err)
			}
			code, _, errs := rehearse(t, fresh(), "judge", dir)
			if code != exitRig || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, file.Name()) && file.Name() != record.SumsFile {
				t.Errorf("%s in %s: exit %d, %q", how, file.Name(), code, errs)
			}
		}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range texts(t, dir) {
		if text != first[name] {
			t.Errorf("%s was written for a record that was refused", name)
		}
	}
}
