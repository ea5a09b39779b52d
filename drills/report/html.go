package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/system/api"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// Chart is the chart library (uPlot) that the page carries inside, so that it works without a network.
type Chart struct{ Script, Style string }

type page struct {
	Title    string
	Status   string
	R        *record.Record
	Load     load
	Shares   []share
	Findings []judge.Finding
	Windows  []windowRow
	Facts    []fact
	Steps    []record.Event
	Gates    []gateRow
	Recover  []recovery
	Models   []model
	Data     map[string]any
	Script   template.JS
	Style    template.CSS
}

type fact struct{ Name, Value string }

type share struct {
	Name  string
	Count uint64
	Of    string
}

type windowRow struct {
	Name             string
	Span             string
	Offered, Goodput float64
	Outcomes         []string
	Response         response
}

// HTML writes report.html: one file that needs nothing from any network, for a screen, a phone or paper.
func HTML(w io.Writer, r *record.Record, v judge.Verdict, chart Chart) error {
	t, err := template.New("page").Funcs(template.FuncMap{"count": thousands, "rate": rate, "moment": moment}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("write report of %s: %w", r.Drill, err)
	}
	p := page{
		Title: r.Drill + ": " + r.Name, Status: v.Status.String(), R: r, Load: loadOf(r), Findings: ranked(v.Findings),
		Windows: windows(r), Facts: facts(r), Gates: gateRows(r),
		Data:   map[string]any{"charts": charts(r), "bands": bands(r), "length": r.Length().Seconds()},
		Script: template.JS(chart.Script + "\n" + pageScript), Style: template.CSS(chart.Style + "\n" + pageStyle),
	}
	p.Shares, p.Recover = shares(p.Load), recoveries(r, v)
	for _, c := range judge.Comparisons(r) {
		p.Models = append(p.Models, modelOf(c))
	}
	for _, e := range happened(r) {
		if e.Track != record.Phase {
			p.Steps = append(p.Steps, e)
		}
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("write report of %s: %w", r.Drill, err)
	}
	return nil
}

// ranked puts what needs reading first: fail, inconclusive, pass.
func ranked(findings []judge.Finding) []judge.Finding {
	order := []judge.Status{judge.Fail, judge.Inconclusive, judge.Pass}
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b judge.Finding) int {
		return slices.Index(order, a.Status) - slices.Index(order, b.Status)
	})
	return sorted
}

func shares(l load) []share {
	var all uint64
	for _, n := range l.Outcomes {
		all += n
	}
	var list []share
	for _, out := range outcomeOrder() {
		n := l.Outcomes[out.String()]
		list = append(list, share{out.String(), n, fmt.Sprintf("%.3g %%", 100*float64(n)/float64(max(all, 1)))})
	}
	return list
}

func outcomeOrder() []api.Outcome {
	return []api.Outcome{api.Done, api.Refused, api.Shed, api.Failed, api.Doubt}
}

// windows is one row of figures for each phase, of the critical path.
func windows(r *record.Record) []windowRow {
	var rows []windowRow
	for _, w := range r.Windows {
		row := windowRow{Name: w.Name, Span: fmt.Sprintf("%s – %s", w.From, w.To)}
		if r.Tally != nil {
			seconds := w.Length().Seconds()
			all := r.Tally.Count(w.Span, record.Which{Ops: judge.Critical()})
			row.Offered = float64(all) / seconds
			for _, out := range outcomeOrder() {
				n := r.Tally.Count(w.Span, record.Which{Ops: judge.Critical(), Outcomes: []api.Outcome{out}})
				row.Outcomes = append(row.Outcomes, fmt.Sprintf("%.4g %%", 100*float64(n)/float64(max(all, 1))))
				if out == api.Done {
					row.Goodput = float64(n) / seconds
				}
			}
			row.Response = responses(r.Tally, w.Span, judge.Critical())
		}
		rows = append(rows, row)
	}
	return rows
}

// facts are what a reader needs to run the drill again and to believe its figures.
func facts(r *record.Record) []fact {
	y := r.Yield
	list := []fact{
		{"began", r.Began.UTC().Format(time.RFC3339)},
		{"seed", fmt.Sprint(r.Seed)},
		{"revision", r.Revision},
		{"script", r.ScriptHash},
		{"request stream", y.Stream},
		{"rig", fmt.Sprintf("%d cores (%s), %d MiB, Linux %s, Docker %s, %s", r.Rig.Cores, r.Rig.Processor, r.Rig.Memory>>20, r.Rig.Kernel, r.Rig.Docker, r.Rig.Go)},
		{"cores", fmt.Sprintf("system %s, its stores and deliveries %s, generator %s", orAny(r.Rig.System), orAny(r.Rig.Beside), orAny(r.Rig.Generator))},
		{"generator", fmt.Sprintf("%d connections, %d shards, %s CPU, %d lost connections, %d retries", y.Conns, y.Shards, y.CPU.Round(time.Millisecond), y.Dropped, y.Retries)},
		{"built for", fmt.Sprintf("%.0f claims/s per ams-heavy, %.0f calls/s per ams-light, %.3g deliveries/s per game, at scale %g", r.Rules.HeavyRate, r.Rules.LightRate, r.Rules.DeliveryRate, r.Scale)},
		{"faulty instances", fmt.Sprintf("go by l5's set %q", r.Rules.L5)},
		{"drain", fmt.Sprintf("%s after the load", r.Drain.Took.Round(time.Millisecond))},
	}
	for _, n := range r.Notes {
		list = append(list, fact{"note", n})
	}
	for _, t := range r.Troubles {
		list = append(list, fact{"trouble", t})
	}
	return list
}

// moment is a time of the drill in seconds, to the hundredth; empty for 0, which means never.
func moment(at time.Duration) string {
	if at == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f s", at.Seconds())
}

func orAny(cores string) string {
	if cores == "" {
		return "anywhere"
	}
	return "on " + cores
}

// thousands writes a number with a comma every three digits.
func thousands(n uint64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
