// Package signoff decides, from the records of a rehearsal, whether the event may be signed: every drill must have passed, and
// what was measured of the users must hold by the very traffic sheet that is to be signed.
package signoff

import (
	"fmt"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
)

// Evidence is one drill's record, with what it asserts.
type Evidence struct {
	Where      string // the directory it lies in
	Record     *record.Record
	Assertions []judge.Assertion
}

// Row is one drill as it counts for the decision.
type Row struct {
	Where, Drill string
	Status       judge.Status
	Because      string // the first finding that does not pass; empty: all do
	Note         string // that it was judged by another sheet than it ran with
}

// Decision is a sign-off, or the reasons why it is refused.
type Decision struct {
	Sheet   estimate.Sheet
	Rows    []Row
	Reasons []string
}

// Go says that nothing stands against it.
func (d Decision) Go() bool { return len(d.Reasons) == 0 }

// Status is pass for go, fail when a drill failed, and inconclusive when what is missing is evidence.
func (d Decision) Status() judge.Status {
	for _, row := range d.Rows {
		if row.Status == judge.Fail {
			return judge.Fail
		}
	}
	if d.Go() {
		return judge.Pass
	}
	return judge.Inconclusive
}

// Decide judges every record again. A gate on the traffic model is judged by the sheet that is to be signed, not by the one
// the drill ran with: so a sheet that was refused stays refused until it says what was measured, and then needs no other run.
func Decide(all []Evidence, sheet estimate.Sheet) Decision {
	d := Decision{Sheet: sheet}
	if err := sheet.Check(); err != nil {
		d.Reasons = append(d.Reasons, fmt.Sprintf("the sheet is none: %v", err))
	}
	measured := false
	for _, e := range all {
		row := Row{Where: e.Where, Drill: e.Record.Drill}
		asked, note, gated := under(e.Assertions, sheet)
		v := judge.Judge(e.Record, asked)
		row.Status, row.Note = v.Status, note
		measured = measured || gated
		for _, f := range v.Findings {
			if f.Status != judge.Pass && (row.Because == "" || f.Status == judge.Fail) {
				row.Because = f.Assertion + ": " + f.Because
			}
			if f.Status == judge.Fail {
				break
			}
		}
		if row.Status != judge.Pass {
			d.Reasons = append(d.Reasons, fmt.Sprintf("%s is %s: %s", row.Drill, row.Status, row.Because))
			if gated && row.Status == judge.Fail {
				d.Reasons = append(d.Reasons, fmt.Sprintf("%s measured the traffic model: when what it says is true, take sheet-measured.yaml in %s over into the sheet, and sign again", row.Drill, e.Where))
			}
		}
		d.Rows = append(d.Rows, row)
	}
	if len(all) == 0 {
		d.Reasons = append(d.Reasons, "there is no record to sign by")
	}
	if !measured {
		d.Reasons = append(d.Reasons, "nobody measured the traffic model: run gr-1, and sign by its record too")
	}
	return d
}

// under are assertions with the sheet to be signed in the place of the one that a gate was run with.
func under(assertions []judge.Assertion, sheet estimate.Sheet) (asked []judge.Assertion, note string, gated bool) {
	for _, a := range assertions {
		if gate, is := a.(judge.ModelHolds); is {
			gated = true
			if ran := gate.Sheet.Hash(); ran != sheet.Hash() {
				note = fmt.Sprintf("it ran with the sheet %.12s and is judged by %.12s", ran, sheet.Hash())
			}
			gate.Sheet = sheet
			a = gate
		}
		asked = append(asked, a)
	}
	return asked, note, gated
}
