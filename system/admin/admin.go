// Package admin is the port of a process that operators and the harness ask: /-/health, /-/metrics, /-/switches,
// /-/ail and /debug/pprof. It listens on the inner network only.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"redpacket/system/ail"
	"redpacket/system/control"
)

// Page is what a process shows on its admin port.
type Page struct {
	Node    string
	Metrics Registry
	Data    string       // the directory of its volume; empty: it has none
	Healthy func() error // nil when the process can do its work; the error says what is missing

	Switches *control.Current        // what it runs with; nil: it follows none, which zhiyun will name
	Ail      *ail.Ail                // how ill it is; nil: it cannot be made ill
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
	mux.Handle("/-/metrics", p.Metrics)
	if p.Data != "" {
		disk(p.Metrics, p.Data)
	}
	if p.Switches != nil {
		mux.Handle("/-/switches", p.Switches)
		p.Metrics.Gauge("redpacket_switches_version", "The version of the switches that the process runs with.", nil,
			func() float64 { return float64(p.Switches.Now().Version) })
	}
	if p.Ail != nil {
		mux.Handle(ail.Path, p.Ail)
		p.Metrics.Gauge("redpacket_ails", "Illnesses that the process was ordered to have.", nil, func() float64 { return float64(p.Ail.Count()) })
		p.Metrics.Gauge("redpacket_wall_skew_seconds", "How far its clock on the wall is ahead.", nil, func() float64 { return p.Ail.Clock.Skew().Seconds() })
		p.Metrics.Counters("redpacket_ail_calls_total", "Calls that an illness showed on.", "what", p.Ail.Each)
	}
	for pattern, answer := range p.More {
		mux.Handle(pattern, answer)
	}
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
