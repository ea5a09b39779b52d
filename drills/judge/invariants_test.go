package judge

import (
	"errors"
	"strings"
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
)

// row is one assertion put to the sound record after a change.
type row struct {
	name   string
	asks   Assertion
	change func(*made)
	want   Status
	tells  string // in the finding's because or examples
}

func (r row) run(t *testing.T) {
	t.Helper()
	m := sound()
	if r.change != nil {
		r.change(m)
	}
	v := Judge(m.record(), []Assertion{r.asks})
	f := v.Findings[0]
	if f.Status != r.want {
		t.Fatalf("%s: %s, want %s: %s %v", r.asks, f.Status, r.want, f.Because, f.Examples)
	}
	if text := f.Because + "\n" + strings.Join(f.Examples, "\n"); !strings.Contains(text, r.tells) {
		t.Errorf("%s: does not tell %q:\n%s", r.asks, r.tells, text)
	}
	if f.Status == Pass && f.Looked == 0 {
		t.Errorf("%s: passed on nothing", r.asks)
	}
}

func TestInvariants(t *testing.T) {
	for _, r := range invariantRows() {
		t.Run(r.asks.String()[:min(12, len(r.asks.String()))]+" "+r.name, r.run)
	}
}

// dear grants the gift for new users to the first stranger who is registered with its game, or who is not.
func dear(registered bool) func(*made) {
	return func(m *made) {
		for user := api.User(100); ; user++ {
			if m.Activity.Registered(user, m.Activity.Gifts[2].Game) == registered {
				m.log = append(m.log, grantOf(user, 2, 0, 20))
				return
			}
		}
	}
}

func invariantRows() []row {
	unread := func(m *made) { delete(m.Shelves, books.Log) }
	torn := func(m *made) { m.broken = errors.New("torn") }
	open := func(m *made) { m.Drain = record.Drain{Why: "3 claims are unsettled"} }
	return []row{
		{"all is counted", MoneyConserved{}, nil, Pass, "46.00 yuan funded"},
		{"a fen is missing", MoneyConserved{}, func(m *made) { m.Summary.Stocks[0].Remaining-- }, Fail, "-1 fen"},
		{"a fen too much in all", MoneyConserved{}, func(m *made) { m.Summary.Stocks[1].Remaining++ }, Fail, "gift 1"},
		{"another amount", MoneyConserved{}, func(m *made) { m.log[0].Fen += 5 }, Fail, "205 fen"},
		{"a stock untold", MoneyConserved{}, func(m *made) { m.Summary.Stocks = m.Summary.Stocks[:1] }, Inconclusive, "1 stocks"},
		{"log not read", MoneyConserved{}, unread, Inconclusive, "not read"},
		{"books torn", MoneyConserved{}, torn, Inconclusive, "torn"},
		{"figures that contradict each other", MoneyConserved{}, func(m *made) { m.Summary.Odd = "the counter says 9 taken\nand more" }, Fail, "says 9 taken"},
		{"claims open", MoneyConserved{}, open, Inconclusive, "3 claims"},

		{"within stock", NoneBeyondStock{}, nil, Pass, "8 orders"},
		{"a share that is none", NoneBeyondStock{}, func(m *made) {
			m.log = append(m.log, books.Entry{Grant: api.Grant{Order: api.OrderOf(1, 0, 10), User: 50, Fen: 200}, Pos: 20})
		}, Fail, "share 10"},
		{"another activity's order", NoneBeyondStock{}, func(m *made) { m.log[0].Order = api.OrderOf(2, 0, 0) }, Fail, "no share"},
		{"a share granted to two", NoneBeyondStock{}, func(m *made) { m.log = append(m.log, grantOf(77, 0, 0, 20)) }, Fail, "user 77"},
		{"two holders in Redis", NoneBeyondStock{}, func(m *made) { m.cmem = append(m.cmem, grantOf(77, 0, 0, 0)) }, Fail, "user 77"},
		{"more taken than there are", NoneBeyondStock{}, func(m *made) { m.Summary.Stocks[1].Taken = 5 }, Fail, "5 of 4"},
		{"log not read", NoneBeyondStock{}, unread, Inconclusive, "not read"},
		{"an empty log", NoneBeyondStock{}, func(m *made) { m.log = nil }, Inconclusive, "nothing to look at"},

		{"one each", OneGrantEach{}, nil, Pass, "1 repeats"},
		{"two shares of a gift", OneGrantEach{}, func(m *made) { m.log = append(m.log, grantOf(3, 0, 9, 20)) }, Fail, "user 3 has two grants of gift 0"},
		{"books torn", OneGrantEach{}, torn, Inconclusive, "torn"},

		{"nobody new was granted", NewcomersOnly{}, nil, Pass, "8 grants, 0 of them"},
		{"a newcomer was", NewcomersOnly{Grants: 9, Newcomers: 1}, dear(false), Pass, "9 grants, 1 of them"},
		{"a registered user was", NewcomersOnly{}, dear(true), Fail, "is registered with game 1"},
		{"a registered user was, and too few to tell", NewcomersOnly{Grants: 100}, dear(true), Fail, "800 fen"},
		{"no gift for new users", NewcomersOnly{Newcomers: 1}, nil, Inconclusive, "8 grants, 0 of them"},
		{"few grants", NewcomersOnly{Grants: 9}, nil, Inconclusive, "want 9 and 0"},
		{"log not read", NewcomersOnly{}, unread, Inconclusive, "not read"},

		{"kept", GrantsKept{}, nil, Pass, "4 queued"},
		{"acknowledged and not logged", GrantsKept{}, func(m *made) { m.attempts = append(m.attempts, acked(grantOf(30, 0, 9, 0))) }, Fail, "to user 30"},
		{"acknowledged to another", GrantsKept{}, func(m *made) { m.attempts[0].User = 31 }, Fail, "to user 31"},
		{"acknowledged with another amount", GrantsKept{}, func(m *made) { m.attempts[0].Fen = 1 }, Fail, "as 1 fen"},
		{"delivered and not logged", GrantsKept{}, func(m *made) { m.ledger = append(m.ledger, grantOf(30, 0, 9, 0)) }, Fail, "delivered and is not in the log"},
		{"delivered twice", GrantsKept{}, func(m *made) { m.ledger = append(m.ledger, m.ledger[0]) }, Fail, "twice"},
		{"delivered to another", GrantsKept{}, func(m *made) { m.ledger[0].User = 32 }, Fail, "user 32"},
		{"passed over", GrantsKept{}, func(m *made) { m.ledger = m.ledger[1:] }, Fail, "never delivered"},
		{"too late", GrantsKept{}, func(m *made) { m.Rules.DeliveryRate = 1e-6 }, Fail, "game 0 has 3 grants queued"},
		{"kept in the other log", GrantsKept{}, func(m *made) { m.inOtherLog(3) }, Pass, "4 queued"},
		{"passed over in the other log", GrantsKept{}, func(m *made) { m.inOtherLog(9) }, Fail, "its game's delivery at 9"},
		{"no lanes", GrantsKept{}, func(m *made) { m.Summary.Lanes = nil }, Inconclusive, "no lane"},
		{"no rate", GrantsKept{}, func(m *made) { m.Rules.DeliveryRate = 0 }, Inconclusive, "no delivery rate"},
		{"books torn", GrantsKept{}, torn, Inconclusive, "torn"},

		{"refusals left no trace", RefusalsChangeNothing{}, nil, Pass, "3 claims"},
		{"refused and granted", RefusalsChangeNothing{}, func(m *made) { m.attempts[3].Outcome = api.Refused }, Fail, "was refused and never told otherwise"},
		{"shed and granted", RefusalsChangeNothing{}, func(m *made) { m.attempts[3].Outcome = api.Shed }, Fail, "of user 4"},
		{"unknown and granted", RefusalsChangeNothing{}, func(m *made) { m.attempts[3].Outcome = api.Doubt }, Pass, ""},
		{"unknown, then refused", RefusalsChangeNothing{}, func(m *made) {
			m.attempts[3].Outcome = api.Doubt
			m.attempts = append(m.attempts, loadprofiles.Attempt{User: 4, Gift: 0, Outcome: api.Refused})
		}, Pass, ""},
		{"granted unasked", RefusalsChangeNothing{}, func(m *made) { m.attempts = m.attempts[1:8] }, Fail, "nobody asked"},
		{"granted to a synthetic user", RefusalsChangeNothing{}, func(m *made) { m.watched(0, 6) }, Pass, ""},
		{"a synthetic user's grant of a gift that is not its own", RefusalsChangeNothing{}, func(m *made) { m.watched(1, 2) }, Fail, "nobody asked"},
		{"a second grant of a synthetic user", OneGrantEach{}, func(m *made) { m.watched(0, 6); m.watched(0, 7) }, Fail, "two grants"},
		{"a synthetic user's share that is not in Redis", RefusalsChangeNothing{}, func(m *made) {
			m.watched(0, 6)
			m.cmem = m.cmem[:len(m.cmem)-1]
		}, Fail, "in the log and not in Redis"},
		{"half a grant: Redis only", RefusalsChangeNothing{}, func(m *made) { m.cmem = append(m.cmem, grantOf(10, 0, 9, 0)) }, Fail, "in Redis and not in the log"},
		{"half a grant: log only", RefusalsChangeNothing{}, func(m *made) { m.cmem = m.cmem[1:] }, Fail, "in the log and not in Redis"},
		{"another holder", RefusalsChangeNothing{}, func(m *made) { m.cmem[0].User = 40 }, Fail, "user 40"},
		{"claims open", RefusalsChangeNothing{}, open, Inconclusive, "3 claims"},
		{"claims open, and a refusal broken", RefusalsChangeNothing{}, func(m *made) { open(m); m.attempts[3].Outcome = api.Refused }, Fail, "refused"},

		{"all alive", NobodyDied{}, nil, Pass, "16 containers"},
		{"the victim died", NobodyDied{}, func(m *made) { m.Deaths = []record.Death{{Node: "cmem-1", Why: "killed"}} }, Pass, "1 of them"},
		{"another died", NobodyDied{}, func(m *made) { m.Deaths = []record.Death{{Node: "tgw", Why: "exit 2"}} }, Fail, "tgw: exit 2"},
		{"the victim panicked", NobodyDied{}, func(m *made) { m.Deaths = []record.Death{{Node: "cmem-1", Why: "panic: x", Panic: true}} }, Fail, "panic: x"},
		{"nobody looked", NobodyDied{}, func(m *made) { m.Autopsy = false }, Inconclusive, "not looked at"},

		{"settled", Settles{Within: 30 * time.Second}, nil, Pass, "1s"},
		{"settled late", Settles{Within: 500 * time.Millisecond}, nil, Fail, "after 1s"},
		{"never settled", Settles{Within: 30 * time.Second}, func(m *made) { m.Drain = record.Drain{Took: time.Minute, Why: "2 claims"} }, Fail, "2 claims"},
		{"given up early", Settles{Within: 30 * time.Second}, func(m *made) { m.Drain = record.Drain{Took: time.Second, Why: "2 claims"} }, Inconclusive, "given up"},
	}
}

// Of violations that come in falling order the first is the worst, and is said to be.
func TestTheWorstViolationIsTheWorst(t *testing.T) {
	m := sound()
	m.Summary.Stocks[0].Remaining += 40
	m.Summary.Stocks[1].Remaining -= 3
	f := Judge(m.record(), []Assertion{MoneyConserved{}}).Findings[0]
	if len(f.Examples) != 2 || !strings.HasPrefix(f.Examples[0], "first and worst: ") || !strings.Contains(f.Examples[0], "+40 fen") ||
		!strings.HasPrefix(f.Examples[1], "another: ") || !strings.Contains(f.Examples[1], "-3 fen") {
		t.Errorf("%q", f.Examples)
	}
}

func TestViolationsNameTheFirstTheWorstAndHowMany(t *testing.T) {
	m := sound()
	m.Summary.Stocks[0].Remaining -= 3
	m.Summary.Stocks[1].Remaining += 40
	f := Judge(m.record(), []Assertion{MoneyConserved{}}).Findings[0]
	if f.Because != "2 violations" || len(f.Examples) != 2 || !strings.Contains(f.Examples[0], "-3 fen") || !strings.Contains(f.Examples[1], "+40 fen") {
		t.Errorf("%s %q", f.Because, f.Examples)
	}
}

// watched grants a share to a synthetic user, of whom the journal does not know.
func (m *made) watched(gift api.Gift, index uint32) {
	e := grantOf(activity.WatchersOf(activity.A)[0], gift, index, uint64(len(m.log)+1))
	m.log, m.cmem = append(m.log, e), append(m.cmem, e)
}
