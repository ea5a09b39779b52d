package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"redpacket/drills"
	"redpacket/drills/report"
)

// printer shows how a drill goes: one line that is written over on a terminal, a plain line every five seconds elsewhere.
type printer struct {
	out   io.Writer
	live  bool
	drill string

	mu    sync.Mutex
	last  time.Time
	doing string
}

// between is the time between two plain lines.
const between = 5 * time.Second

func (p *printer) say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.print("%s\n", line)
}

func (p *printer) tell(now drills.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	news := now.Doing != "" && now.Doing != p.doing
	if !p.live && !news && time.Since(p.last) < between {
		return
	}
	p.last, p.doing = time.Now(), now.Doing
	text := now.Doing
	if text == "" {
		text = fmt.Sprintf("%5.1f of %.0f s  %8.0f/s offered  %8.0f/s done  late p99 %.1f ms", now.At.Seconds(), now.Length.Seconds(),
			now.Offered, now.Goodput, float64(now.Late)/float64(time.Millisecond))
	}
	if p.live {
		p.print("%s", text)
		return
	}
	p.print("%s\n", text)
}

// print clears the line that stands, on a terminal.
func (p *printer) print(format string, args ...any) {
	clear := ""
	if p.live {
		clear = "\r\x1b[K"
	}
	fmt.Fprintf(p.out, clear+p.drill+"  "+format, args...)
}

// endLine leaves the line that was written over.
func (a *app) endLine() {
	if a.live {
		fmt.Fprintln(a.out)
	}
}

// table is the summary of a series.
func table(w io.Writer, rows []report.Row) {
	fmt.Fprintln(w)
	for _, r := range rows {
		fmt.Fprintf(w, "  %-13s %-10s scale %-5g %8.0f/s offered %8.0f/s done  p99 %7.1f ms  %3.0f s  %s\n",
			r.Status, r.Drill, r.Scale, r.Offered, r.Goodput, r.P99, r.Took.Seconds(), r.Because)
	}
}
