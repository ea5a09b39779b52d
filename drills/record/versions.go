package record

import (
	"errors"
	"fmt"
	"os"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
)

// Versions is the critical path's requests told apart by who asked, and by which version answered.
type Versions struct {
	profile loadprofiles.Profile
	cells   tally.Cells
}

// Who picks requests by the bucket of their users, From … To-1 percent, and by the version that answered.
type Who struct {
	From, To int
	By       By
}

// By is a version.
type By int

// The versions.
const (
	Either By = iota
	Old       // or none: what the gateway says by itself, and what never came
	New
)

// VersionsOf lets judges ask the cells of a profile's cohorts.
func VersionsOf(p loadprofiles.Profile, cells tally.Cells) (*Versions, error) {
	if len(cells.Of) != p.Cells() || p.Cells() == 0 {
		return nil, fmt.Errorf("%d cells; the profile's %d cohorts have %d", len(cells.Of), len(p.Cohorts), p.Cells())
	}
	return &Versions{p, cells}, nil
}

// OpenVersions reads the cells that a volley left, once it has ended: a file without its end is tally.ErrTorn.
func OpenVersions(path string, p loadprofiles.Profile) (*Versions, error) {
	return openVersions(path, p, -1, false)
}

// GrowingVersions reads the cells that a volley has left so far; what was owed before from may be missing.
func GrowingVersions(path string, p loadprofiles.Profile, from time.Duration) (*Versions, error) {
	return openVersions(path, p, from, true)
}

func openVersions(path string, p loadprofiles.Profile, from time.Duration, growing bool) (*Versions, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cells, err := tally.ReadCells(f, p.Cells(), from)
	if err != nil && !(growing && errors.Is(err, tally.ErrTorn)) {
		return nil, err
	}
	return VersionsOf(p, cells)
}

// Until is how far they are complete, since the drill began.
func (v *Versions) Until() time.Duration { return v.cells.Until }

// Of is the requests of those users, answered so, of the cohorts that lie between the bounds.
func (v *Versions) Of(w Who) Requests {
	var some tally.Over
	from := 0
	for cohort, to := range v.profile.Cohorts {
		if from >= w.From && to <= w.To {
			if w.By != New {
				some = append(some, v.cells.Of[loadprofiles.CellOf(cohort, false)])
			}
			if w.By != Old {
				some = append(some, v.cells.Of[loadprofiles.CellOf(cohort, true)])
			}
		}
		from = to
	}
	return together{some}
}

// Whole says whether a share is that of whole cohorts, so that both sides of it can be told apart.
func (v *Versions) Whole(percent int) bool {
	for _, to := range v.profile.Cohorts {
		if to == percent {
			return true
		}
	}
	return percent == 0
}

// together is several tallies as judges ask them.
type together struct{ tally.Over }

// Count is the requests owed in the span.
func (t together) Count(s Span, of Which) uint64 {
	return t.Sum(s.From, s.To, orAll(of.Ops), orAll(of.Outcomes))
}

// Quantile is the wait of a share of them.
func (t together) Quantile(s Span, of Which, q float64) time.Duration {
	took, _ := t.Within(tally.Window{From: s.From, To: s.To, Ops: orAll(of.Ops), Outcomes: orAll(of.Outcomes)}, q)
	return took
}
