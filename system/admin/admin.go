// Package admin is the port of a process that operators and the harness ask: /-/health, /-/metrics, /-/switches and
// /debug/pprof. It listens on the inner network only.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"redpacket/system/control"
)

// Registry is a process' metrics.
type Registry struct{ *prometheus.Registry }

// NewRegistry holds the Go runtime's and the process' own metrics from the start.
func NewRegistry() Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return Registry{r}
}

// Labels are the fixed labels of one metric.
type Labels = prometheus.Labels

// Counter publishes a running total that the process counts by itself; read must be safe from any goroutine.
func (r Registry) Counter(name, help string, labels Labels, read func() float64) {
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Gauge publishes a value that may rise and fall; read must be safe from any goroutine.
func (r Registry) Gauge(name, help string, labels Labels, read func() float64) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Counters publishes running totals that differ in one label, whose values may come up while the process runs: read calls
// yield with each of them and its total. It must be safe from any goroutine, and must bound how many there are.
func (r Registry) Counters(name, help, label string, read func(yield func(value string, total float64))) {
	r.MustRegister(table{prometheus.NewDesc(name, help, []string{label}, nil), read})
}

// table is a prometheus.Collector.
type table struct {
	desc *prometheus.Desc
	read func(yield func(value string, total float64))
}

// Describe tells the one metric that the table holds.
func (t table) Describe(to chan<- *prometheus.Desc) { to <- t.desc }

// Collect tells every total.
func (t table) Collect(to chan<- prometheus.Metric) {
	t.read(func(value string, total float64) {
		to <- prometheus.MustNewConstMetric(t.desc, prometheus.CounterValue, total, value)
	})
}

// Page is what a process shows on its admin port.
type Page struct {
	Node    string
	Metrics Registry
	Healthy func() error // nil when the process can do its work; the error says what is missing

	Switches *control.Current        // what it runs with; nil: it follows none, which zhiyun will name
	More     map[string]http.Handler // what else it answers, by http.ServeMux' patterns
}

// Serve answers on addr until ctx ends. It returns an error only when the address cannot be had.
func Serve(ctx context.Context, addr string, p Page) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("admin port of %s: %w", p.Node, err)
	}
	server := &http.Server{Handler: p.handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Printf("admin port of %s: %v\n", p.Node, err)
		}
	}()
	return nil
}

func (p Page) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/-/health", func(w http.ResponseWriter, _ *http.Request) {
		if err := p.Healthy(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("/-/metrics", promhttp.HandlerFor(p.Metrics, promhttp.HandlerOpts{DisableCompression: true}))
	if p.Switches != nil {
		mux.Handle("/-/switches", p.Switches)
		p.Metrics.Gauge("redpacket_switches_version", "The version of the switches that the process runs with.", nil,
			func() float64 { return float64(p.Switches.Now().Version) })
	}
	for pattern, answer := range p.More {
		mux.Handle(pattern, answer)
	}
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
