package funnel

import (
	"fmt"
	"strings"

	"redpacket/drills/record"
)

// Line is the row in words: what was measured, beside what the sheet says, and what would settle it.
func (row Row) Line() string {
	switch m := row.Measured; {
	case row.Missing != "":
		return fmt.Sprintf("%s: the sheet says %s; not measured: %s", row.Name, Figure(row.Sheet), row.Missing)
	case row.Held == Open && row.More == 0:
		return fmt.Sprintf("%s: the sheet says %s, measured %s; it lies on the margin's edge, where no number settles it", row.Name, Figure(row.Sheet), Span(m.Low, m.Mid, m.High))
	case row.Held == Open:
		return fmt.Sprintf("%s: the sheet says %s, measured %s; %d more %s (%.0f s at this rate) would settle it", row.Name, Figure(row.Sheet), Span(m.Low, m.Mid, m.High),
			row.More, row.Of, row.Longer.Seconds())
	default:
		return fmt.Sprintf("%s: the sheet says %s, measured %s", row.Name, Figure(row.Sheet), Span(m.Low, m.Mid, m.High))
	}
}

// Figure writes a ratio with as many digits as it deserves.
func Figure(x float64) string { return fmt.Sprintf("%.3g", x) }

// Span writes an interval: 0.42 [0.41, 0.43].
func Span(low, mid, high float64) string {
	return fmt.Sprintf("%.4g [%.4g, %.4g]", mid, low, high)
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func list(gauges []record.Gauge) string {
	var words []string
	for _, g := range gauges {
		words = append(words, string(g))
	}
	return strings.Join(words, ", ")
}
