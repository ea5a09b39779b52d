package judge

import (
	"slices"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/pair"
)

// two makes the record one of two data centres at rest: each order is in the log of its share's home and in the mirror of
// that, and is marked where its user's claims are decided, if that is elsewhere.
func (m *made) two() {
	m.Summary.Sites = []books.Site{{IDC: "a", Mode: pair.Mirrored, Store: true, Log: true, Mirror: true, Marked: true},
		{IDC: "b", Mode: pair.Mirrored, Store: true, Log: true, Mirror: true, Marked: true}}
	d := duo{m.Summary.Sites, prizesOf(m.Activity)}
	for i := range m.log {
		e := &m.log[i]
		e.Pos = books.At(d.home(e.Order), e.Pos)
		if home := uint8(activity.Home(e.User)); home != d.home(e.Order) {
			m.marks = append(m.marks, books.Entry{Grant: e.Grant, Pos: books.At(home, 0)})
		}
	}
	m.mirror = slices.Clone(m.log)
	for _, l := range m.Summary.Lanes {
		l.Log = 1
		m.Summary.Lanes = append(m.Summary.Lanes, l)
	}
	m.Shelves[books.Mirror], m.Shelves[books.Marks] = uint64(len(m.mirror)), uint64(len(m.marks))
}

// lose makes a lost for good, and its users b's: of a's orders the mirror is left, and b's marks.
func (m *made) lose() {
	m.two()
	m.Summary.Sites = []books.Site{{IDC: "a", Mode: pair.Taken, Mirror: true}, {IDC: "b", Mode: pair.Alone, Store: true, Log: true, Marked: true}}
	d := duo{m.Summary.Sites, prizesOf(m.Activity)}
	ofA := func(e books.Entry) bool { return d.home(e.Order) == 0 }
	notOfA := func(e books.Entry) bool { return !ofA(e) }
	m.marks = nil
	for i, e := range m.cmem {
		if ofA(e) {
			m.marks = append(m.marks, books.Entry{Grant: e.Grant, Pos: books.At(1, 0)})
			s := &m.Summary.Stocks[e.Order.Gift()]
			s.Taken--
			s.Remaining += m.cmem[i].Fen
		}
	}
	m.log = append(slices.DeleteFunc(m.log, ofA), books.Entry{Grant: m.cmem[0].Grant, Pos: books.At(1, 30)}) // whoever asks b again has it there too
	m.cmem, m.mirror = slices.DeleteFunc(m.cmem, ofA), slices.DeleteFunc(m.mirror, notOfA)
	for i, g := range m.Activity.Gifts {
		from, _ := activity.Part{IDC: activity.B, Of: activity.IDCs}.Range(g.Shares)
		s := &m.Summary.Stocks[i]
		s.Shares, s.Remaining = g.Shares-from, s.Remaining-activity.Sum(m.Activity.Amounts(g)[:from])
	}
}

// then is a change of a record that was changed before.
func then(first, next func(*made)) func(*made) {
	return func(m *made) { first(m); next(m) }
}

func TestTwoDataCentresAreOneBook(t *testing.T) {
	two, lost := (*made).two, (*made).lose
	inA := func(m *made) int {
		return slices.IndexFunc(m.log, func(e books.Entry) bool { return e.Order == api.OrderOf(1, 0, 2) })
	}
	cut := func(of *[]books.Entry, i int) { *of = slices.Delete(*of, i, i+1) }
	for _, r := range []row{
		{"at rest", MoneyConserved{}, two, Pass, "46.00 yuan funded"},
		{"at rest", NoneBeyondStock{}, two, Pass, "8 orders"},
		{"at rest", OneGrantEach{}, two, Pass, "8 grants, each the only one of its user and gift; 1 repeats"},
		{"at rest", GrantsKept{}, two, Pass, "its mirror where that counts (9 entries)"},
		{"at rest", RefusalsChangeNothing{}, two, Pass, "the same 8 grants"},
		{"acknowledged and not mirrored", GrantsKept{}, then(two, func(m *made) { cut(&m.mirror, inA(m)) }), Fail, "its log and in the mirror of that: true, false"},
		{"mirrored and not in its log", GrantsKept{}, then(two, func(m *made) { cut(&m.log, inA(m)) }), Fail, "mirror of that: false, true"},
		{"unknown, and in the mirror alone", GrantsKept{}, then(two, func(m *made) {
			cut(&m.log, inA(m))
			m.ledger = slices.Delete(m.ledger, 2, 3)
			m.attempts[2].Outcome = api.Doubt
		}), Pass, "5 queued"},
		{"unknown, and the log has what the mirror has not", GrantsKept{}, then(two, func(m *made) {
			cut(&m.mirror, inA(m))
			m.attempts[2].Outcome = api.Doubt
		}), Fail, "would take over"},
		{"alone needs no mirror", GrantsKept{}, then(two, func(m *made) {
			m.Summary.Sites[0].Mode = pair.Alone
			cut(&m.mirror, inA(m))
		}), Pass, ""},
		{"a mirror that tells another amount", NoneBeyondStock{}, then(two, func(m *made) { m.mirror[0].Fen++ }), Fail, "in the mirror as"},
		{"a mirror with a second grant", OneGrantEach{}, then(two, func(m *made) {
			m.mirror = append(m.mirror, books.Entry{Grant: grantOf(3, 0, 9, 0).Grant, Pos: books.At(1, 40)})
		}), Fail, "user 3 has two grants"},
		{"a mirror with a share that is none", NoneBeyondStock{}, then(two, func(m *made) { m.mirror[0].Order = api.OrderOf(2, 0, 0) }), Fail, "no share"},
		{"who decides does not know", RefusalsChangeNothing{}, then(two, func(m *made) { m.marks = nil }), Fail, "does not know of it"},
		{"a mark of nothing", RefusalsChangeNothing{}, then(two, func(m *made) {
			m.marks = append(m.marks, books.Entry{Grant: grantOf(50, 0, 9, 0).Grant})
		}), Fail, "in no log"},
		{"another's mark", RefusalsChangeNothing{}, then(two, func(m *made) { m.marks[0].User = 51 }), Fail, "as order"},

		{"a is lost", MoneyConserved{}, lost, Pass, "46.00 yuan funded"},
		{"a is lost", NoneBeyondStock{}, lost, Pass, "8 orders"},
		{"a is lost", OneGrantEach{}, lost, Pass, "8 grants"},
		{"a is lost", GrantsKept{}, lost, Pass, "4 queued"},
		{"a is lost", RefusalsChangeNothing{}, lost, Pass, ""},
		{"a is lost, and a fen of b", MoneyConserved{}, then(lost, func(m *made) { m.Summary.Stocks[0].Remaining-- }), Fail, "-1 fen"},
		{"a is lost with a grant", GrantsKept{}, then(lost, func(m *made) { cut(&m.mirror, 2) }), Fail, "not in the log"},
		{"a is lost, and b does not know of a grant", RefusalsChangeNothing{}, then(lost, func(m *made) { cut(&m.marks, 2) }), Fail, "Redis in b"},
		{"a is lost, and b gave again", OneGrantEach{}, then(lost, func(m *made) {
			e := books.Entry{Grant: grantOf(2, 0, 9, 0).Grant, Pos: books.At(1, 31)}
			m.log, m.cmem = append(m.log, e), append(m.cmem, e)
		}), Fail, "user 2 has two grants of gift 0"},
		{"a is lost, and a delivery passed over", GrantsKept{}, then(lost, func(m *made) { cut(&m.ledger, 0) }), Fail, "never delivered"},
		{"nobody took over", GrantsKept{}, then(lost, func(m *made) { m.Summary.Sites[0].Mode = pair.Mirrored }), Inconclusive, "nobody has taken them over"},
		{"nobody took over", BooksRead{}, then(lost, func(m *made) { m.Summary.Sites[0].Mode = pair.Mirrored }), Inconclusive, "nobody has taken them over"},
		{"three data centres", MoneyConserved{}, then(two, func(m *made) { m.Summary.Sites = append(m.Summary.Sites, m.Summary.Sites[0]) }), Inconclusive, "of 3 data centres"},
	} {
		t.Run(TypeOf(r.asks)+" "+r.name, r.run)
	}
}
