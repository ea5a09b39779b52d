package judge

import (
	"testing"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/books"
)

func TestTags(t *testing.T) {
	for _, r := range tagRows() {
		t.Run(r.asks.String()[:12]+" "+r.name, r.run)
	}
}

// shadowed lets pressure traffic in, of which two users hold a share each; one of them is delivered.
func (m *made) shadowed() {
	m.Activity.Shadow = true
	for i, user := range []api.User{api.User(1).Pressure(), api.User(2).Pressure()} {
		e := grantOf(user, 0, uint32(i), uint64(20+i))
		e.Order = m.Activity.OrderOf(api.Gift(0).In(0, true), uint32(i))
		m.log, m.cmem = append(m.log, e), append(m.cmem, e)
		a := acked(e)
		a.Gift = a.Gift.In(0, true)
		m.attempts = append(m.attempts, a)
	}
	m.shadow = []books.Entry{m.log[len(m.log)-2]}
	m.Shelves[books.Shadow] = 1
	for _, o := range m.Activity.Offers()[1:] {
		for _, g := range o.Gifts {
			s := books.Stock{Gift: o.Base + g.ID, Shares: g.Shares, Remaining: g.Total}
			if g.ID == 0 {
				s.Taken, s.Remaining = 2, g.Total-400
			}
			m.Summary.Stocks = append(m.Summary.Stocks, s)
		}
	}
	m.counted(0)
}

// counted has every writer count so many refusals at the end of the drill.
func (m *made) counted(n float64) {
	for _, s := range m.gauges {
		for _, at := range Writers() {
			s.Values[record.PoisonedAt(at)] = 0
		}
	}
	m.gauges[len(m.gauges)-1].Values[record.PoisonedAt("idip")] = n
}

// letIn changes the record once pressure traffic was let in.
func letIn(change func(*made)) func(*made) {
	return func(m *made) {
		m.shadowed()
		change(m)
	}
}

func tagRows() []row {
	last := func(e []books.Entry) *books.Entry { return &e[len(e)-1] }
	return []row{
		{"no pressure traffic", TagsApart{}, nil, Pass, "0 of them tagged"},
		{"each where it belongs", TagsApart{Tagged: 5}, (*made).shadowed, Pass, "5 of them tagged"},
		{"too few to tell", TagsApart{Tagged: 6}, (*made).shadowed, Inconclusive, "want 6"},
		{"the shadow table was not read", TagsApart{}, letIn(func(m *made) { delete(m.Shelves, books.Shadow) }), Inconclusive, "not read"},
		{"a real key of Redis", TagsApart{}, func(m *made) { m.cmem[0].User = m.cmem[0].User.Pressure() }, Fail, "in the real keys of Redis"},
		{"a real record of the log", TagsApart{}, func(m *made) { m.log[0].User = m.log[0].User.Pressure() }, Fail, "in the real records of the log"},
		{"the real table", TagsApart{}, func(m *made) { m.ledger[0].User = m.ledger[0].User.Pressure() }, Fail, "in the real table of the ledger"},
		{"a real user in a shadow key", TagsApart{}, letIn(func(m *made) { last(m.cmem).User = 2 }), Fail, "in the shadow keys of Redis"},
		{"a real user in a shadow record", TagsApart{}, letIn(func(m *made) { last(m.log).User = 2 }), Fail, "in the shadow records of the log"},
		{"a real user in the shadow table", TagsApart{}, letIn(func(m *made) { last(m.shadow).User = 1 }), Fail, "in the shadow table of the ledger"},
		{"a pressure user's delivery in the real table", TagsApart{}, letIn(func(m *made) { m.ledger = append(m.ledger, m.shadow[0]) }), Fail, "in the real table"},

		{"no writer refused", TagsArrive{}, (*made).shadowed, Pass, "8 writers"},
		{"a writer refused", TagsArrive{}, letIn(func(m *made) { m.counted(3) }), Fail, "idip refused 3"},
		{"nobody could tell", TagsArrive{}, nil, Inconclusive, "what tgw refused"},

		// The other invariants hold shadows to what they hold real grants to.
		{"shadows are funded, too", MoneyConserved{}, (*made).shadowed, Pass, "over 6 gifts"},
		{"a fen is missing in a shadow", MoneyConserved{}, letIn(func(m *made) { lastStock(m.Summary.Stocks).Remaining-- }), Fail, "-1 fen"},
		{"a shadow's share twice", OneGrantEach{}, letIn(func(m *made) { last(m.log).User = api.User(1).Pressure() }), Fail, "has two grants"},
		{"a shadow delivered twice", GrantsKept{}, letIn(func(m *made) { m.shadow = append(m.shadow, m.shadow[0]) }), Fail, "was delivered twice"},
		{"a tagged claim refused and granted", RefusalsChangeNothing{}, letIn(func(m *made) { m.attempts[len(m.attempts)-1].Outcome = api.Refused }), Fail, "was refused"},
		{"a real claim does not explain a shadow grant", RefusalsChangeNothing{}, letIn(func(m *made) {
			m.attempts[len(m.attempts)-1] = loadprofiles.Attempt{User: api.User(2).Pressure(), Gift: 0, Outcome: api.Doubt}
		}), Fail, "nobody asked"},
	}
}

func lastStock(s []books.Stock) *books.Stock { return &s[len(s)-1] }
