// Package tidy reads the project's own source and names what breaks its rules: who may import whom, what must be
// documented, how large a thing may grow.
package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// File is one Go file of the project.
type File struct {
	Path   string // from the module's root
	Dir    string // its package's path from the module's root
	Test   bool
	Lines  int
	Syntax *ast.File
	fset   *token.FileSet
}

// Rule names every place of a file that breaks it, one line each: where, what, and what to do.
type Rule func(File) []string

// Root is the folder of the module that a folder lies in.
func Root(from string) (string, error) {
	for dir := from; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod at or above %s", from)
		}
	}
}

// Read parses every Go file below root, but for folders whose name begins with a dot. The first that is no Go is the error.
func Read(root string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f, err := Parse(filepath.ToSlash(rel), string(text))
		files = append(files, f)
		return err
	})
	return files, err
}

// Parse reads one file from its text.
func Parse(path, text string) (File, error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, path, text, parser.ParseComments)
	return File{
		Path: path, Dir: filepath.ToSlash(filepath.Dir(path)), Test: strings.HasSuffix(path, "_test.go"),
		Lines: strings.Count(text, "\n") + 1, Syntax: syntax, fset: fset,
	}, err
}

// Imports are the paths that the file imports.
func (f File) Imports() []string {
	var paths []string
	for _, spec := range f.Syntax.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

func (f File) at(node ast.Node, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", f.Path, f.fset.Position(node.Pos()).Line) + fmt.Sprintf(format, args...)
}

func (f File) lines(node ast.Node) int {
	return f.fset.Position(node.End()).Line - f.fset.Position(node.Pos()).Line + 1
}
