package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"redpacket/drills/funnel"
	"redpacket/loadprofiles/estimate"
)

// SheetFile is the traffic sheet that was worked out anew from what a gray rehearsal measured: to be reviewed, and taken
// over into the sheet that is signed.
const SheetFile = "sheet-measured.yaml"

// ratioRow is one ratio of the funnel, in words.
type ratioRow struct{ Name, Sheet, Mid, Low, High, Looked, How, Held, Note string }

// linkRow is one link of the capacity sheet, before and after: load low / mid / high per second, and the headroom of each.
type linkRow struct{ Name, Capacity, Before, BeforeRoom, After, AfterRoom string }

// model is a comparison as a reader sees it.
type model struct {
	Event, Hash, New, Window, Margin, Peak, Outcome string
	Ratios                                          []ratioRow
	Links                                           []linkRow
}

func modelOf(c funnel.Comparison) model {
	times := c.Times()
	m := model{Event: c.Before.Event, Hash: short(c.Before.Hash()), New: short(c.After.Hash()), Window: c.Window, Margin: fmt.Sprintf("%.0f %%", 100*c.Within),
		Peak: funnel.Span(times.Low, times.Mid, times.High) + " E", Outcome: c.Outcome().String()}
	for _, row := range c.Rows {
		r := ratioRow{Name: row.Name, Sheet: funnel.Figure(row.Sheet), Held: row.Held.String(), Note: row.Missing}
		if row.Missing == "" {
			r.Mid, r.Low, r.High = figure(row.Measured.Mid), figure(row.Measured.Low), figure(row.Measured.High)
			r.Looked, r.How = thousands(row.Looked)+" "+row.Of, row.How
		}
		if row.Held == funnel.Open && row.More > 0 {
			r.Note = fmt.Sprintf("%s more %s, %.0f s at this rate, would settle it", thousands(row.More), row.Of, row.Longer.Seconds())
		}
		m.Ratios = append(m.Ratios, r)
	}
	m.Links = linksOf(c.Before.Compute(), c.After.Compute())
	return m
}

func linksOf(before, after estimate.Result) []linkRow {
	rows := []linkRow{{Name: "entry, all requests", Before: span(before.Amplified), BeforeRoom: room(before.Headroom), After: span(after.Amplified), AfterRoom: room(after.Headroom)}}
	for i, l := range before.Lines {
		now := after.Lines[i]
		rows = append(rows, linkRow{l.To + " by " + l.From, rate(l.Capacity), span(l.Load), room(l.Headroom), span(now.Load), room(now.Headroom)})
	}
	return rows
}

func figure(x float64) string { return fmt.Sprintf("%.4g", x) }

func rate(x float64) string { return thousands(uint64(max(x, 0) + 0.5)) }

func span(r estimate.Range) string { return rate(r.Low) + " / " + rate(r.Mid) + " / " + rate(r.High) }

// room is the headroom at the low, the middle and the high load; at less than 1 the link is overloaded.
func room(r estimate.Range) string { return fmt.Sprintf("%.2f / %.2f / %.2f", r.Low, r.Mid, r.High) }

// writeModel writes the funnel and the capacity sheet for a terminal.
func writeModel(w io.Writer, c funnel.Comparison) error {
	m := modelOf(c)
	out := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(out, "  the funnel in %q, beside the sheet %q (%s), margin %s: %s; the peak by it is %s\n", m.Window, m.Event, m.Hash, m.Margin, m.Outcome, m.Peak)
	fmt.Fprintln(out, "    ratio\tsheet\tmeasured\tlow\thigh\tof\tinterval\t")
	for _, r := range m.Ratios {
		fmt.Fprintf(out, "    %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s %s\n", r.Name, r.Sheet, r.Mid, r.Low, r.High, r.Looked, r.How, r.Held, r.Note)
	}
	fmt.Fprintf(out, "    link\tcapacity/s\tload/s by the sheet: low / mid / high\theadroom\tby what was measured\theadroom\n")
	for _, l := range m.Links {
		fmt.Fprintf(out, "    %s\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Capacity, l.Before, l.BeforeRoom, l.After, l.AfterRoom)
	}
	return out.Flush()
}

// writeSheet writes the sheet that was worked out anew.
func writeSheet(w io.Writer, drill string, c funnel.Comparison) error {
	text, err := c.After.Encode(
		fmt.Sprintf("Worked out anew from what drill %s measured in %q; the sheet before it had the hash %s.", drill, c.Window, c.Before.Hash()),
		"Ratios are intervals of 95 % confidence. Exposures, capacities and what no part of the system counts are as they were.",
		"Review it, and take it over into the sheet that is signed.")
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
