package estimate

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// mapping reads a mapping's keys, each once.
func (r *reader) mapping(path string, n *yaml.Node, f fields) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, path, "want the keys %s", strings.Join(f.names(), ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, at := n.Content[i], strings.TrimPrefix(path+"."+n.Content[i].Value, ".")
		read, known := f[key.Value]
		if !known {
			read, known = f["?"+key.Value]
		}
		switch {
		case !known || key.Kind != yaml.ScalarNode || strings.HasPrefix(key.Value, "?"):
			r.wrong(key, at, "there is no such key; there are %s", strings.Join(f.names(), ", "))
		case seen[key.Value]:
			r.wrong(key, at, "the key is there twice")
		default:
			r.lines[at] = key.Line
			read(at, n.Content[i+1])
		}
		seen[key.Value] = true
	}
	for _, name := range f.names() {
		if _, needed := f[name]; needed && !seen[name] {
			r.wrong(n, strings.TrimPrefix(path+"."+name, "."), "the key is missing")
		}
	}
}

func (r *reader) inside(f fields) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) { r.mapping(path, n, f) }
}

// span reads a range, or one number for a figure that is known.
func (r *reader) span(to *Range) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			var x float64
			r.number(&x)(path, n)
			*to = One(x)
			return
		}
		r.mapping(path, n, fields{"low": r.number(&to.Low), "mid": r.number(&to.Mid), "high": r.number(&to.High)})
	}
}

// number reads a plain decimal number, such as 0.2 or 146000.
func (r *reader) number(to *float64) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		x, err := strconv.ParseFloat(n.Value, 64)
		if !scalar(n, "!!int", "!!float") || err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
			r.wrong(n, path, "want a number such as 0.2 or 146000, not %.40q", n.Value)
			return
		}
		*to = x
	}
}

func (r *reader) whole(to *int) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		x, err := strconv.Atoi(n.Value)
		if !scalar(n, "!!int") || err != nil {
			r.wrong(n, path, "want a whole number such as 3, not %.40q", n.Value)
			return
		}
		*to = x
	}
}

func (r *reader) duration(to *time.Duration) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		d, err := time.ParseDuration(n.Value)
		if !scalar(n, "!!str") || err != nil {
			r.wrong(n, path, "want a time such as 2ms or 48h, not %.40q", n.Value)
			return
		}
		*to = d
	}
}

func (r *reader) text(to *string) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		if !scalar(n, "!!str") || n.Value == "" || len(n.Value) > 200 || strings.ContainsFunc(n.Value, unprintable) {
			r.wrong(n, path, "want a line of text, not %.40q", n.Value)
			return
		}
		*to = n.Value
	}
}

func unprintable(c rune) bool { return !strconv.IsPrint(c) }

// scalar says that a node is a plain value of one of the types. An alias is none: a sheet is written out.
func scalar(n *yaml.Node, tags ...string) bool {
	return n.Kind == yaml.ScalarNode && slices.Contains(tags, n.ShortTag())
}
