// Package admin is the port of a process that operators and the harness ask: /-/health, /-/metrics, /-/switches and
// /debug/pprof. It listens on the inner network only.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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

// Page is what a process shows on its admin port.
type Page struct {
	Node    string
	Metrics Registry
	Healthy func() error // nil when the process can do its work; the error says what is missing

	More map[string]http.Handler // further pages of a role, by net/http's pattern
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
	mux.Handle("/-/metrics", promhttp.HandlerFor(p.Metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("/-/switches", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"node": p.Node, "version": 0})
	})
	for pattern, page := range p.More {
		mux.Handle(pattern, page)
	}
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
