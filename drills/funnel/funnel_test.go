package funnel_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"redpacket/drills/funnel"
	"redpacket/drills/funnel/funneltest"
	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

func sheet(t *testing.T) estimate.Sheet {
	t.Helper()
	s, err := estimate.Festival()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// recorded is a drill of 30 s, of which 20 s are the window "gray".
func recorded(u funneltest.Users) *record.Record {
	r := &record.Record{Manifest: record.Manifest{Windows: []record.Window{{Name: "gray", Span: record.Span{From: 5 * time.Second, To: 25 * time.Second}}}}}
	r.Profile.Funnel.Click = 0.5 // there is an exposure stage; what it is set to is nobody's business
	for at := time.Duration(0); at < 30*time.Second; at += 500 * time.Millisecond {
		r.Gauges = append(r.Gauges, record.Sample{At: at, Values: map[record.Gauge]float64{}})
	}
	counted := tally.New(time.Second)
	u.Fill(counted, r.Gauges, record.Span{From: 5 * time.Second, To: 25 * time.Second})
	r.Tally = record.TallyOf(counted)
	return r
}

func compare(t *testing.T, r *record.Record, s estimate.Sheet) funnel.Comparison {
	t.Helper()
	c, err := funnel.Compare(r, "gray", s, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func row(t *testing.T, c funnel.Comparison, name string) funnel.Row {
	t.Helper()
	for _, r := range c.Rows {
		if strings.HasPrefix(r.Name, name) {
			return r
		}
	}
	t.Fatalf("no row %q", name)
	return funnel.Row{}
}

func TestATrueModelHoldsAndStaysAsItIs(t *testing.T) {
	s := sheet(t)
	c := compare(t, recorded(funneltest.ByTheSheet(s, 1000)), s)
	for _, r := range c.Rows {
		if r.Held != funnel.Holds && r.Held != funnel.Shown {
			t.Errorf("%s", r.Line())
		}
		if m := r.Measured; r.Missing == "" && (math.Abs(m.Mid-r.Sheet) > 0.01*r.Sheet || m.Low > m.Mid || m.High < m.Mid || r.Looked == 0) {
			t.Errorf("%s: %+v of %d", r.Name, m, r.Looked)
		}
	}
	if c.Outcome() != funnel.Holds || math.Abs(c.Times().Mid-1) > 0.01 {
		t.Errorf("%s, %+v E", c.Outcome(), c.Times())
	}
	if err := c.After.Check(); err != nil || c.After.Hash() == s.Hash() {
		t.Errorf("the sheet worked out anew is no sheet, or the old one: %v", err)
	}
}

// What is wrong is found where it is, and the sheet that comes of it holds for the same users.
func TestWhatIsWrongIsNamedAndTakenOver(t *testing.T) {
	s := sheet(t)
	for _, c := range []struct {
		name   string
		change func(*funneltest.Users)
		off    []string
		times  float64
	}{
		{"more clicks", func(u *funneltest.Users) { u.Click = 0.42 }, []string{"clicks per exposure", "requests at the entry"}, 2.1},
		{"fewer clicks", func(u *funneltest.Users) { u.Click = 0.1 }, []string{"clicks per exposure", "requests at the entry"}, 0.5},
		{"more static parts", func(u *funneltest.Users) { u.Statics = 4.5 }, []string{"static requests per click", "requests at the entry"}, 1.25},
		{"lists come again", func(u *funneltest.Users) { u.List = 2 }, []string{"lists per click", "requests at the entry"}, 1.5},
		{"half of the selects", func(u *funneltest.Users) { u.Select = 0.4 }, []string{"selects per list"}, 0.834},
		{"half of the claims", func(u *funneltest.Users) { u.Claim = 0.45 }, []string{"claims per select"}, 0.9},
		{"all win", func(u *funneltest.Users) { u.Win = 1 }, []string{"granted per claim"}, 1.035},
		{"half of the receipts", func(u *funneltest.Users) { u.Receipt = 0.48 }, []string{"receipts per grant"}, 0.96},
		{"every claim is decided twice", func(u *funneltest.Users) { u.Heavy = 2 }, []string{"calls of ams-heavy"}, 1},
		{"a cold cache and more questions", func(u *funneltest.Users) { u.Registry, u.Hit = 0.6, 0 }, []string{"calls of registry"}, 1},
	} {
		u := funneltest.ByTheSheet(s, 2000)
		c.change(&u)
		r := recorded(u)
		got := compare(t, r, s)
		var off []string
		for _, row := range got.Rows {
			if row.Held == funnel.Off {
				off = append(off, row.Name)
			}
		}
		if got.Outcome() != funnel.Off || len(off) != len(c.off) {
			t.Errorf("%s: off are %q, want %q", c.name, off, c.off)
		}
		for _, name := range c.off {
			row(t, got, name)
		}
		if math.Abs(got.Times().Mid-c.times) > 0.01 || !(got.Times().Low <= c.times && c.times <= got.Times().High*1.001) {
			t.Errorf("%s: %+v E, want %g", c.name, got.Times(), c.times)
		}
		if again := compare(t, r, got.After); again.Outcome() != funnel.Holds {
			t.Errorf("%s: by the new sheet the same users are %s", c.name, again.Outcome())
		}
	}
}

func TestRetriesAreApartFromTheSteps(t *testing.T) {
	s := sheet(t)
	u := funneltest.ByTheSheet(s, 1000)
	u.Shed, u.Retried = 0.5, 0.5 // every second list is shed once, and asked for again
	c := compare(t, recorded(u), s)
	if r := row(t, c, "requests, with retries"); math.Abs(r.Measured.Mid-1.077) > 0.003 {
		t.Errorf("%s", r.Line())
	}
	if c.After.Fail == 0 || math.Abs(c.After.Retries-1) > 0.01 {
		t.Errorf("f %g, R %g", c.After.Fail, c.After.Retries)
	}
}

func TestDoubtSaysWhatIsMissing(t *testing.T) {
	s := sheet(t)
	every := func(r *record.Record, change func(i int, values map[record.Gauge]float64)) {
		for i := range r.Gauges {
			change(i, r.Gauges[i].Values)
		}
	}
	for _, c := range []struct {
		name   string
		users  int
		change func(*record.Record)
		row    string
		says   string
	}{
		{"nobody came", 0, nil, "clicks per exposure", "there were no exposures"},
		{"few came", 20, nil, "clicks per exposure", "would settle it"},
		{"a metric that stands still", 1000, func(r *record.Record) {
			every(r, func(_ int, v map[record.Gauge]float64) { v[record.RequestsOf(api.Static)] = 7 })
		}, "static requests", "requests.static stood still while users clicked: the metric is dead"},
		{"a metric that nobody shows", 1000, func(r *record.Record) {
			every(r, func(_ int, v map[record.Gauge]float64) { delete(v, record.CallsOf("registry")) })
		}, "calls of registry", "nobody read calls.registry"},
		{"a process that began anew", 1000, func(r *record.Record) {
			every(r, func(i int, v map[record.Gauge]float64) {
				if i > 30 {
					v[record.CallsOf("ams-heavy")] -= 500
				}
			})
		}, "calls of ams-heavy", "calls.ams-heavy fell"},
		{"no exposure stage", 1000, func(r *record.Record) { r.Profile.Funnel.Click = 0 }, "clicks per exposure", "no exposure stage"},
		{"three seconds of readings", 1000, func(r *record.Record) { r.Gauges = r.Gauges[:18] }, "static requests", "3 seconds were read; 5 are the least"},
	} {
		r := recorded(funneltest.ByTheSheet(s, c.users))
		if c.change != nil {
			c.change(r)
		}
		got := compare(t, r, s)
		if line := row(t, got, c.row).Line(); got.Outcome() != funnel.Open || !strings.Contains(line, c.says) {
			t.Errorf("%s: %s: %s", c.name, got.Outcome(), line)
		}
	}
	r := recorded(funneltest.ByTheSheet(s, 10))
	if _, err := funnel.Compare(r, "dawn", s, 0.2); err == nil || !strings.Contains(err.Error(), "dawn") {
		t.Error(err)
	}
	if r.Tally = nil; true {
		if _, err := funnel.Compare(r, "gray", s, 0.2); err == nil {
			t.Error("without a tally there is nothing to compare")
		}
	}
}

// When as many more came as was asked for, the doubt is over.
func TestAsManyMoreAsAreAskedForSettleIt(t *testing.T) {
	s := sheet(t)
	few := row(t, compare(t, recorded(funneltest.ByTheSheet(s, 20)), s), "clicks per exposure")
	if few.Held != funnel.Open || few.More == 0 || few.Longer <= 0 {
		t.Fatalf("%s", few.Line())
	}
	enough := int(float64(few.Looked+few.More)/20*1.1) + 1
	if r := row(t, compare(t, recorded(funneltest.ByTheSheet(s, enough)), s), "clicks per exposure"); r.Held != funnel.Holds {
		t.Errorf("%d exposures a second were to be enough: %s", enough, r.Line())
	}
	u := funneltest.ByTheSheet(s, 1000)
	u.Click = 0.24 // on the margin
	if r := row(t, compare(t, recorded(u), s), "clicks per exposure"); r.Held != funnel.Open || !strings.Contains(r.Line(), "edge") {
		t.Errorf("%s", r.Line())
	}
}

// A sheet that has all static parts offline leaves no relative margin: not one may come.
func TestASheetOfNothingMustBeNothing(t *testing.T) {
	s := sheet(t)
	s.Offline = 1
	u := funneltest.ByTheSheet(s, 1000)
	if r := row(t, compare(t, recorded(u), s), "static requests"); r.Held != funnel.Holds {
		t.Errorf("%s", r.Line())
	}
	u.Statics = 1
	if r := row(t, compare(t, recorded(u), s), "static requests"); r.Held != funnel.Off {
		t.Errorf("%s", r.Line())
	}
}
