package tidy

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// within says that path is the folder dir or lies in it.
func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// homes says where each third-party library may be imported. One place each; a library that is not here is not used.
func homes() map[string][]string {
	return map[string][]string{
		"github.com/HdrHistogram/hdrhistogram-go":     {"loadprofiles/tally"},
		"github.com/tsenart/vegeta/v12":               {"loadprofiles/volley"},
		"github.com/testcontainers/testcontainers-go": {"system/provision", "system/images"},
		"github.com/moby/moby":                        {"system/provision", "system/images"},
		"github.com/prometheus/common":                {"system/provision"},
		"github.com/prometheus/client_model":          {"system/provision"},
		"github.com/prometheus/client_golang":         {"system/admin", "system/roles/linkd"},
		"github.com/Shopify/toxiproxy/v2":             {"system/roles/linkd"},
		"github.com/Shopify/toxiproxy/v2/client":      {"faults/link"},
		"github.com/rs/zerolog":                       {"system/roles/linkd"},
		"github.com/nats-io/nats.go":                  {"system/grantlog", "system/control"},
		"github.com/nats-io/nats-server/v2":           {"system/roles/logd"},
		"github.com/redis/rueidis":                    {"system/cmem"},
		"github.com/jackc/pgx/v5":                     {"system/ledger"},
		"github.com/miekg/dns":                        {"system/names"},
		"github.com/google/nftables":                  {"system/inside"},
		"github.com/vishvananda/netlink":              {"system/inside"},
		"github.com/onsi/ginkgo/v2":                   {"suites"},
		"github.com/onsi/gomega":                      {"suites"},
		"pgregory.net/rapid":                          {"system", "loadprofiles", "drills"},
		"github.com/anishathalye/porcupine":           {"drills/judge"},
		"golang.org/x/sync":                           {"system", "loadprofiles", "drills"},
		"golang.org/x/sys":                            {"system", "loadprofiles", "drills"},
		"go.yaml.in/yaml/v3":                          {"loadprofiles/estimate"},
		"github.com/containerd/errdefs":               {"system/provision", "system/images"},
		"github.com/docker/go-connections":            {"system/provision"},
	}
}

// ThirdParty holds each library to its one place.
func ThirdParty(f File) []string {
	var wrong []string
	for _, path := range f.Imports() {
		first, _, _ := strings.Cut(path, "/")
		if first == "redpacket" || !strings.Contains(first, ".") {
			continue
		}
		home, known := home(path)
		switch {
		case !known:
			wrong = append(wrong, fmt.Sprintf("%s: imports %s, which has no home; give it one in suites/tidy", f.Path, path))
		case !slices.ContainsFunc(home, func(dir string) bool { return within(f.Dir, dir) }):
			wrong = append(wrong, fmt.Sprintf("%s: imports %s; only %s may", f.Path, path, strings.Join(home, ", ")))
		}
	}
	return wrong
}

// home is that of the library a package belongs to; a part of one that has a home of its own is at home there.
func home(path string) (home []string, known bool) {
	longest := ""
	for library, dirs := range homes() {
		if within(path, library) && len(library) > len(longest) {
			longest, home, known = library, dirs, true
		}
	}
	return home, known
}

// wall is a rule between our own packages: what lies in From imports nothing that lies in Never.
type wall struct {
	From   string
	Never  []string
	Except []string // folders of From that may
}

func walls() []wall {
	harness := []string{"redpacket/loadprofiles", "redpacket/faults", "redpacket/drills", "redpacket/suites"}
	outside := []string{"net", "net/http", "os/exec", "testing", "math/rand", "math/rand/v2"}
	return []wall{
		{From: "system", Never: harness},
		{From: "system/roles", Never: []string{"redpacket/system/provision", "redpacket/system/images"}},
		{From: "system/money", Never: []string{"redpacket"}},
		{From: "system/topology", Never: []string{"redpacket"}},
		{From: "loadprofiles", Never: []string{"redpacket/drills", "redpacket/faults", "redpacket/suites", "redpacket/system/provision"}},
		{From: "faults", Never: []string{"redpacket/drills", "redpacket/suites", "redpacket/system/roles"}},
		{From: "drills", Never: []string{"redpacket/suites"}},
		{From: "drills/judge", Never: append(outside, "redpacket/system/provision", "redpacket/loadprofiles/volley")},
		{From: "drills/report", Never: append(outside, "redpacket/system/provision", "redpacket/loadprofiles/volley")},
		{From: "drills/record", Never: []string{"net", "net/http", "redpacket/system/provision", "redpacket/loadprofiles/volley"}},
	}
}

// Walls holds our own packages apart.
func Walls(f File) []string {
	var wrong []string
	for _, w := range walls() {
		if !within(f.Dir, w.From) || f.Test {
			continue
		}
		for _, path := range f.Imports() {
			own := strings.TrimPrefix(path, "redpacket/")
			if slices.ContainsFunc(w.Never, func(never string) bool { return forbidden(path, never) }) && !within(own, w.From) {
				wrong = append(wrong, fmt.Sprintf("%s: imports %s; nothing in %s may", f.Path, path, w.From))
			}
		}
	}
	return wrong
}

// forbidden: our own paths forbid what lies in them, the standard library's only themselves.
func forbidden(path, never string) bool {
	return path == never || strings.HasPrefix(never, "redpacket") && within(path, never)
}

// Focusable wants a test file that runs specs to import Ginkgo itself. Its command line knows a suite by that; any other
// package it runs as a plain Go test, and forgets FOCUS, labels and seed.
func Focusable(f File) []string {
	runs := false
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.Ident:
			runs = runs || fn.Name == "RunSpecs"
		case *ast.SelectorExpr:
			x, named := fn.X.(*ast.Ident)
			runs = runs || named && x.Name == "spec" && fn.Sel.Name == "Run"
		}
		return true
	})
	imports := slices.ContainsFunc(f.Syntax.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"github.com/onsi/ginkgo/v2"` })
	if f.Test && runs && !imports {
		return []string{f.at(f.Syntax, "it runs specs and does not import Ginkgo, whose command line then forgets FOCUS")}
	}
	return nil
}
