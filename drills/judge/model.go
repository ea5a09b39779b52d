package judge

import (
	"errors"
	"fmt"

	"redpacket/drills/funnel"
	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/system/api"
)

// ModelHolds is the gate of a gray rehearsal: what was measured of each step and of each link lies within a margin of what
// the traffic sheet says. The assertion carries the sheet, so that a record can be judged again.
type ModelHolds struct {
	Sheet  estimate.Sheet
	Within float64 // relative: 0.2
	In     string
}

// String is the promise; it names the sheet by its hash.
func (a ModelHolds) String() string {
	return say("the traffic model holds: every ratio measured in %q is within %s of the sheet %s", a.In, percent(a.Within), nameOf(a.Sheet))
}

// Kind is Hypothesis.
func (ModelHolds) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a ModelHolds) Windows() []string { return []string{a.In} }

// Sound says what is wrong with the sheet or the margin, or nil.
func (a ModelHolds) Sound() error { return soundSheet(a.Sheet, a.Within) }

// Compared puts what was measured beside the sheet.
func (a ModelHolds) Compared(r *record.Record) (funnel.Comparison, error) {
	return funnel.Compare(r, a.In, a.Sheet, a.Within)
}

// Check passes when every interval lies inside the margin, and fails when one lies wholly outside.
func (a ModelHolds) Check(c *Case) (Finding, error) {
	m, err := a.Compared(c.Record)
	if err != nil {
		return Finding{}, err
	}
	f := told(m)
	switch m.Outcome() {
	case funnel.Holds:
		f.Status = Pass
	case funnel.Off:
		f.Status = Fail
	}
	return f, nil
}

// ModelRefused asks whether the gate can refuse: the clients behave by another truth than the sheet's, so ModelHolds must
// fail, and the sheet that is worked out anew must tell of a peak so high.
type ModelRefused struct {
	Sheet   estimate.Sheet
	Within  float64
	In      string
	AtLeast float64 // the peak to be signed, the high end, as a multiple of the sheet's middle, E: 2.08
}

// String is the promise; it names the sheet by its hash.
func (a ModelRefused) String() string {
	return say("the gate refuses the sheet %s by what is measured in %q (margin %s), and the sheet worked out anew is to be signed at %g E or more",
		nameOf(a.Sheet), a.In, percent(a.Within), a.AtLeast)
}

// Kind is Hypothesis.
func (ModelRefused) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a ModelRefused) Windows() []string { return []string{a.In} }

// Sound says what is wrong with the sheet or the margin, or nil.
func (a ModelRefused) Sound() error { return soundSheet(a.Sheet, a.Within) }

// Compared puts what was measured beside the sheet.
func (a ModelRefused) Compared(r *record.Record) (funnel.Comparison, error) {
	return funnel.Compare(r, a.In, a.Sheet, a.Within)
}

// Check fails when the gate lets the sheet pass, or when the new sheet says too little.
func (a ModelRefused) Check(c *Case) (Finding, error) {
	m, err := a.Compared(c.Record)
	if err != nil {
		return Finding{}, err
	}
	f := told(m)
	switch times := m.Times().High; {
	case m.Outcome() == funnel.Open:
	case m.Outcome() == funnel.Off && times >= a.AtLeast:
		f.Status = Pass
	default:
		f.Status = Fail
	}
	return f, nil
}

// told is a comparison in words: how many ratios hold, the new peak, and the first that do not.
func told(m funnel.Comparison) Finding {
	n := map[funnel.Held]int{}
	var examples []string
	for _, want := range []funnel.Held{funnel.Off, funnel.Open} {
		for _, row := range m.Rows {
			if row.Held == want {
				n[want]++
				examples = append(examples, row.Line())
			}
		}
	}
	for _, row := range m.Rows {
		if row.Held == funnel.Holds {
			n[row.Held]++
		}
	}
	peak, times := "nothing was measured", m.Times()
	if m.Looked() > 0 {
		peak = say("by what was measured the peak is %s E, to be signed at %.3g E", funnel.Span(times.Low, times.Mid, times.High), times.High)
	}
	because := say("%d ratios hold, %d are off, %d could not be told; %s", n[funnel.Holds], n[funnel.Off], n[funnel.Open], peak)
	return Finding{Looked: m.Looked(), Because: because, Examples: few(examples)}
}

func nameOf(s estimate.Sheet) string {
	return say("%q (%.12s)", s.Event, s.Hash())
}

func soundSheet(s estimate.Sheet, within float64) error {
	var margin error
	if !(within > 0 && within < 1) {
		margin = fmt.Errorf("the margin is %g; want more than 0, less than 1", within)
	}
	return errors.Join(margin, s.Check())
}

// modelled is asked of assertions that put a sheet beside what was measured.
type modelled interface {
	Compared(*record.Record) (funnel.Comparison, error)
}

// Comparisons are those of a record's assertions that ask about a traffic sheet, for a report. One that cannot be made is
// left out: the finding says why.
func Comparisons(r *record.Record) (all []funnel.Comparison) {
	asked, _ := asserted[modelled](r) // none of a record that cannot be decoded
	for _, m := range asked {
		if c, err := m.Compared(r); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// AsModelled asks whether the entry answered as many requests of some ops per click as a sheet says when the offline
// package serves a share of the static parts.
type AsModelled struct {
	Sheet   estimate.Sheet
	Offline float64 // in the place of the sheet's: 0 … 1
	Ops     []api.Op
	Within  float64
	In      string
}

// String is the promise; it names the sheet by its hash.
func (a AsModelled) String() string {
	return say("%s requests (%s) per click in %q, within %s: as by the sheet %s with %s of the static parts offline",
		funnel.Figure(funnel.Modelled(a.sheet(), a.Ops...)), names(a.Ops), a.In, percent(a.Within), nameOf(a.Sheet), percent(a.Offline))
}

// Kind is Hypothesis.
func (AsModelled) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a AsModelled) Windows() []string { return []string{a.In} }

// Sound says what is wrong with the sheet, the share or the margin, or nil.
func (a AsModelled) Sound() error { return soundSheet(a.sheet(), a.Within) }

func (a AsModelled) sheet() estimate.Sheet {
	s := a.Sheet
	s.Offline = a.Offline
	return s
}

// Check passes when the whole interval is inside the margin, and fails when it is wholly outside.
func (a AsModelled) Check(c *Case) (Finding, error) {
	span, err := c.where(a.In)
	if err != nil {
		return Finding{}, err
	}
	row, err := funnel.PerClick(c.Record, a.In, a.sheet(), a.Ops...)
	if err != nil {
		return Finding{}, err
	}
	row.Judge(a.Within, span.Length())
	f := unsure(row.Looked, "%s", row.Line())
	switch row.Held {
	case funnel.Holds:
		f.Status = Pass
	case funnel.Off:
		f.Status = Fail
	}
	return f, nil
}
