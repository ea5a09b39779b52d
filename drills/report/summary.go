package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
)

//go:embed rehearsal.html
var rehearsalText string

// Row is one drill in a summary of several.
type Row struct {
	Drill, Name           string
	Status                judge.Status
	Scale                 float64
	Offered, Goodput, P99 float64 // requests/s, requests/s, ms
	Took                  time.Duration
	Because               string // the first finding that is not a pass; empty when all are
	Page                  string // where its report is, beside the summary
}

// RowOf is the row of one drill.
func RowOf(r *record.Record, v judge.Verdict, took time.Duration, page string) Row {
	l := loadOf(r)
	return Row{Drill: r.Drill, Name: r.Name, Status: v.Status, Scale: r.Scale, Offered: l.Offered, Goodput: l.Goodput, P99: l.Response.P99,
		Took: took, Because: Because(v), Page: page}
}

// Because is the first of the worst findings of a verdict; empty when all pass.
func Because(v judge.Verdict) string {
	if first := ranked(v.Findings); len(first) > 0 && first[0].Status != judge.Pass {
		return first[0].Assertion + ": " + first[0].Because
	}
	return ""
}

// Summary is a whole rehearsal.
type Summary struct {
	Began time.Time
	Took  time.Duration
	Rows  []Row
}

// Decision is "go" when every drill passed, and there was one; otherwise "no-go".
func (s Summary) Decision() string {
	if len(s.Rows) == 0 || len(s.Reasons()) > 0 {
		return "no-go"
	}
	return "go"
}

// Reasons are why it is no-go.
func (s Summary) Reasons() []string {
	var reasons []string
	for _, r := range s.Rows {
		if r.Status != judge.Pass {
			reasons = append(reasons, fmt.Sprintf("%s is %s: %s", r.Drill, r.Status, r.Because))
		}
	}
	return reasons
}

// RehearsalHTML writes the summary's page.
func RehearsalHTML(w io.Writer, s Summary) error {
	t, err := template.New("rehearsal").Funcs(template.FuncMap{"rate": rate}).Parse(rehearsalText)
	if err != nil {
		return fmt.Errorf("write rehearsal: %w", err)
	}
	class := "fail"
	if s.Decision() == "go" {
		class = "pass"
	}
	err = t.Execute(w, map[string]any{"S": s, "Class": class, "Style": template.CSS(pageStyle),
		"Began": s.Began.UTC().Format(time.RFC3339), "Took": s.Took.Round(time.Second)})
	if err != nil {
		return fmt.Errorf("write rehearsal: %w", err)
	}
	return nil
}
