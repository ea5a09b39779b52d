// Package funnel measures, from a record alone, how users went from an exposure to their gift and what each link was asked
// meanwhile, puts it with its uncertainty beside a traffic sheet, and works the sheet out anew from what was measured.
package funnel

import (
	"math"
	"strconv"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
)

// Held is what a measured ratio says of the sheet's. The zero value is Open: doubt is no pass.
type Held int

// What a ratio may say.
const (
	Open  Held = iota // the interval is partly outside the margin, or nothing could be measured
	Holds             // the whole interval is inside
	Off               // the whole interval is outside
	Shown             // it is there to be read; another row is asked for it
)

// String is holds, off, open or shown.
func (h Held) String() string { return [...]string{"open", "holds", "off", "shown"}[h] }

// Row is one ratio of the funnel or of a link.
type Row struct {
	Name     string
	Of       string         // what it is a ratio to, in the plural
	Sheet    float64        // the middle of the sheet's
	Measured estimate.Range // the interval of 95 % confidence, its middle the ratio itself
	Looked   uint64         // how many of Of were looked at
	How      string         // how the interval was made
	Held     Held
	Missing  string        // why nothing could be measured; empty: it was
	More     uint64        // so many more of Of would settle an open row
	Longer   time.Duration // and at this rate that takes so long

	apply func(s *estimate.Sheet, row Row) // takes what was measured over into a sheet; nil: nothing to take over
}

// Comparison is a sheet beside what was measured.
type Comparison struct {
	Window string
	Within float64 // the margin, relative: 0.2
	Rows   []Row
	Before estimate.Sheet
	After  estimate.Sheet // the sheet with every figure that was measured in the place of the estimate's
}

// Compare measures what happened in a window of the record and puts it beside a sheet. The error says that there is no
// such window, or that nobody counted.
func Compare(r *record.Record, window string, s estimate.Sheet, within float64) (Comparison, error) {
	m, err := measure(r, window, s)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Window: window, Within: within, Rows: append(m.steps(), m.links()...), Before: s, After: s}
	c.After.Links = append([]estimate.Link{}, s.Links...)
	for i := range c.Rows {
		row := &c.Rows[i]
		row.Judge(within, m.span.Length())
		if row.apply != nil && row.Missing == "" {
			found := *row
			found.Measured = rounded(row.Measured)
			row.apply(&c.After, found)
		}
	}
	return c, nil
}

// rounded is a range as a person writes it down: four digits, the ends away from the middle.
func rounded(r estimate.Range) estimate.Range {
	digits := func(x float64, to func(float64) float64) float64 {
		if x <= 0 {
			return 0
		}
		unit := math.Pow(10, math.Floor(math.Log10(x))-3)
		short, err := strconv.ParseFloat(strconv.FormatFloat(to(x/unit)*unit, 'g', 4, 64), 64)
		if err != nil {
			return x
		}
		return short
	}
	return estimate.Range{Low: digits(r.Low, math.Floor), Mid: digits(r.Mid, math.Round), High: digits(r.High, math.Ceil)}
}

// Judge puts the interval, which was measured in so long a time, beside the margin. A figure that the sheet has as 0 leaves no
// relative margin: it must be 0.
func (row *Row) Judge(within float64, span time.Duration) {
	low, high := (1-within)*row.Sheet, (1+within)*row.Sheet
	switch m := row.Measured; {
	case row.Held == Shown || row.Missing != "":
	case m.Low >= low && m.High <= high:
		row.Held = Holds
	case m.High < low || m.Low > high:
		row.Held = Off
	default:
		row.open(low, high, span)
	}
}

// open says how many more would settle it. The width of an interval shrinks as the root of the number looked at, so the
// interval clears the nearest bound when the number has grown by (half of the width / the distance)².
func (row *Row) open(low, high float64, span time.Duration) {
	m := row.Measured
	near := min(abs(m.Mid-low), abs(m.Mid-high))
	half := max(m.High-m.Mid, m.Mid-m.Low)
	if near <= 0 || half/near > 1e3 {
		return // on the bound itself no number settles it
	}
	grow := (half/near)*(half/near) - 1
	row.More, row.Longer = uint64(grow*float64(row.Looked)), time.Duration(grow*float64(span))
}

func abs(x float64) float64 { return max(x, -x) }

// Outcome is Off when any ratio is, else Open when any is or there is none, else Holds.
func (c Comparison) Outcome() Held {
	all := Open
	for _, row := range c.Rows {
		switch row.Held {
		case Off:
			return Off
		case Holds:
			if all == Open {
				all = Holds
			}
		}
	}
	for _, row := range c.Rows {
		if row.Held == Open {
			return Open
		}
	}
	return all
}

// Times is the peak at the entry by what was measured, as a multiple of the sheet's middle, E: low, middle, and the end
// that is to be signed.
func (c Comparison) Times() estimate.Range {
	e, after := c.Before.Compute().Entry.Mid, c.After.Compute().Amplified
	if e == 0 {
		return estimate.Range{}
	}
	return after.Times(estimate.One(1 / e))
}

// Looked is how many exposures were looked at.
func (c Comparison) Looked() uint64 {
	if len(c.Rows) == 0 {
		return 0
	}
	return c.Rows[0].Looked
}
