package estimate

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostText bounds a sheet's file, in bytes.
const mostText = 1 << 16

// Open reads a sheet's file. The error names the file and the line of every mistake in it, one a line.
func Open(path string) (Sheet, error) {
	f, err := os.Open(path)
	if err != nil {
		return Sheet{}, fmt.Errorf("open the sheet: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostText+1))
	if err != nil {
		return Sheet{}, fmt.Errorf("read the sheet %s: %w", path, err)
	}
	return Parse(path, text)
}

// Parse reads a sheet; name is what errors call it. A sheet is taken whole or not at all: a key that there is not, a key
// that is missing or there twice, a value of the wrong type or out of its range, each is a mistake with its line.
func Parse(name string, text []byte) (Sheet, error) {
	if len(text) > mostText {
		return Sheet{}, fmt.Errorf("%s: a sheet has %d bytes at most", name, mostText)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return Sheet{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return Sheet{}, fmt.Errorf("%s: a sheet is one document, and this has something behind its end", name)
	}
	r := reader{lines: map[string]int{}, bad: map[string]bool{}}
	var s Sheet
	if len(doc.Content) == 1 {
		r.sheet(doc.Content[0], &s)
	}
	for _, m := range s.mistakes() {
		r.wrongAt(m.at, m.text)
	}
	if err := r.err(name); err != nil {
		return Sheet{}, err
	}
	return s, nil
}

// reader takes a document apart, and keeps where each key stood and every mistake.
type reader struct {
	lines map[string]int  // by path
	bad   map[string]bool // paths that are wrong already, so that what follows from it is not told too
	found []found
}

type found struct {
	line int
	text string
}

func (r *reader) wrong(n *yaml.Node, path, text string, args ...any) {
	r.bad[path] = true
	r.found = append(r.found, found{n.Line, cmp.Or(path, "the sheet") + ": " + fmt.Sprintf(text, args...)})
}

// wrongAt tells of a mistake at the line of its key, or of the nearest one above it.
func (r *reader) wrongAt(path, text string) {
	for wrong := range r.bad {
		if strings.HasPrefix(wrong, path+".") {
			return
		}
	}
	for at := path; ; {
		if r.bad[at] {
			return
		}
		if line, known := r.lines[at]; known || at == "" {
			r.found = append(r.found, found{max(1, line), path + ": " + text})
			return
		}
		at = at[:max(0, strings.LastIndexByte(at, '.'))]
	}
}

func (r *reader) err(name string) error {
	slices.SortStableFunc(r.found, func(a, b found) int { return a.line - b.line })
	var errs []error
	for _, f := range r.found {
		errs = append(errs, fmt.Errorf("%s:%d: %s", name, f.line, f.text))
	}
	return errors.Join(errs...)
}

// fields are the keys of a mapping, and how the value of each is read. A key that begins with ? may be left out.
type fields map[string]func(path string, n *yaml.Node)

func (f fields) names() []string {
	var names []string
	for name := range f {
		names = append(names, strings.TrimPrefix(name, "?"))
	}
	slices.Sort(names)
	return names
}

func (r *reader) sheet(n *yaml.Node, s *Sheet) {
	r.mapping("", n, fields{
		"event":             r.text(&s.Event),
		"exposures_per_s":   r.channels(&s.Channels),
		"click_through":     r.span(&s.Click),
		"statics_per_click": r.span(&s.Statics),
		"offline_share":     r.number(&s.Offline),
		"steps": r.inside(fields{
			"list_per_click":   r.span(&s.Steps.List),
			"select_per_list":  r.span(&s.Steps.Select),
			"claim_per_select": r.span(&s.Steps.Claim),
			"win_per_claim":    r.span(&s.Steps.Win),
			"receipt_per_win":  r.span(&s.Steps.Receipt),
		}),
		"failing_share":       r.number(&s.Fail),
		"retries_per_failure": r.number(&s.Retries),
		"built_per_s":         r.number(&s.Built),
		"?observed_per_s":     r.number(&s.Observed),
		"links":               r.links(&s.Links),
		"delivery": r.inside(fields{
			"limit_per_s": r.number(&s.Delivery.Limit),
			"peak":        r.duration(&s.Delivery.Peak),
			"promise":     r.duration(&s.Delivery.Promise),
			"bytes":       r.number(&s.Delivery.Message),
			"replicas":    r.whole(&s.Delivery.Replicas),
		}),
	})
}

func (r *reader) links(to *[]Link) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		if n.Kind != yaml.SequenceNode || len(n.Content) > mostRows {
			r.wrong(n, path, "want a list of at most %d links", mostRows)
			return
		}
		*to = make([]Link, len(n.Content))
		for i, item := range n.Content {
			l := &(*to)[i]
			calls := fields{}
			for _, c := range l.Calls.named() {
				calls["?"+c.name] = r.number(c.value)
			}
			r.mapping(path+"."+strconv.Itoa(i+1), item, fields{
				"to":             r.text(&l.To),
				"from":           r.text(&l.From),
				"calls":          r.inside(calls),
				"?cache_hit":     r.number(&l.Hit),
				"instances":      r.whole(&l.Nodes),
				"capacity_per_s": r.number(&l.Capacity),
				"rt":             r.duration(&l.RT),
				"bytes":          r.number(&l.Bytes),
			})
		}
	}
}

// channels are a mapping whose keys are names.
func (r *reader) channels(to *[]Channel) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		keys := fields{}
		if n.Kind == yaml.MappingNode && len(n.Content) <= 2*mostRows {
			*to = make([]Channel, len(n.Content)/2)
			for i := range *to {
				c := &(*to)[i]
				c.Name = n.Content[2*i].Value
				if n.Content[2*i].Kind != yaml.ScalarNode || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" || c.Name == "" {
					r.wrong(n.Content[2*i], path, "a channel is called %q; want lower case letters, digits, _ and -", c.Name)
					return
				}
				if keys[c.Name] == nil {
					keys[c.Name] = r.span(&c.Exposures)
				}
			}
		}
		r.mapping(path, n, keys)
	}
}
