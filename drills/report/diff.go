package report

import (
	"fmt"
	"io"
	"strings"

	"redpacket/drills/judge"
	"redpacket/drills/record"
)

// Judged is a record with its verdict.
type Judged struct {
	Record  *record.Record
	Verdict judge.Verdict
}

// Diff writes two runs side by side: what they were, their figures, and each finding. Scripts that differ are said to,
// because then the figures do not compare.
func Diff(w io.Writer, a, b Judged) error {
	var out strings.Builder
	row := func(name string, x, y any) {
		sign := " "
		if fmt.Sprint(x) != fmt.Sprint(y) {
			sign = "*"
		}
		fmt.Fprintf(&out, "%s %-34s %22v %22v\n", sign, name, x, y)
	}
	la, lb := loadOf(a.Record), loadOf(b.Record)
	row("drill", a.Record.Drill, b.Record.Drill)
	row("verdict", a.Verdict.Status, b.Verdict.Status)
	row("scale", a.Record.Scale, b.Record.Scale)
	row("seed", a.Record.Seed, b.Record.Seed)
	row("revision", short(a.Record.Revision), short(b.Record.Revision))
	row("script", short(a.Record.ScriptHash), short(b.Record.ScriptHash))
	row("request stream", short(a.Record.Yield.Stream), short(b.Record.Yield.Stream))
	row("offered/s", la.Offered, lb.Offered)
	row("goodput/s", la.Goodput, lb.Goodput)
	row("p50 ms", la.Response.P50, lb.Response.P50)
	row("p99 ms", la.Response.P99, lb.Response.P99)
	row("p99.9 ms", la.Response.P999, lb.Response.P999)
	row("lateness p99 ms", la.LateP99, lb.LateP99)
	for _, out := range outcomeOrder() {
		row(out.String(), la.Outcomes[out.String()], lb.Outcomes[out.String()])
	}
	other := map[string]judge.Finding{}
	for _, f := range b.Verdict.Findings {
		other[f.Assertion] = f
	}
	for _, f := range a.Verdict.Findings {
		g, ok := other[f.Assertion]
		delete(other, f.Assertion)
		there := g.Status.String()
		if !ok {
			there = "not asked"
		}
		row(cut(f.Assertion, 34), f.Status, there)
	}
	for _, f := range b.Verdict.Findings {
		if _, left := other[f.Assertion]; left {
			row(cut(f.Assertion, 34), "not asked", f.Status)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func short(hash string) string { return cut(hash, 16) }

func cut(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}
