package judge

import (
	"iter"
	"slices"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/config"
)

// made is a record made by hand: sound as it comes, and open to any change before it is judged.
type made struct {
	record.Manifest
	tally    *tally.Tally
	versions *record.Versions
	gauges   []record.Sample
	cmem     []books.Entry
	log      []books.Entry
	ledger   []books.Entry
	shadow   []books.Entry
	mirror   []books.Entry
	marks    []books.Entry
	attempts []loadprofiles.Attempt
	probes   []loadprofiles.Probe
	broken   error // what reading any of them ends with
}

func (m *made) record() *record.Record {
	r := &record.Record{Manifest: m.Manifest, Gauges: m.gauges, Versions: m.versions}
	if m.tally != nil {
		r.Tally = record.TallyOf(m.tally)
	}
	r.Attempts = func() iter.Seq2[loadprofiles.Attempt, error] { return seq(m.attempts, m.broken) }
	if m.probes != nil {
		r.Probes = func() iter.Seq2[loadprofiles.Probe, error] { return seq(m.probes, m.broken) }
	}
	r.Entries = func(s books.Shelf) iter.Seq2[books.Entry, error] {
		return seq(map[books.Shelf][]books.Entry{books.Cmem: m.cmem, books.Log: m.log, books.Ledger: m.ledger, books.Shadow: m.shadow,
			books.Mirror: m.mirror, books.Marks: m.marks}[s], m.broken)
	}
	return r
}

func seq[T any](list []T, broken error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
		if broken != nil {
			var none T
			yield(none, broken)
		}
	}
}

// The festival of the tests: ten shares of 200 fen of game 0, four lucky shares of game 1, and two of 800 fen for those who
// are new to game 1.
func festival() activity.Activity {
	return activity.Activity{ID: 1, Seed: 7, Games: 2, Gifts: []activity.Gift{
		{ID: 0, Name: "even", Game: 0, Shares: 10, Total: 2000},
		{ID: 1, Name: "lucky", Game: 1, Shares: 4, Total: 1000, Lucky: true},
		{ID: 2, Name: "dear", Game: 1, For: activity.NewUsers, Shares: 2, Total: 1600},
	}}
}

// grantOf is the entry that the festival's share has when a user holds it.
func grantOf(user api.User, gift api.Gift, index uint32, pos uint64) books.Entry {
	a := festival()
	return books.Entry{Grant: api.Grant{Order: api.OrderOf(a.ID, gift, index), User: user, Fen: a.Amounts(a.Gifts[gift])[index], Server: 1}, Pos: pos}
}

// sound is a drill of 40 s in which all went well: users 1 to 6 have the even gift, users 1 and 2 the lucky one; three
// and one of them are delivered, a user was refused, another never heard.
func sound() *made {
	m := &made{tally: tally.New(time.Minute)}
	m.Drill, m.Scale, m.Activity, m.Rules, m.Nodes, m.Autopsy = "made", 0.5, festival(), config.Default(), 16, true
	m.Drain = record.Drain{Took: time.Second, Settled: true}
	m.books()
	m.load()
	return m
}

func (m *made) books() {
	for i := range uint32(6) {
		m.log = append(m.log, grantOf(api.User(i+1), 0, i, uint64(i+1)))
	}
	m.log = append(m.log, grantOf(1, 1, 0, 7), grantOf(2, 1, 1, 8))
	m.cmem = slices.Clone(m.log)
	m.log = append(m.log, grantOf(2, 0, 1, 9)) // a repeat
	m.ledger = []books.Entry{m.log[0], m.log[1], m.log[2], m.log[6]}
	m.Summary.Lanes = []books.Lane{{Game: 0, Floor: 3, Last: 9}, {Game: 1, Floor: 7, Last: 9}}
	m.Shelves = map[books.Shelf]uint64{books.Cmem: 8, books.Log: 9, books.Ledger: 4}
	for _, g := range m.Activity.Gifts {
		s := books.Stock{Gift: g.ID, Shares: g.Shares, Remaining: g.Total}
		for _, e := range m.cmem {
			if e.Order.Gift() == g.ID {
				s.Taken++
				s.Remaining -= e.Fen
			}
		}
		m.Summary.Stocks = append(m.Summary.Stocks, s)
	}
	for _, e := range m.cmem {
		m.attempts = append(m.attempts, acked(e))
	}
	m.attempts = append(m.attempts,
		loadprofiles.Attempt{User: 1, Gift: 0, Outcome: api.Refused, Code: api.TooSoon},
		loadprofiles.Attempt{User: 9, Gift: 0, Outcome: api.Shed, Code: api.Busy},
		loadprofiles.Attempt{User: 10, Gift: 0, Outcome: api.Doubt})
}

// inOtherLog has every grant in b's log, with the even gift's delivery at a floor there, and far on in a's.
func (m *made) inOtherLog(floor uint64) {
	for i := range m.log {
		m.log[i].Pos = books.At(1, m.log[i].Pos)
	}
	m.Summary.Lanes = []books.Lane{{Game: 0, Floor: 99, Last: 99}, {Game: 1, Floor: 99, Last: 99},
		{Log: 1, Game: 0, Floor: floor, Last: 9}, {Log: 1, Game: 1, Floor: 7, Last: 9}}
}

func acked(e books.Entry) loadprofiles.Attempt {
	return loadprofiles.Attempt{User: e.User, Gift: e.Order.Gift(), Order: e.Order, Fen: e.Fen, Outcome: api.Done, Code: api.OK}
}

// load is 10 lists a second, each done in a millisecond, and 11 claims, over three windows and a killed node.
func (m *made) load() {
	m.Windows = []record.Window{
		{Name: "before", Span: record.Span{From: 0, To: 10 * time.Second}},
		{Name: "night", Span: record.Span{From: 10 * time.Second, To: 20 * time.Second}},
		{Name: "after", Span: record.Span{From: 20 * time.Second, To: 40 * time.Second}},
	}
	m.Profile = loadprofiles.Profile{Curve: loadprofiles.Hold(10, 40*time.Second)}
	m.hits(0, 40*time.Second, time.Millisecond, api.Done)
	for i := range m.attempts {
		m.tally.Record(time.Duration(i)*time.Second, time.Millisecond, api.Claim, m.attempts[i].Outcome)
	}
	m.Yield = loadprofiles.Yield{Owed: 411, Launched: 411, Clicks: loadprofiles.Launches{Owed: 400, Launched: 400},
		LateP99: 2 * time.Millisecond, Length: 40 * time.Second}
	m.Events = []record.Event{{Track: record.Fault, What: "kill cmem-1", Node: "cmem-1", From: 15 * time.Second, Effective: 15 * time.Second, To: 15 * time.Second}}
	m.Monitored = []record.Span{{From: 0, To: 40 * time.Second}}
	for at := time.Duration(0); at < 40*time.Second; at += SampleEvery {
		epoch, open := 1.0, 1.0
		if at > 15*time.Second {
			open = 0
		}
		if at > 18*time.Second {
			epoch, open = 2, 1
		}
		m.gauges = append(m.gauges, record.Sample{At: at, Values: map[record.Gauge]float64{
			record.QueueWait: 0.004, record.ShardEpoch: epoch, record.ShardOpen: open, record.Unsettled: 0,
			record.DegradedBy("recommend"): 2 * at.Seconds()}})
	}
}

// hits adds a list each 100 ms.
func (m *made) hits(from, to, took time.Duration, out api.Outcome) {
	for at := from; at < to; at += tally.Slot {
		m.tally.Record(at, took, api.List, out)
	}
}
