package report

import (
	"fmt"
	"io"
	"strings"

	"redpacket/drills/judge"
	"redpacket/drills/record"
)

// Text writes the verdict for a terminal: the load in two lines, each finding in one, and what was wrong below it.
func Text(w io.Writer, r *record.Record, v judge.Verdict) error {
	var b strings.Builder
	l := loadOf(r)
	fmt.Fprintf(&b, "%s  %s: %s\n", strings.ToUpper(v.Status.String()), r.Drill, r.Name)
	fmt.Fprintf(&b, "  load      %.0f/s offered, %.0f/s done at scale %g; %d of %d requests left, lateness p99 %.1f ms\n",
		l.Offered, l.Goodput, r.Scale, l.Launched, l.Owed, l.LateP99)
	fmt.Fprintf(&b, "  response  p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms; %d done, %d refused, %d shed, %d failed, %d unknown\n",
		l.Response.P50, l.Response.P99, l.Response.P999, l.Outcomes["done"], l.Outcomes["refused"], l.Outcomes["shed"],
		l.Outcomes["failed"], l.Outcomes["unknown"])
	for _, e := range happened(r) {
		if e.Track == record.Fault || e.Track == record.Playbook {
			b.WriteString(line(e))
		}
	}
	if a := r.Abort; a != nil {
		fmt.Fprintf(&b, "  aborted   at %.2f s: %s\n", a.At.Seconds(), a.Because)
	}
	for _, c := range recoveries(r, v) {
		b.WriteString(c.text())
	}
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "  %s %-10s %s\n", mark(f.Status), f.Kind, f.Assertion)
		fmt.Fprintf(&b, "      %s\n", f.Because)
		for _, e := range f.Examples {
			fmt.Fprintf(&b, "      %s\n", e)
		}
	}
	for _, c := range judge.Comparisons(r) {
		if err := writeModel(&b, c); err != nil {
			return err
		}
	}
	b.WriteString(gatesText(gateRows(r)))
	if len(v.Findings) == 0 {
		b.WriteString("  ? nothing was asserted\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line is one fault or playbook in a line, and how it was healed in one more each step.
func line(e record.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %-9s %s: %.2f s", e.Track, e.What, e.From.Seconds())
	if e.Effective > 0 {
		fmt.Fprintf(&b, ", effective %.2f s", e.Effective.Seconds())
	}
	switch {
	case e.HealFrom > 0 && e.To > 0:
		fmt.Fprintf(&b, ", healed from %.2f to %.2f s", e.HealFrom.Seconds(), e.To.Seconds())
	case e.HealFrom > 0:
		fmt.Fprintf(&b, ", NOT healed from %.2f s on", e.HealFrom.Seconds())
	}
	if e.Err != "" {
		fmt.Fprintf(&b, "; error: %s", strings.ReplaceAll(e.Err, "\n", "; "))
	}
	b.WriteString("\n")
	for _, step := range e.Steps {
		fmt.Fprintf(&b, "            %s\n", step)
	}
	return b.String()
}

func mark(s judge.Status) string {
	switch s {
	case judge.Pass:
		return "+"
	case judge.Fail:
		return "x"
	}
	return "?"
}
