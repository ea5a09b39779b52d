package bench

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/loadprofiles/volley"
	"redpacket/system/api"
)

func TestTheTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rows() {
		if seen[r.ID+r.Part] || r.What == "" || r.Unit == "" {
			t.Errorf("row %+v is named twice, or says nothing", r)
		}
		seen[r.ID+r.Part] = true
		if r.Gate > 0 && r.Goal > 0 && !r.within(r.Goal, r.Gate) {
			t.Errorf("%s: the goal %g is easier than the gate %g", r.ID, r.Goal, r.Gate)
		}
		if err := Check([]string{r.ID}); err != nil {
			t.Errorf("nothing measures %s: %v", r.ID, err)
		}
	}
	if err := Check([]string{"B2", "B77"}); err == nil || !strings.Contains(err.Error(), `"B77"`) || !strings.Contains(err.Error(), "B10") {
		t.Errorf("the error names neither the mistake nor the rows: %v", err)
	}
}

func TestTheWorstRunIsShownAndGatesFail(t *testing.T) {
	for _, c := range []struct {
		row            Row
		values         []float64
		broken         string
		worst, best    float64
		holds, reached bool
	}{
		{Row{Gate: 100, Goal: 200}, []float64{150, 99, 210}, "", 99, 210, false, false},
		{Row{Gate: 100, Goal: 200}, []float64{150, 100, 210}, "", 100, 210, true, false},
		{Row{Gate: 100, Goal: 200}, []float64{200, 250}, "", 200, 250, true, true},
		{Row{Gate: 100, Goal: 200}, []float64{250}, "late", 250, 250, false, false},
		{Row{Gate: 3, Goal: 1.5, Less: true}, []float64{1.2, 3.1}, "", 3.1, 1.2, false, false},
		{Row{Gate: 3, Goal: 1.5, Less: true}, []float64{1.2, 3}, "", 3, 1.2, true, false},
		{Row{Goal: 80}, []float64{10}, "", 10, 10, true, false},
		{Row{Gate: 100}, nil, "", math.NaN(), math.NaN(), false, false},
	} {
		f := Finding{Row: c.row, Values: c.values}
		if c.broken != "" {
			f.Broken = []string{c.broken}
		}
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if !same(f.Worst(), c.worst) || !same(f.Best(), c.best) || f.Holds() != c.holds || f.Reached() != c.reached {
			t.Errorf("%+v: worst %g, best %g, holds %t, reached %t", f, f.Worst(), f.Best(), f.Holds(), f.Reached())
		}
		if r := (Report{Findings: []Finding{{Values: []float64{1}}, f}}); r.Holds() != c.holds {
			t.Errorf("%+v: the report holds: %t", f, r.Holds())
		}
	}
	if (Report{}).Holds() {
		t.Error("a report of nothing holds")
	}
	if (Finding{Row: Row{Gate: 1}, Missing: "no rate was held"}).Holds() || !(Finding{Missing: "not built yet"}).Holds() {
		t.Error("a missing figure holds a gate, or fails where there is none")
	}
}

// limited is a rate that holds up to a limit, and now and then, when the machine hiccups, not even there.
type limited struct {
	limit   float64
	hiccups map[int]bool // by the number of the try, from 0
	tried   []float64
}

func (l *limited) try(_ context.Context, rate float64, _ time.Duration) (Seen, error) {
	s := Seen{Offered: rate, Answered: rate, Launched: 1}
	if rate > l.limit || l.hiccups[len(l.tried)] {
		s.Wrong = "late"
	}
	l.tried = append(l.tried, rate)
	return s, nil
}

func TestSearchEndsCloseUnderTheLimit(t *testing.T) {
	for _, c := range []struct {
		limit   float64
		hiccups map[int]bool
		low     float64 // of the limit, as the next
		high    float64
		held    bool
	}{
		{130_000, nil, 0.88, 1, true},
		{95_000, nil, 0.8, 1, true},                                         // below where the climb begins
		{30_000, nil, 0.8, 1, true},                                         // far below
		{1e9, nil, 0, 1, true},                                              // beyond where it ends
		{130_000, map[int]bool{1: true}, 0.88, 1, true},                     // a hiccup in the climb: another chance
		{130_000, map[int]bool{5: true, 6: true, 7: true}, 0.75, 0.8, true}, // a hiccup in a run lowers the figure
		{10, nil, 0, 1, false},
	} {
		l := &limited{limit: c.limit, hiccups: c.hiccups}
		f, err := search{from: 100_000, to: 250_000, hold: time.Second, runs: 3, try: l.try, say: func(string) {}}.find(t.Context())
		if err != nil || f.held != c.held {
			t.Fatalf("limit %g: held %t, %v", c.limit, f.held, err)
		}
		rate := f.runs[0].Offered
		if c.held && (len(f.runs) != 3 || rate > c.high*c.limit || rate < c.low*min(c.limit, 250_000)) {
			t.Errorf("limit %g: %d runs at %g", c.limit, len(f.runs), rate)
		}
		if !c.held && f.runs[len(f.runs)-1].Held() {
			t.Errorf("limit %g: a run held and the search did not", c.limit)
		}
		if len(c.hiccups) > 2 && len(f.notes) == 0 {
			t.Errorf("limit %g: the figure was lowered and nobody is told", c.limit)
		}
	}
}

// late is the tally of a generator that fell so far behind that no answer came in time.
type late struct{}

func (late) Count(_ record.Span, of record.Which) uint64 {
	if of.Has(api.Static, api.Doubt) {
		return 1000
	}
	return 0
}

func (late) Happened(record.Span, tally.Fact) uint64 { return 0 }

func (late) Quantile(record.Span, record.Which, float64) time.Duration { return 9 * time.Second }

func TestStockVegetaIsCountedByItsOwnWords(t *testing.T) {
	y := loadprofiles.Yield{Length: 10 * time.Second, Clicks: loadprofiles.Launches{Owed: 10_000, Launched: 2000}, LateOver: 1}
	w, hold := fullMix(volley.Stock), record.Span{From: time.Second, To: 10 * time.Second}
	if ours := look(y, late{}, w, hold); ours.Answered != 0 || ours.Held() {
		t.Errorf("%+v; want nothing answered", ours)
	}
	y.Vegeta = loadprofiles.Vegeta{Hits: 2000, Throughput: 200}
	s := look(y, late{}, w, hold)
	if s.Answered != 200 || s.Late != 1 || s.Launched != 0.2 || s.Held() {
		t.Errorf("%+v; want 200/s answered, everything late", s)
	}
	b10 := against(Finding{Values: []float64{1200, 1000}}, []Seen{s})
	if b10.Worst() != 5 || b10.Best() != 6 || !strings.Contains(b10.Beside, "200") {
		t.Errorf("1,000/s and 1,200/s against 200/s: %v, %q", b10.Values, b10.Beside)
	}
	if none := against(Finding{}, []Seen{s}); none.Missing == "" || none.Holds() {
		t.Error("no figure of ours holds against stock Vegeta")
	}
}
