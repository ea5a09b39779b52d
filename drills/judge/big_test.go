package judge

import (
	"iter"
	"runtime"
	"testing"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// big is a record of n claims that is never in memory: each reading makes it anew.
func big(n uint32) *record.Record {
	r := &record.Record{}
	r.Activity = activity.Activity{ID: 1, Games: 1, Gifts: []activity.Gift{{Shares: n, Total: 5 * money.Fen(n)}}}
	r.Rules.DeliveryRate, r.Drain.Settled = float64(n), true
	r.Shelves = map[books.Shelf]uint64{books.Cmem: uint64(n), books.Log: uint64(n), books.Ledger: uint64(n)}
	r.Summary = books.Summary{Stocks: []books.Stock{{Shares: n, Taken: n}}, Lanes: []books.Lane{{Floor: uint64(n)}}}
	grant := func(i uint32) api.Grant { // the shares come to users in another order than the users' numbers
		return api.Grant{Order: api.OrderOf(1, 0, i), User: api.User(uint64(i) * 2654435761 % (1 << 32)), Fen: 5}
	}
	r.Entries = func(s books.Shelf) iter.Seq2[books.Entry, error] {
		return func(yield func(books.Entry, error) bool) {
			for i := range n {
				if !yield(books.Entry{Grant: grant(i), Pos: uint64(i + 1)}, nil) {
					return
				}
			}
		}
	}
	r.Attempts = func() iter.Seq2[loadprofiles.Attempt, error] {
		return func(yield func(loadprofiles.Attempt, error) bool) {
			for i := range n {
				a := acked(books.Entry{Grant: grant(i)})
				if i%10 == 0 {
					a = loadprofiles.Attempt{User: a.User, Gift: a.Gift, Outcome: api.Doubt}
				}
				if !yield(a, nil) {
					return
				}
			}
		}
	}
	return r
}

// Three million claims are to be judged within 256 MB; a thirtieth of them within a thirtieth.
func TestMemoryIsBoundedByTheGrants(t *testing.T) {
	const claims = 100_000
	r := big(claims)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := &Case{Record: r}
	if _, err := c.audit(); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if per := float64(after.TotalAlloc-before.TotalAlloc) / claims; per > 256e6/3e6 {
		t.Errorf("%.0f bytes are allocated for each claim; want at most %.0f", per, 256e6/3e6)
	}
	if v := Judge(r, []Assertion{MoneyConserved{}, NoneBeyondStock{}, OneGrantEach{}, GrantsKept{}, RefusalsChangeNothing{}}); v.Status != Pass {
		t.Errorf("%+v", v)
	}
}

func BenchmarkThreeMillionClaims(b *testing.B) {
	for b.Loop() {
		began := time.Now()
		c := &Case{Record: big(3_000_000)}
		if _, err := c.audit(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/record")
	}
}
