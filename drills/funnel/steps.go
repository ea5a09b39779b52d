package funnel

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// measuring is a record's window while it is being measured.
type measuring struct {
	r     *record.Record
	span  record.Span
	sheet estimate.Sheet
}

func measure(r *record.Record, window string, s estimate.Sheet) (measuring, error) {
	w, ok := r.Window(window)
	switch {
	case !ok:
		return measuring{}, fmt.Errorf("the drill had no window %q", window)
	case r.Tally == nil:
		return measuring{}, errors.New("no tally was kept")
	}
	return measuring{r: r, span: w.Span, sheet: s}, nil
}

// asked is how many requests of an op clients made, retries left out.
func (m measuring) asked(s record.Span, op api.Op) uint64 {
	all, again := m.r.Tally.Count(s, record.Which{Ops: []api.Op{op}}), m.r.Tally.Happened(s, tally.Retried(op))
	return all - min(all, again)
}

func (m measuring) came(op api.Op, outcomes ...api.Outcome) uint64 {
	return m.r.Tally.Count(m.span, record.Which{Ops: []api.Op{op}, Outcomes: outcomes})
}

// steps are the ratios from an exposure to a receipt.
func (m measuring) steps() []Row {
	s, mix := m.sheet, m.sheet.Mix()
	exposures, clicks := m.r.Tally.Happened(m.span, tally.Exposed), m.r.Tally.Happened(m.span, tally.Clicked)
	click := m.share("clicks per exposure", "exposures", s.Click.Mid, count{clicks, exposures})
	click.Missing = cmp.Or(m.unexposed(), click.Missing)
	click.apply = func(s *estimate.Sheet, row Row) { s.Click = row.Measured }
	rows := []Row{click, m.statics(mix.Static.Mid), m.lists()}
	step := func(name, of string, sheet float64, k count, to func(*estimate.Sheet) *estimate.Range) {
		row := m.share(name, of, sheet, k)
		row.apply = func(s *estimate.Sheet, row Row) { *to(s) = row.Measured }
		rows = append(rows, row)
	}
	step("selects per list", "lists", s.Steps.Select.Mid, count{m.asked(m.span, api.Select), m.came(api.List, api.Done)},
		func(s *estimate.Sheet) *estimate.Range { return &s.Steps.Select })
	step("claims per select", "selects", s.Steps.Claim.Mid, count{m.asked(m.span, api.Claim), m.came(api.Select, api.Done)},
		func(s *estimate.Sheet) *estimate.Range { return &s.Steps.Claim })
	step("granted per claim", "claims", s.Steps.Win.Mid, count{m.came(api.Claim, api.Done), m.came(api.Claim, api.Done, api.Refused)},
		func(s *estimate.Sheet) *estimate.Range { return &s.Steps.Win })
	step("receipts per grant", "granted claims", s.Steps.Receipt.Mid, count{m.asked(m.span, api.Receipt), m.came(api.Claim, api.Done)},
		func(s *estimate.Sheet) *estimate.Range { return &s.Steps.Receipt })
	return append(rows, m.retries(), m.entry())
}

// entry is all of it in one figure: what the entry was asked per exposure.
func (m measuring) entry() Row {
	p := m.sheet.Compute()
	perExposure := 0.0
	if p.Exposures.Mid > 0 {
		perExposure = p.Amplified.Mid / p.Exposures.Mid
	}
	row := m.counted(Row{Name: "requests at the entry per exposure", Of: "exposures", Sheet: perExposure},
		m.requests(1, api.Static, api.List, api.Select, api.Claim, api.Receipt), m.fact(tally.Exposed))
	row.Missing = cmp.Or(m.unexposed(), row.Missing)
	return row
}

// unexposed says why exposures tell nothing; empty: they do.
func (m measuring) unexposed() string {
	if m.r.Profile.Funnel.Click == 0 {
		return "the load has no exposure stage, so nobody knows how many did not click"
	}
	return ""
}

// count is k of n.
type count struct{ k, n uint64 }

// share is a row out of a count. A journey that is cut by the window's end may leave one more of k than of n.
func (m measuring) share(name, of string, sheet float64, c count) Row {
	row := Row{Name: name, Of: of, Sheet: sheet, Looked: c.n, How: "Wilson"}
	if c.n == 0 {
		row.Missing = "there were no " + of
		return row
	}
	row.Measured = wilson(min(c.k, c.n), c.n)
	return row
}

// statics are the static requests per click that the entry answered. How many a package saved it cannot see, so the sheet's
// offline share stays.
func (m measuring) statics(sheet float64) Row {
	row := m.counted(Row{Name: "static requests per click", Of: "clicks", Sheet: sheet}, m.requests(1, api.Static), m.fact(tally.Clicked))
	row.apply = func(s *estimate.Sheet, row Row) {
		if s.Offline < 1 {
			s.Statics = rounded(row.Measured.Times(estimate.One(1 / (1 - s.Offline))))
		}
	}
	return row
}

// lists are the gift lists per click that the entry answered.
func (m measuring) lists() Row {
	lists := m.requests(1, api.List)
	row := m.counted(Row{Name: "lists per click", Of: "clicks", Sheet: m.sheet.Steps.List.Mid}, reading{from: lists.from, value: func(a, b record.Sample) float64 {
		return lists.value(a, b) - m.fact(tally.Retried(api.List)).value(a, b)
	}}, m.fact(tally.Clicked))
	row.apply = func(s *estimate.Sheet, row Row) { s.Steps.List = row.Measured }
	return row
}

// Modelled is how many requests of some ops a click makes at the entry by the sheet.
func Modelled(s estimate.Sheet, ops ...api.Op) (sum float64) {
	mix := s.Mix()
	by := map[api.Op]estimate.Range{api.Static: mix.Static, api.List: mix.List, api.Select: mix.Select, api.Claim: mix.Claim, api.Receipt: mix.Receipt}
	for _, op := range ops {
		sum += by[op].Mid
	}
	return sum
}

// PerClick is how many requests of some ops the entry answered per click in a window, beside the sheet. The error says that
// there is no such window, or that nobody counted.
func PerClick(r *record.Record, window string, s estimate.Sheet, ops ...api.Op) (Row, error) {
	m, err := measure(r, window, s)
	if err != nil {
		return Row{}, err
	}
	return m.counted(Row{Name: "requests per click", Of: "clicks", Sheet: Modelled(s, ops...)}, m.requests(1, ops...), m.fact(tally.Clicked)), nil
}

// retries are all requests per request that is no retry: 1 + f·R.
func (m measuring) retries() Row {
	var blocks []block
	var failed, again, first uint64
	for at := m.span.From; at+time.Second <= m.span.To; at += time.Second {
		s := record.Span{From: at, To: at + time.Second}
		b := block{}
		for op := range api.Ops {
			retried := m.r.Tally.Happened(s, tally.Retried(op))
			b.y, b.x = b.y+float64(retried), b.x+float64(m.asked(s, op))
			again, first = again+retried, first+m.asked(s, op)
		}
		b.y += b.x
		failed += m.r.Tally.Count(s, record.Which{Outcomes: []api.Outcome{api.Shed, api.Doubt}})
		blocks = append(blocks, b)
	}
	row := Row{Name: "requests, with retries, per request", Of: "requests", Sheet: 1 + m.sheet.Fail*m.sheet.Retries}
	row.over(blocks)
	row.apply = func(s *estimate.Sheet, _ Row) {
		if s.Fail, s.Retries = 0, 0; failed > 0 && first > 0 {
			s.Fail, s.Retries = min(1, float64(failed)/float64(first)), min(100, float64(again)/float64(failed))
		}
	}
	return row
}

// over fills the row in out of its seconds.
func (row *Row) over(blocks []block) {
	row.How = "by the second"
	sum := 0.0
	for _, b := range blocks {
		sum += b.x
	}
	switch row.Looked = uint64(sum); {
	case len(blocks) < leastBlocks:
		row.Missing = plural(len(blocks), "second was", "seconds were") + " read; 5 are the least to tell"
	case sum <= 0:
		row.Missing = "there were no " + row.Of
	default:
		row.Measured = ratio(blocks)
	}
}
