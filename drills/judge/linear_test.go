package judge

import (
	"errors"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/money"
)

// claimed is a claim of user 1 for gift 0 that was owed at a second and answered half a second later.
func claimed(at float64, code api.Code, order api.Order) loadprofiles.Attempt {
	a := loadprofiles.Attempt{User: 1, Code: code, Outcome: code.Outcome(), Owed: time.Duration(at * float64(time.Second)), Took: 500 * time.Millisecond}
	if code == api.OK {
		a.Order, a.Fen = order, 200
	}
	return a
}

func TestLinearizable(t *testing.T) {
	for _, r := range linearizableRows() {
		t.Run(r.name, r.run)
	}
}

func linearizableRows() []row {
	says := func(all ...loadprofiles.Attempt) func(*made) { return func(m *made) { m.attempts = all } }
	ok, soldOut, unknown := api.OK, api.SoldOut, api.Unknown
	other := claimed(3, ok, 7)
	other.Fen = 201
	others := claimed(3, soldOut, 0)
	others.User = 2
	long := make([]loadprofiles.Attempt, mostClaims+1)
	hard := []loadprofiles.Attempt{claimed(1.2, soldOut, 0)} // all together, and right
	hopeless := []loadprofiles.Attempt{claimed(1, ok, 7), claimed(1.1, ok, 8)}
	for i := range long {
		long[i] = claimed(float64(i), ok, 7)
	}
	for range 40 {
		hard = append(hard, claimed(1, ok, 7))
		hopeless = append(hopeless, claimed(0, unknown, 0))
	}
	asks := Linearizable{Users: 50, Again: 1}
	return []row{
		{"the same share again", asks, says(claimed(1, ok, 7), claimed(2, ok, 7), claimed(7, ok, 7)), Pass, "1 of them with two"},
		{"sold out, and a returned share later", asks, says(claimed(1, soldOut, 0), claimed(6, ok, 7)), Pass, ""},
		{"sold out at the same time", asks, says(claimed(1, ok, 7), claimed(1.4, soldOut, 0)), Pass, ""},
		{"sold out to another", asks, says(claimed(1, ok, 7), claimed(2, ok, 7), others), Pass, ""},
		{"another gift, another share", asks, func(m *made) {
			second := claimed(3, ok, 9)
			second.Gift = 1
			m.attempts = []loadprofiles.Attempt{claimed(1, ok, 7), claimed(2, ok, 7), second}
		}, Pass, "2 histories"},
		{"refused too soon after it was granted", asks, says(claimed(1, ok, 7), claimed(2, api.TooSoon, 0), claimed(3, api.Busy, 0), claimed(7, ok, 7)), Pass, ""},
		{"unknown, and done later", asks, says(claimed(1, unknown, 0), claimed(3, ok, 7), claimed(8, ok, 7)), Pass, ""},
		{"unknown, and sold out after it", asks, says(claimed(1, unknown, 0), claimed(3, soldOut, 0), claimed(8, soldOut, 0)), Pass, ""},

		{"two orders", asks, says(claimed(1, ok, 7), claimed(6, ok, 8)), Fail, "order 7 of 200 fen at 1.5s, and order 8 of 200 fen at 6.5s"},
		{"two orders at the same time", asks, says(claimed(1, ok, 7), claimed(1.1, ok, 8)), Fail, "order 8"},
		{"two amounts", asks, says(claimed(1, ok, 7), other), Fail, "201 fen"},
		{"gone", asks, says(claimed(1, ok, 7), claimed(1.6, soldOut, 0)), Fail, "from 1.6s on: sold out"},
		{"gone, and back", asks, says(claimed(1, ok, 7), claimed(6, soldOut, 0), claimed(11, ok, 7)), Fail, "sold out"},
		{"unknown explains no second order", asks, says(claimed(1, ok, 7), claimed(2, unknown, 0), claimed(6, ok, 8)), Fail, "order 8"},
		{"a first and a worst", asks, func(m *made) {
			second := []loadprofiles.Attempt{claimed(1, ok, 9), claimed(6, ok, 10)}
			second[0].User, second[1].User, second[0].Fen = 2, 2, 900
			m.attempts = append(second, claimed(1, ok, 7), claimed(6, ok, 8))
		}, Fail, "worst: user 2"},

		{"within the skew", Linearizable{Users: 1, Skew: time.Second}, says(claimed(1, ok, 7), claimed(3, soldOut, 0)), Pass, ""},
		{"beyond the skew", Linearizable{Users: 1, Skew: time.Second}, says(claimed(1, ok, 7), claimed(3.6, soldOut, 0)), Fail, "sold out"},
		{"the hottest only", Linearizable{Users: 1}, func(m *made) {
			m.attempts = []loadprofiles.Attempt{claimed(1, ok, 7), claimed(2, ok, 7), claimed(3, ok, 7)}
			for i := range 2 {
				a := claimed(6, ok, api.Order(20+i))
				a.User = 2
				m.attempts = append(m.attempts, a)
			}
		}, Pass, "1 histories"},

		{"nobody claimed", asks, says(), Inconclusive, ""},
		{"nobody asked again", asks, says(claimed(1, ok, 7), others), Inconclusive, "too few asked again"},
		{"only unknown", asks, says(claimed(1, unknown, 0), claimed(5, unknown, 0)), Inconclusive, "too few"},
		{"about nobody", Linearizable{}, nil, Inconclusive, "0 users"},
		{"journal torn", asks, func(m *made) { m.broken = errors.New("torn") }, Inconclusive, "torn"},
		{"too long", asks, says(long...), Inconclusive, "longer than"},
		{"too hard", asks, says(hard...), Inconclusive, "1 took more than"},
		{"too hard, and wrong at a glance", asks, says(hopeless...), Fail, "order 8"},
	}
}

// histories are claims of user 1 for one gift, of all kinds.
func histories() *rapid.Generator[[]loadprofiles.Attempt] {
	one := rapid.Custom(func(t *rapid.T) loadprofiles.Attempt {
		code := rapid.SampledFrom([]api.Code{api.OK, api.OK, api.SoldOut, api.Unknown, api.TooSoon}).Draw(t, "code")
		return claimed(float64(rapid.IntRange(0, 20).Draw(t, "at"))/4, code, api.Order(rapid.IntRange(7, 8).Draw(t, "order")))
	})
	return rapid.SliceOfN(one, 1, 7)
}

// The search agrees with the plain rule: all that was granted is one share, and nobody who was told of it is sold out
// afterwards; and what is wrong is worded.
func TestLinearizableIsThePlainRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, want := histories().Draw(t, "all"), true
		for _, a := range all {
			for _, b := range all {
				if a.Code == api.OK && (b.Code == api.OK && a.Order != b.Order || b.Code == api.SoldOut && b.Owed > a.Owed+a.Took) {
					want = false
				}
			}
		}
		told := slices.DeleteFunc(slices.Clone(all), func(a loadprofiles.Attempt) bool { return !tells(a) })
		ok, tired := explained(told, 0)
		_, found := contradiction(told, 0)
		if ok != want || tired || found == want {
			t.Fatalf("explained %t, want %t; tired %t, a contradiction %t: %+v", ok, want, tired, found, told)
		}
	})
}

// The finding does not depend on the journal's order.
func TestLinearizableInAnyOrder(t *testing.T) {
	draw := rand.New(rand.NewPCG(3, 4))
	m := &made{}
	for i := range 400 {
		a := claimed(float64(i%4), api.OK, api.Order(1+i%13)) // many at the same time
		a.User, a.Gift = api.User(1+i%7*i%5), api.Gift(i%3)
		m.attempts = append(m.attempts, a)
	}
	want := Judge(m.record(), []Assertion{Linearizable{Users: 3}})
	for range 5 {
		draw.Shuffle(len(m.attempts), func(i, j int) { m.attempts[i], m.attempts[j] = m.attempts[j], m.attempts[i] })
		if got := Judge(m.record(), []Assertion{Linearizable{Users: 3}}); !reflect.DeepEqual(got, want) || want.Status != Fail {
			t.Fatalf("%+v, and in another order %+v", want, got)
		}
	}
}

// The most of the counts are the most: the model is a sorted list.
func TestMostAreTheMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint32Range(0, 5), 1, 40).Draw(t, "counts")
		n := rapid.IntRange(1, 12).Draw(t, "n")
		var want []uint32
		for place := range counts {
			if counts[place] > 0 {
				want = append(want, uint32(place))
			}
		}
		slices.SortStableFunc(want, func(a, b uint32) int { return int(counts[b]) - int(counts[a]) })
		if got := most(counts, n); !slices.Equal(got, want[:min(n, len(want))]) {
			t.Fatalf("%v of %v, want %v", got, counts, want[:min(n, len(want))])
		}
	})
}

// crowded is n claims of which the hot make a twentieth: the journal of a drill, never in memory.
func crowded(n int) iter.Seq2[loadprofiles.Attempt, error] {
	return func(yield func(loadprofiles.Attempt, error) bool) {
		draw := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			user := api.User(1 + draw.Uint64N(50_000_000))
			if draw.Uint64N(20) == 0 {
				user = 1 + user%1000
			}
			a := claimed(float64(i)/30_000, api.OK, api.OrderOf(1, 0, uint32(user)))
			a.User, a.Fen = user, money.Fen(user)
			if draw.Uint64N(10) == 0 {
				a = loadprofiles.Attempt{User: user, Owed: a.Owed, Took: time.Second}
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func BenchmarkLinearizableOfAMillionClaims(b *testing.B) {
	b.ReportAllocs()
	r := (&made{}).record()
	r.Attempts = func() iter.Seq2[loadprofiles.Attempt, error] { return crowded(1_000_000) }
	for b.Loop() {
		if f := Judge(r, []Assertion{Linearizable{Users: 50, Again: 1}}).Findings[0]; f.Status != Pass {
			b.Fatalf("%s: %s", f.Status, f.Because)
		}
	}
}
