package tidy

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// The limits of the style guide.
const (
	maxFile     = 400
	maxTestFile = 500
	maxFunc     = 60
	maxMethods  = 5
	maxParams   = 4 // beside the context
)

// Sizes bounds files, functions, interfaces and parameter lists.
func Sizes(f File) []string {
	var wrong []string
	limit := maxFile
	if f.Test {
		limit = maxTestFile
	}
	if f.Lines > limit {
		wrong = append(wrong, f.at(f.Syntax, "%d lines; at most %d: split it by noun", f.Lines, limit))
	}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if lines := f.lines(n); lines > maxFunc && !isTable(n) && !f.Test {
				wrong = append(wrong, f.at(n, "%s has %d lines; at most %d", n.Name.Name, lines, maxFunc))
			}
			if params := countParams(n.Type); params > maxParams {
				wrong = append(wrong, f.at(n, "%s takes %d parameters; at most %d beside the context, then a struct", n.Name.Name, params, maxParams))
			}
		case *ast.InterfaceType:
			if n.Methods.NumFields() > maxMethods {
				wrong = append(wrong, f.at(n, "an interface of %d methods; at most %d", n.Methods.NumFields(), maxMethods))
			}
		}
		return true
	})
	return wrong
}

// isTable says that a function is one literal: data may be long.
func isTable(fn *ast.FuncDecl) bool {
	if fn.Body == nil || len(fn.Body.List) != 1 {
		return false
	}
	ret, ok := fn.Body.List[0].(*ast.ReturnStmt)
	return ok && len(ret.Results) == 1 && isLiteral(ret.Results[0])
}

func isLiteral(e ast.Expr) bool {
	_, ok := e.(*ast.CompositeLit)
	return ok
}

func countParams(fn *ast.FuncType) int {
	n := 0
	for _, field := range fn.Params.List {
		if sel, ok := field.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Context" {
			continue
		}
		n += max(1, len(field.Names))
	}
	return n
}

// Documented asks a comment of every exported name; a group's comment serves its members.
func Documented(f File) []string {
	if f.Test {
		return nil
	}
	var wrong []string
	for _, decl := range f.Syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
				wrong = append(wrong, f.at(d, "%s is exported and says nothing", d.Name.Name))
			}
		case *ast.GenDecl:
			wrong = append(wrong, f.undocumented(d)...)
		}
	}
	return wrong
}

func (f File) undocumented(d *ast.GenDecl) []string {
	var wrong []string
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				wrong = append(wrong, f.at(s, "type %s is exported and says nothing", s.Name.Name))
			}
		case *ast.ValueSpec:
			if d.Doc == nil && s.Doc == nil && s.Comment == nil && slices.ContainsFunc(s.Names, (*ast.Ident).IsExported) {
				wrong = append(wrong, f.at(s, "%s is exported and says nothing", s.Names[0].Name))
			}
		}
	}
	return wrong
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	name := d.Recv.List[0].Type
	if star, ok := name.(*ast.StarExpr); ok {
		name = star.X
	}
	if index, ok := name.(*ast.IndexExpr); ok {
		name = index.X
	}
	id, ok := name.(*ast.Ident)
	return ok && id.IsExported()
}

// Forbidden names what the style guide rules out: init, panic, sleeping, focused or skipped specs, empty package names.
func Forbidden(f File) []string {
	var wrong []string
	if slices.Contains([]string{"util", "utils", "common", "helpers", "types", "core", "manager", "base"}, f.Syntax.Name.Name) {
		wrong = append(wrong, f.at(f.Syntax, "package %s is named for nothing", f.Syntax.Name.Name))
	}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				wrong = append(wrong, f.at(n, "init runs behind the reader's back; call it"))
			}
		case *ast.CallExpr:
			if why := badCall(n); why != "" {
				wrong = append(wrong, f.at(n, "%s", why))
			}
		}
		return true
	})
	return append(wrong, f.marks()...)
}

func badCall(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		if fun.Name == "panic" {
			return "panic; return an error"
		}
		if slices.Contains([]string{"FIt", "FDescribe", "FContext", "PIt", "PDescribe", "XIt", "XDescribe", "Skip"}, fun.Name) {
			return fun.Name + " leaves specs out of the run"
		}
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok && x.Name == "time" && fun.Sel.Name == "Sleep" {
			return "time.Sleep; wait for the condition, or on a timer and the context"
		}
	}
	return ""
}

// marks finds notes of unfinished work; the words are put together here so that this file does not find itself.
func (f File) marks() []string {
	var wrong []string
	for _, group := range f.Syntax.Comments {
		for _, mark := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
			if strings.Contains(group.Text(), mark) {
				wrong = append(wrong, f.at(group, "%s: do it, or file it", mark))
			}
		}
	}
	return wrong
}

// Clockless holds the packages that judge to what is in the record: they may measure times, never read a clock.
func Clockless(f File) []string {
	if f.Test || !within(f.Dir, "drills/judge") && !within(f.Dir, "drills/report") && !within(f.Dir, "system/activity") {
		return nil
	}
	var wrong []string
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "NewTimer", "NewTicker", "Tick"}, sel.Sel.Name) {
			wrong = append(wrong, f.at(sel, "time.%s: %s reads no clock", sel.Sel.Name, f.Dir))
		}
		return true
	})
	return wrong
}

// Constant finds package-level variables that the package assigns to: state that every caller shares unseen.
func Constant(f File) []string {
	vars := map[string]bool{}
	for _, decl := range f.Syntax.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
			for _, spec := range d.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					vars[name.Name] = true
				}
			}
		}
	}
	var wrong []string
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || assign.Tok == token.DEFINE {
			return true
		}
		for _, left := range assign.Lhs {
			if id, ok := left.(*ast.Ident); ok && vars[id.Name] && id.Obj != nil && id.Obj.Decl != nil && isPackageLevel(f, id) {
				wrong = append(wrong, f.at(assign, "%s is a package-level variable that changes", id.Name))
			}
		}
		return true
	})
	return wrong
}

func isPackageLevel(f File, id *ast.Ident) bool { return f.Syntax.Scope.Lookup(id.Name) == id.Obj }

// PackageComments names every package without its one comment in the file named for it.
func PackageComments(files []File) []string {
	found, where := map[string]bool{}, map[string]File{}
	for _, f := range files {
		if f.Test {
			continue
		}
		where[f.Dir] = f
		file := path.Base(f.Path)
		if f.Syntax.Doc != nil && (file == f.Syntax.Name.Name+".go" || file == "main.go" || file == "doc.go") {
			found[f.Dir] = true
		}
	}
	var wrong []string
	for dir, f := range where {
		if !found[dir] {
			wrong = append(wrong, f.Path+": package "+f.Syntax.Name.Name+" has no comment in "+f.Syntax.Name.Name+".go")
		}
	}
	slices.Sort(wrong)
	return wrong
}
