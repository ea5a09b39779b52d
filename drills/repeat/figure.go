package repeat

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"redpacket/drills/judge"
	"redpacket/drills/record"
)

// Amount is a figure's value, in its unit: less is better.
type Amount float64

// never is the amount of what never came, and the bound of what has none.
const never Amount = math.MaxFloat64

// MarshalJSON writes null for what never came.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a == never {
		return []byte("null"), nil
	}
	return json.Marshal(float64(a))
}

// in writes the amount with its unit.
func (a Amount) in(unit string) string {
	switch {
	case a == never:
		return "never"
	case unit == seconds:
		return fmt.Sprintf("%.2f s", float64(a))
	}
	return fmt.Sprintf("%.0f", float64(a))
}

// The units.
const (
	seconds = "s"
	grants  = "grants"
	fen     = "fen"
)

// Figure is one thing measured in a repetition.
type Figure struct {
	What  string `json:"what"`
	After string `json:"after"` // the step that it is measured from, as the script writes it; empty: the end of the load
	Unit  string `json:"unit"`
	Value Amount `json:"value"`
	Most  Amount `json:"most"` // the bound; null: there is none
}

// figures are what a record's RTOs and RPOs measure, and how long it took until nothing was unsettled.
func figures(r *record.Record) (all []Figure, err error) {
	splits, err := judge.Splits(r)
	if err != nil {
		return nil, err
	}
	for _, s := range splits {
		for _, p := range s.Parts() {
			f := Figure{What: p.Name, After: s.After, Unit: seconds, Value: never, Most: never}
			if p.At >= 0 {
				f.Value = Amount(p.At.Seconds())
			}
			if p.Within > 0 {
				f.Most = Amount(p.Within.Seconds())
			}
			all = append(all, f)
		}
	}
	losses, err := judge.Losses(r)
	if err != nil {
		return nil, err
	}
	for _, l := range losses {
		all = append(all, Figure{"acknowledged and gone", l.Asked.After, grants, Amount(l.Grants), Amount(l.Asked.Grants)},
			Figure{"acknowledged and gone", l.Asked.After, fen, Amount(l.Fen), Amount(l.Asked.Fen)})
	}
	drained := Figure{What: "nothing unsettled", Unit: seconds, Value: never, Most: never}
	if r.Drain.Settled {
		drained.Value = Amount(r.Drain.Took.Seconds())
	}
	return append(all, drained), nil
}

// Row is one figure of several repetitions.
type Row struct {
	What   string `json:"what"`
	After  string `json:"after"`
	Unit   string `json:"unit"`
	Of     int    `json:"of"` // repetitions that measured it
	Min    Amount `json:"min"`
	Median Amount `json:"median"` // of two in the middle, the worse
	Worst  Amount `json:"worst"`
	Seed   uint64 `json:"worst_seed"`
	Most   Amount `json:"most"`
}

// rows are the figures of repetitions, in the order of the first that measured them. What never came in any, and has no
// bound, is left out: it is not to come.
func rows(runs []Run) []Row {
	type key struct{ what, after, unit string }
	type value struct {
		Amount
		seed uint64
	}
	var order []key
	values, most := map[key][]value{}, map[key]Amount{}
	for _, r := range runs {
		for _, f := range r.Figures {
			k := key{f.What, f.After, f.Unit}
			if _, known := values[k]; !known {
				order = append(order, k)
			}
			values[k], most[k] = append(values[k], value{f.Value, r.Seed}), f.Most
		}
	}
	all := []Row{}
	for _, k := range order {
		of := values[k]
		slices.SortStableFunc(of, func(a, b value) int { return cmp.Compare(a.Amount, b.Amount) })
		if worst := of[len(of)-1]; of[0].Amount != never || most[k] != never {
			all = append(all, Row{k.what, k.after, k.unit, len(of), of[0].Amount, of[len(of)/2].Amount, worst.Amount, worst.seed, most[k]})
		}
	}
	return all
}
