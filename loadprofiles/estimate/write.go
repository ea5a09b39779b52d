package estimate

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Write prints the capacity sheet. Where a row says low / mid / high, the upper end is the one to sign.
func (s Sheet) Write(w io.Writer) error {
	r := s.Compute()
	p := &printer{out: tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)}
	p.line("Capacity sheet: %s\tlow\tmid\thigh", s.Event)
	p.figures("exposures/s (N)", r.Exposures)
	p.figures("clicks per exposure (p)", s.Click)
	p.figures("static requests per click (ks, "+short(100*s.Offline)+" % of them offline)", r.PerClick.Static)
	p.figures("dynamic requests per click (kd)", r.PerClick.dynamic())
	p.figures("grants per click", r.PerClick.Win)
	p.figures("clicks/s", r.Clicks)
	p.figures("requests/s at the entry (L)", r.Entry)
	p.figures("with retries (L')", r.Amplified)
	p.figures("headroom of "+short(s.Built)+"/s built", r.Headroom)
	p.figures("retries it bears (rho max)", r.RhoMax)
	p.line("")
	p.line("The honest range is %s to %s requests/s.", short(r.Entry.Low), short(r.Entry.High))
	if s.Observed > 0 {
		s.night(p, r.Night)
	}
	p.line("")
	p.line("node\tfrom\tinstances\tcalls/click mid\tload/s low\tmid\thigh\tcapacity/s\theadroom low\tmid\thigh\tin flight high\tMbit/s high")
	for _, l := range r.Lines {
		p.line("%s\t%s\t%d\t%.3g\t%s\t%s\t%s\t%s\t%.2f\t%.2f\t%.2f\t%s\t%.1f", l.To, l.From, l.Nodes, ratio(l.Load.Mid, r.Clicks.Mid),
			short(l.Load.Low), short(l.Load.Mid), short(l.Load.High), short(l.Capacity),
			l.Headroom.Low, l.Headroom.Mid, l.Headroom.High, short(l.InFlight.High), l.Bandwidth.High/1e6)
	}
	p.line("")
	s.delivery(p, r.Backlog)
	if p.err != nil {
		return fmt.Errorf("write capacity sheet: %w", p.err)
	}
	if err := p.out.Flush(); err != nil {
		return fmt.Errorf("write capacity sheet: %w", err)
	}
	return nil
}

func (s Sheet) night(p *printer, n Night) {
	where := "inside the range"
	if !n.Inside {
		where = "OUTSIDE the range"
	}
	p.line("The night brought %s/s: %.2f times the middle (%+.0f %%), %s; headroom %.2f.", short(s.Observed), n.Times, 100*(n.Times-1), where, n.Headroom)
	if n.RhoMax < 0 {
		p.line("At the night's load no retry is bearable (rho max %.2f): clients' retries must be off.", n.RhoMax)
	}
}

func (s Sheet) delivery(p *printer, b Backlog) {
	p.line("delivery, limit %s/s, peak %s\tlow\tmid\thigh", short(s.Delivery.Limit), s.Delivery.Peak)
	p.figures("grants/s", b.Grants)
	p.figures("backlog grows by, /s", b.Growth)
	p.figures("backlog after the peak", b.Depth)
	p.line("it drains in\t%s\t%s\t%s", b.Drain[0].Round(time.Second), b.Drain[1].Round(time.Second), b.Drain[2].Round(time.Second))
	p.figures("spool, GB", b.Spool.Times(One(1e-9)))
	verdict := "kept"
	if !b.Kept {
		verdict = "BROKEN at the high end"
	}
	p.line("The promise of %s (room for %s grants) is %s.", s.Delivery.Promise, short(b.Promised), verdict)
}

// printer keeps the first error, so that the sheet reads as a page.
type printer struct {
	out *tabwriter.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func (p *printer) figures(what string, r Range) {
	p.line("%s\t%s\t%s\t%s", what, short(r.Low), short(r.Mid), short(r.High))
}

// short writes a figure with as many digits as it deserves.
func short(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.3gM", x/1e6)
	case x >= 1e4:
		return fmt.Sprintf("%.4gk", x/1e3)
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
