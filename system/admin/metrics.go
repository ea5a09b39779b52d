package admin

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry is a process' metrics, shown in Prometheus' text format. Forty processes are asked twice a second each, so a page
// is written straight from what the process counts by itself; Prometheus' own registry takes thirty times as long for it.
type Registry struct{ *families }

// families may be used from any goroutine.
type families struct {
	lib *prometheus.Registry

	mu     sync.Mutex
	byName map[string]*family
	sorted []*family
}

// family is all metrics of one name.
type family struct {
	name, head string // head: what stands above the metrics
	rows       []row
	tables     []table
}

// row is one metric: its name with its labels, and where its value comes from.
type row struct {
	series string
	read   func() float64
}

// table is metrics that differ in one label.
type table struct {
	label string
	read  func(yield func(value string, total float64))
}

// NewRegistry holds the process' own metrics from the start.
func NewRegistry() Registry {
	r := Registry{&families{byName: map[string]*family{}, lib: prometheus.NewRegistry()}}
	process(r)
	return r
}

// Labels are the fixed labels of one metric.
type Labels map[string]string

// Counter publishes a running total that the process counts by itself; read must be safe from any goroutine.
func (r Registry) Counter(name, help string, labels Labels, read func() float64) {
	r.add(name, help, "counter", func(f *family) { f.rows = append(f.rows, row{series(name, labels), read}) })
}

// Gauge publishes a value that may rise and fall; read must be safe from any goroutine.
func (r Registry) Gauge(name, help string, labels Labels, read func() float64) {
	r.add(name, help, "gauge", func(f *family) { f.rows = append(f.rows, row{series(name, labels), read}) })
}

// Counters publishes running totals that differ in one label, whose values may come up while the process runs: read calls
// yield with each of them and its total. It must be safe from any goroutine, and must bound how many there are.
func (r Registry) Counters(name, help, label string, read func(yield func(value string, total float64))) {
	r.add(name, help, "counter", func(f *family) { f.tables = append(f.tables, table{label, read}) })
}

// Library is a registry for the metrics of a library that brings its own; they are shown behind the process'.
func (r Registry) Library() *prometheus.Registry { return r.lib }

func (f *families) add(name, help, kind string, into func(*family)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.byName[name]
	if of == nil {
		of = &family{name: name, head: "# HELP " + name + " " + escape(help) + "\n# TYPE " + name + " " + kind + "\n"}
		f.byName[name] = of
		at, _ := slices.BinarySearchFunc(f.sorted, name, func(f *family, name string) int { return strings.Compare(f.name, name) })
		f.sorted = slices.Insert(f.sorted, at, of)
	}
	into(of)
}

// ServeHTTP shows the metrics; with name[]=… in its query only those of these names.
func (f *families) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(f.page(make([]byte, 0, 8<<10), r.URL.Query()["name[]"]))
	plain := r.Clone(r.Context())
	plain.Header.Del("Accept") // which could ask for another format than what is written already
	promhttp.HandlerFor(f.lib, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(w, plain)
}

// Values are the metrics of some names, none: of all, by their series: name{label="value"}.
func (r Registry) Values(names ...string) map[string]float64 {
	all := map[string]float64{}
	for of := range r.pick(names) {
		of.each(func(series string, value float64) { all[series] = value })
	}
	return all
}

// page appends the metrics of some names, none: of all.
func (f *families) page(to []byte, names []string) []byte {
	for of := range f.pick(names) {
		to = append(to, of.head...)
		of.each(func(series string, value float64) { to = line(to, series, value) })
	}
	return to
}

// pick yields the families of some names, none: of all, in order.
func (f *families) pick(names []string) iter.Seq[*family] {
	return func(yield func(*family) bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, of := range f.sorted {
			if (len(names) == 0 || slices.Contains(names, of.name)) && !yield(of) {
				return
			}
		}
	}
}

func (f *family) each(yield func(series string, value float64)) {
	for _, r := range f.rows {
		yield(r.series, r.read())
	}
	for _, t := range f.tables {
		t.read(func(value string, total float64) { yield(series(f.name, Labels{t.label: value}), total) })
	}
}

func line(to []byte, series string, value float64) []byte {
	to = append(append(to, series...), ' ')
	return append(strconv.AppendFloat(to, value, 'g', -1, 64), '\n')
}

// series is a metric's name with its labels, in order.
func series(name string, labels Labels) string {
	var pairs []string
	for label, value := range labels {
		pairs = append(pairs, label+`="`+strings.ReplaceAll(escape(value), `"`, `\"`)+`"`)
	}
	if pairs == nil {
		return name
	}
	slices.Sort(pairs)
	return name + "{" + strings.Join(pairs, ",") + "}"
}

func escape(text string) string { return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(text) }
