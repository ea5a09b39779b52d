package recon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
)

// offer is an activity of two games and three gifts of n shares; gift 2 is of game 1.
func offer(n uint32) activity.Activity {
	a := activity.Activity{ID: 7, Games: 2}
	for i := range api.Gift(3) {
		a.Gifts = append(a.Gifts, activity.Gift{ID: i, Game: uint8(i / 2), Shares: n, Total: 1 << 30})
	}
	return a
}

// night is what the three shelves hold; positions count from 1, one grant each.
type night struct {
	log, ledger, cmem []api.Grant
}

// sound is a night of n grants a gift in which everything was delivered.
func sound(n uint32) *night {
	s := &night{}
	for i := range n {
		for gift := range api.Gift(3) {
			s.log = append(s.log, api.Grant{Order: api.OrderOf(7, gift, i), User: api.User(i + 1), Fen: 200, Server: uint16(gift)})
		}
	}
	s.ledger, s.cmem = append(s.ledger, s.log...), append(s.cmem, s.log...)
	return s
}

// compare runs a whole pass over a night, in slices, in an order of reading that the seed decides.
func (s *night) compare(t *testing.T, a activity.Activity, room int, seed uint64) *Findings {
	t.Helper()
	all := &Findings{}
	end := uint64(len(s.log))
	for _, slice := range Slices(a, room) {
		table, log := NewTable(slice, Scope{}), Log{Floors: []uint64{end, end}, Known: end}
		reads := []func() error{
			func() error {
				for i, g := range s.log {
					if err := table.Logged(log, g, uint64(i+1), false); err != nil {
						return err
					}
				}
				return nil
			},
			func() error { return each(s.ledger, table.Delivered) },
			func() error { return each(s.cmem, table.Held) },
		}
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(reads), func(i, j int) { reads[i], reads[j] = reads[j], reads[i] })
		for _, read := range reads {
			if err := read(); err != nil {
				t.Fatal(err)
			}
		}
		f := table.Findings()
		all.Granted, all.Delivered, all.Held, all.Queued = all.Granted+f.Granted, all.Delivered+f.Delivered, all.Held+f.Held, all.Queued+f.Queued
		for k := range Kinds {
			all.Counts[k] += f.Counts[k]
			all.Kept[k] = append(all.Kept[k], f.Kept[k]...)
		}
	}
	return all
}

func each(grants []api.Grant, enter func(api.Grant) error) error {
	for _, g := range grants {
		if err := enter(g); err != nil {
			return err
		}
	}
	return nil
}

// without takes one grant off a shelf.
func without(shelf []api.Grant, i int) []api.Grant {
	return append(append([]api.Grant(nil), shelf[:i]...), shelf[i+1:]...)
}

// other is a grant of the night, changed.
func other(g api.Grant, change func(*api.Grant)) api.Grant {
	change(&g)
	return g
}

func TestEveryPlantedDifferenceIsNamed(t *testing.T) {
	t.Parallel()
	oneFen := func(g *api.Grant) { g.Fen++ }
	elsewhere := func(g *api.Grant) { g.User += 1 << 40 }
	unclaimed := func(g *api.Grant) { g.Order = api.OrderOf(7, g.Order.Gift(), 90) }
	beyond := func(g *api.Grant) { g.Order += 1 << 23 }
	for name, c := range map[string]struct {
		plant func(*night)
		want  map[Kind]uint64
	}{
		"nothing":                            {func(*night) {}, nil},
		"a repeat in the log":                {func(s *night) { s.log = append(s.log, s.log[4]) }, nil},
		"a holder seen twice":                {func(s *night) { s.cmem = append(s.cmem, s.cmem[4]) }, nil},
		"one missing":                        {func(s *night) { s.ledger = without(s.ledger, 5) }, map[Kind]uint64{Missing: 1}},
		"one fen in the ledger":              {func(s *night) { oneFen(&s.ledger[5]) }, map[Kind]uint64{Misdelivered: 1}},
		"one fen in Redis":                   {func(s *night) { oneFen(&s.cmem[5]) }, map[Kind]uint64{Misheld: 1}},
		"another user in the ledger":         {func(s *night) { elsewhere(&s.ledger[5]) }, map[Kind]uint64{Misdelivered: 1}},
		"another server in the ledger":       {func(s *night) { s.ledger[5].Server++ }, map[Kind]uint64{Misdelivered: 1}},
		"a row twice":                        {func(s *night) { s.ledger = append(s.ledger, s.ledger[5]) }, map[Kind]uint64{Duplicate: 1}},
		"an orphan":                          {func(s *night) { s.log, s.cmem = without(s.log, 5), without(s.cmem, 5) }, map[Kind]uint64{Orphan: 1}},
		"held without a log record":          {func(s *night) { s.log, s.ledger = without(s.log, 5), without(s.ledger, 5) }, map[Kind]uint64{Unlogged: 1}},
		"logged and unknown to Redis":        {func(s *night) { s.cmem = without(s.cmem, 5) }, map[Kind]uint64{Unheld: 1}},
		"delivered again, other order":       {func(s *night) { s.ledger = append(s.ledger, other(s.ledger[5], unclaimed)) }, map[Kind]uint64{Duplicate: 1}},
		"delivered again, an order too high": {func(s *night) { s.ledger = append(s.ledger, other(s.ledger[5], beyond)) }, map[Kind]uint64{Duplicate: 1}},
		"delivered, an order too high":       {func(s *night) { s.ledger = append(s.ledger, other(other(s.ledger[5], beyond), elsewhere)) }, map[Kind]uint64{Orphan: 1}},
		"granted to two":                     {func(s *night) { s.log = append(s.log, other(s.log[5], elsewhere)) }, map[Kind]uint64{Regranted: 1}},
		"of another activity":                {func(s *night) { s.log = append(s.log, api.Grant{Order: api.OrderOf(9, 0, 0), User: 1, Fen: 1}) }, map[Kind]uint64{Stray: 1}},
		"delivered for another activity": {func(s *night) {
			s.ledger = append(s.ledger, other(s.ledger[5], func(g *api.Grant) { g.Order += 1 << 50 }))
		},
			map[Kind]uint64{Orphan: 1}},
		"of no gift": {func(s *night) { s.ledger = append(s.ledger, api.Grant{Order: api.OrderOf(7, 3, 0), User: 1, Fen: 1}) },
			map[Kind]uint64{Orphan: 1}},
		"no fen at all": {func(s *night) { s.ledger[5].Fen = 0 }, map[Kind]uint64{Misdelivered: 1}},
		"two grants of one user, both delivered": {func(s *night) {
			again := other(s.log[5], unclaimed)
			s.log, s.ledger = append(s.log, again), append(s.ledger, again)
		}, map[Kind]uint64{Duplicate: 1, Unheld: 1}},
		"four at once": {func(s *night) {
			oneFen(&s.ledger[1])
			oneFen(&s.cmem[1])
			s.ledger = append(without(s.ledger, 8), other(s.ledger[11], unclaimed))
		}, map[Kind]uint64{Misdelivered: 1, Misheld: 1, Missing: 1, Duplicate: 1}},
	} {
		for seed := range uint64(6) {
			for _, room := range []int{1000, 101, 300} {
				s := sound(40)
				c.plant(s)
				got := s.compare(t, offer(100), room, seed)
				for k := range Kinds {
					if got.Counts[k] != c.want[k] || len(got.Kept[k]) != int(c.want[k]) {
						t.Errorf("%s, room %d, seed %d: %d %s, want %d: %v", name, room, seed, got.Counts[k], k, c.want[k], got.Kept[k])
					}
				}
			}
		}
	}
}

func TestLateIsNotMissing(t *testing.T) {
	t.Parallel()
	a := offer(10)
	table, log := NewTable(Slices(a, 1000)[0], Scope{}), Log{Floors: []uint64{5, 2}, Known: 4}
	for pos, c := range []struct {
		gift    api.Gift
		overdue bool
	}{{0, false}, {2, false}, {2, false}, {0, false}, {1, false}, {0, false}, {0, true}} {
		g := api.Grant{Order: api.OrderOf(7, c.gift, uint32(pos)), User: api.User(pos + 1), Fen: 1}
		if err := table.Logged(log, g, uint64(pos+1), c.overdue); err != nil {
			t.Fatal(err)
		}
	}
	f := table.Findings()
	// Behind the floors are positions 1, 4, 5 of game 0 and 2 of game 1; Redis was read when the log had 4.
	if f.Counts[Missing] != 4 || f.Queued != 3 || f.Counts[Overdue] != 1 || f.Counts[Unheld] != 4 || f.Granted != 7 {
		t.Fatalf("%+v", f.Counts)
	}
	if d := f.Kept[Missing][0]; d.Grant != (api.Grant{Order: api.OrderOf(7, 0, 0), User: 1, Fen: 1}) || d.Kind.Remedy() != Reissue {
		t.Fatalf("%v", d)
	}
}

// The first record of an order decides whether it is due: a repeat is logged again behind the floor.
func TestARepeatBehindTheFloorDoesNotExcuse(t *testing.T) {
	t.Parallel()
	table, log := NewTable(Slices(offer(10), 1000)[0], Scope{}), Log{Floors: []uint64{5, 5}, Known: 0}
	g := api.Grant{Order: api.OrderOf(7, 0, 0), User: 1, Fen: 1}
	for _, pos := range []uint64{3, 9} {
		if err := table.Logged(log, g, pos, false); err != nil {
			t.Fatal(err)
		}
	}
	if f := table.Findings(); f.Counts[Missing] != 1 || f.Queued != 0 || f.Found() != 1 {
		t.Fatalf("%+v", f)
	}
}

func TestSlicesAnswerForEveryOrderOnce(t *testing.T) {
	t.Parallel()
	// A gift that fits into a slice is not cut.
	for room, want := range map[int]int{1: 300, 7: 43, 100: 3, 199: 3, 299: 2, 300: 1, 1 << 30: 1} {
		slices := Slices(offer(100), room)
		shares, next := 0, api.Order(0)
		for i, s := range slices {
			shares += s.Shares()
			if s.First != next || s.Last < s.First || s.Shares() > room {
				t.Fatalf("room %d: slice %d of %d shares is %d … %d; want it to begin at %d", room, i, s.Shares(), s.First, s.Last, next)
			}
			next = s.Last + 1
			for _, p := range s.Spans {
				if first, last := api.OrderOf(7, p.Gift.ID, p.From), api.OrderOf(7, p.Gift.ID, p.To-1); first < s.First || last > s.Last {
					t.Fatalf("room %d: slice %d has shares outside of its orders", room, i)
				}
			}
		}
		if shares != 300 || next != 0 || len(slices) != want {
			t.Fatalf("room %d: %d slices of %d shares, the last ends before %d", room, len(slices), shares, next)
		}
	}
}

// The slices of a platform are of one activity or shadow each, and answer for every order between them.
func TestSlicesOfAPlatform(t *testing.T) {
	t.Parallel()
	a := offer(100)
	b := offer(50)
	b.ID = 9
	a.Beside, a.Shadow = []activity.Activity{b}, true
	next, shares, seen := api.Order(0), 0, []uint16{}
	for _, s := range Slices(a, 1000) {
		if s.First != next {
			t.Errorf("a slice of activity %d begins at %d, want %d", s.Activity, s.First, next)
		}
		next, shares, seen = s.Last+1, shares+s.Shares(), append(seen, s.Activity)
	}
	if next != 0 || shares != 2*(300+150) || !slices.Equal(seen, []uint16{7, 9, api.ShadowOf(7), api.ShadowOf(9)}) {
		t.Errorf("%d shares of %v, the last before %d", shares, seen, next)
	}
}

// Across the slices of one large gift a duplicate keeps its money, not its name.
func TestAnEvenLargerGift(t *testing.T) {
	t.Parallel()
	s := sound(40)
	s.ledger = append(s.ledger, other(s.ledger[5], func(g *api.Grant) { g.Order = api.OrderOf(7, 2, 90) }))
	if f := s.compare(t, offer(100), 30, 1); f.Found() != 1 || f.Counts[Orphan] != 1 {
		t.Fatalf("%+v", f.Counts)
	}
}

func TestBooksOfTwoSystemsAreRefused(t *testing.T) {
	t.Parallel()
	table := NewTable(Slices(offer(10), 1000)[0], Scope{})
	var err error
	for i := 0; err == nil && i < 1<<20; i++ {
		err = table.Delivered(api.Grant{Order: api.OrderOf(9, 0, uint32(i)), User: 1, Fen: 1})
	}
	if !errors.Is(err, ErrBeyond) || !strings.Contains(err.Error(), fmt.Sprint(mostNotes)) {
		t.Fatal(err)
	}
}

func TestResultsAddUpAndShow(t *testing.T) {
	t.Parallel()
	s := sound(40)
	s.ledger = without(without(s.ledger, 8), 3)
	f := s.compare(t, offer(100), 1000, 1)
	r := NewResult(Done)
	r.Add(f)
	if len(r.Differences) != int(Kinds) || r.Found() != 2 || r.Granted != 120 || r.Delivered != 118 || r.Held != 120 || len(r.Examples) != 2 {
		t.Fatalf("%+v", r)
	}
	r.Show(f.Kept[Missing][0], "delivered")
	if len(r.Examples) != 2 || r.Examples[0].Done != "delivered" || r.Whole() {
		t.Fatalf("%+v", r.Examples)
	}
	says := Difference{Misheld, api.Grant{Order: 1, User: 2, Fen: 3}, api.Grant{Order: 1, User: 2, Fen: 4}}.String()
	if !strings.Contains(says, "misheld: order 1 of user 2, 3 fen") || !strings.Contains(says, "4 fen") {
		t.Fatal(says)
	}
}

func BenchmarkFindings(b *testing.B) {
	a := offer(1 << 20)
	s := sound(1 << 19)
	for b.Loop() {
		table, log := NewTable(Slices(a, 1<<30)[0], Scope{}), Log{Floors: []uint64{1 << 40, 1 << 40}, Known: 1 << 40}
		for i, g := range s.log {
			_, _, _ = table.Logged(log, g, uint64(i+1), false), table.Delivered(g), table.Held(g)
		}
		if f := table.Findings(); f.Found() != 0 {
			b.Fatalf("%+v", f.Counts)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(s.log)), "ns/share")
}
