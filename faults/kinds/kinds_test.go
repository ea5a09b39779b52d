package kinds_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"redpacket/faults"
	"redpacket/faults/kinds"
	"redpacket/faults/node"
)

func TestAFaultIsWrittenDownAndTakenUpAgain(t *testing.T) {
	for _, want := range []faults.Fault{node.Killed{Node: "cmem-1"}, node.Frozen{Node: `odd "name"`}} {
		note, err := kinds.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := kinds.Decode(note); err != nil || got != want {
			t.Errorf("%#v, %v; want %#v", got, err, want)
		}
	}
}

// stranger is a fault that is not listed.
type stranger struct{ node.Frozen }

func TestWhatIsNotKnownIsRefusedInOneLine(t *testing.T) {
	if _, err := kinds.Encode(stranger{node.Frozen{Node: "x"}}); err == nil || !strings.Contains(err.Error(), "not listed in faults/kinds") {
		t.Errorf("a type that is not listed: %v", err)
	}
	if _, err := kinds.Encode(node.Killed{}); err == nil || !strings.Contains(err.Error(), "names no node") {
		t.Errorf("a fault without a victim: %v", err)
	}
	for want, n := range map[string]kinds.Note{
		`knows no "node.Melted"`:    {Type: "node.Melted", Args: json.RawMessage(`{}`)},
		`unknown field "Nodes"`:     {Type: "node.Killed", Args: json.RawMessage(`{"Nodes":"x"}`)},
		"stands behind":             {Type: "node.Killed", Args: json.RawMessage(`{"Node":"x"} {}`)},
		"names no node":             {Type: "node.Killed", Args: json.RawMessage(`{}`)},
		"cannot unmarshal":          {Type: "node.Killed", Args: json.RawMessage(`{"Node":7}`)},
		"decode fault node.Killed:": {Type: "node.Killed"},
	} {
		if _, err := kinds.Decode(n); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v; want %q in one line", err, want)
		}
	}
}

// Every exported type below faults/ that can be injected is listed.
func TestEveryFaultIsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range kinds.All() {
		if name := kinds.Name(f); listed[name] {
			t.Errorf("%s is listed twice", name)
		} else {
			listed[name] = true
		}
	}
	found := 0
	for _, name := range injectable(t) {
		if found++; !listed[name] {
			t.Errorf("%s is not listed in kinds.All: it could not be healed by another process", name)
		}
	}
	if found != len(listed) {
		t.Errorf("%d types can be injected, %d are listed", found, len(listed))
	}
}

// Each kind brings its own question for the audit; without one nobody would see what it left.
func TestEveryKindIsAudited(t *testing.T) {
	for _, f := range kinds.All() {
		if _, ok := f.(faults.Auditor); !ok {
			t.Errorf("%s is no faults.Auditor", kinds.Name(f))
		}
	}
}

// injectable reads the source for types with a method Inject.
func injectable(t *testing.T) (names []string) {
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.Contains(path, "faultstest") || strings.Contains(path, "warden") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "Inject" {
				continue
			}
			if id, ok := fn.Recv.List[0].Type.(*ast.Ident); ok && id.IsExported() {
				names = append(names, file.Name.Name+"."+id.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func FuzzDecode(f *testing.F) {
	f.Add("node.Killed", []byte(`{"Node":"cmem-1"}`))
	f.Add("node.Frozen", []byte(`{"Node":""}`))
	f.Add("node.Killed", []byte(`null`))
	f.Fuzz(func(t *testing.T, kind string, args []byte) {
		got, err := kinds.Decode(kinds.Note{Type: kind, Args: args})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is more than a line", err)
			}
			return
		}
		note, err := kinds.Encode(got)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if again, err := kinds.Decode(note); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%#v, %v; want %#v", again, err, got)
		}
	})
}
