package recon

import (
	"slices"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
)

// both are what the shelves of two data centres hold, and whom each serves. The logs and the mirrors of them are the same.
type both struct {
	logs   [2][]api.Grant // by data centre; positions count from 1, one grant each
	cmem   [2][]api.Grant // holders and marks
	ledger []api.Grant
	scopes [2]Scope
}

// sites are a night of two data centres at its end, everything delivered. At first each grants to its own users. Then b
// takes a's users over: it marks what they have, some of them ask again for what they have, and others are granted b's
// shares. Then, if back, a has its users again, with marks of what b granted them, and some of those ask again.
func sites(back bool) *both {
	s := &both{}
	users := [2][]api.User{}
	for u := api.User(1); len(users[0]) < 30 || len(users[1]) < 30; u++ {
		home := activity.Home(u)
		users[home] = append(users[home], u)
	}
	share := func(idc activity.IDC, index uint32, u api.User) api.Grant {
		return api.Grant{Order: api.OrderOf(7, 0, uint32(idc)*50+index), User: u, Fen: 200, Server: 1}
	}
	grant := func(idc activity.IDC, index uint32, u api.User) {
		g := share(idc, index, u)
		s.logs[idc], s.cmem[idc], s.ledger = append(s.logs[idc], g), append(s.cmem[idc], g), append(s.ledger, g)
	}
	for i := range uint32(20) {
		grant(activity.A, i, users[activity.A][i])
		grant(activity.B, i, users[activity.B][i])
	}
	had, new := slices.Clone(s.logs[activity.A]), []api.Grant{}
	s.cmem[activity.B] = append(s.cmem[activity.B], had...)
	s.logs[activity.B] = append(s.logs[activity.B], had[3], had[4])
	for i := range uint32(8) {
		grant(activity.B, 20+i, users[activity.A][20+i])
		new = append(new, share(activity.B, 20+i, users[activity.A][20+i]))
	}
	for idc := range s.scopes {
		s.scopes[idc] = Scope{Part: activity.Part{IDC: activity.IDC(idc), Of: 2}, Marks: true, All: !back && activity.IDC(idc) == activity.B}
	}
	if !back {
		return s
	}
	s.cmem[activity.B] = slices.DeleteFunc(s.cmem[activity.B], func(g api.Grant) bool { return slices.Contains(had, g) })
	s.cmem[activity.A] = append(s.cmem[activity.A], new...)
	s.logs[activity.A] = append(s.logs[activity.A], new[2], had[3])
	return s
}

// compare is what one data centre finds.
func (s *both) compare(t *testing.T, idc activity.IDC, room int) *Findings {
	t.Helper()
	all, scope := &Findings{}, s.scopes[idc]
	a := offer(100)
	a.Gifts = a.Gifts[:1]
	for _, slice := range Slices(a, room) {
		table := NewTable(slice, scope)
		logs := []activity.IDC{idc}
		if scope.Marks {
			logs = append(logs, 1-idc)
		}
		for _, of := range logs {
			end := uint64(len(s.logs[of]))
			for i, g := range s.logs[of] {
				if err := table.Logged(Log{Floors: []uint64{end}, Known: end, Mirror: of != idc}, g, uint64(i+1), false); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := each(s.ledger, table.Delivered); err != nil {
			t.Fatal(err)
		}
		if err := each(s.cmem[idc], table.Held); err != nil {
			t.Fatal(err)
		}
		f := table.Findings()
		all.Granted, all.Delivered, all.Held = all.Granted+f.Granted, all.Delivered+f.Delivered, all.Held+f.Held
		all.Marked, all.Queued = all.Marked+f.Marked, all.Queued+f.Queued
		for k := range Kinds {
			all.Counts[k] += f.Counts[k]
			all.Kept[k] = append(all.Kept[k], f.Kept[k]...)
		}
	}
	return all
}

// A take-over and a give-back leave nothing to find, and each share is answered for once.
func TestTakeOversLeaveNothingToFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		back            bool
		idc             activity.IDC
		granted, marked uint64
	}{
		"b, which serves everybody":  {false, activity.B, 48, 0},
		"a, which has its users":     {true, activity.A, 20, 8},
		"b, which has its own again": {true, activity.B, 28, 0},
	} {
		for _, room := range []int{1000, 30} {
			f := sites(c.back).compare(t, c.idc, room)
			if f.Found() != 0 || f.Granted != c.granted || f.Delivered != c.granted || f.Held != c.granted || f.Marked != c.marked || f.Queued != 0 {
				t.Errorf("%s, room %d: %d granted, %d delivered, %d held, %d marked; %v", name, room, f.Granted, f.Delivered, f.Held, f.Marked, f.Kept)
			}
		}
	}
}

func TestWhatIsWrongWithAMarkIsNamed(t *testing.T) {
	t.Parallel()
	const a, b = activity.A, activity.B
	unmark := func(s *both, idc activity.IDC, g api.Grant) {
		s.cmem[idc] = slices.DeleteFunc(s.cmem[idc], func(h api.Grant) bool { return h == g })
	}
	type found map[Kind]uint64
	for name, c := range map[string]struct {
		back  bool
		plant func(*both)
		want  [2]found // by who compares; a is dead while b has its users
	}{
		"b lost a mark":             {false, func(s *both) { unmark(s, b, s.logs[a][5]) }, [2]found{b: {Unmarked: 1}}},
		"a lost a mark":             {true, func(s *both) { unmark(s, a, s.logs[b][25]) }, [2]found{a: {Unmarked: 1}}},
		"b lost a share of its own": {true, func(s *both) { unmark(s, b, s.logs[b][25]) }, [2]found{b: {Unheld: 1}}},
		"a mark of one fen more": {false, func(s *both) {
			unmark(s, b, s.logs[a][5])
			s.cmem[b] = append(s.cmem[b], other(s.logs[a][5], func(g *api.Grant) { g.Fen++ }))
		}, [2]found{b: {Misheld: 1}}},
		"a mark of a share that nobody was granted": {true, func(s *both) {
			s.cmem[a] = append(s.cmem[a], other(s.logs[a][5], func(g *api.Grant) { g.Order = api.OrderOf(7, 0, 99) }))
		}, [2]found{a: {Unlogged: 1}}},
		// What came of such a mark: its user asked, so b logged a share of a that a never gave out, and delivered it.
		"a share given out by the wrong one": {false, func(s *both) {
			g := other(s.logs[a][5], func(g *api.Grant) { g.Order, g.User = api.OrderOf(7, 0, 40), s.logs[a][5].User+1000 })
			s.cmem[b], s.logs[b], s.ledger = append(s.cmem[b], g), append(s.logs[b], g), append(s.ledger, g)
		}, [2]found{b: {Poached: 1}}},
		"the same, found by the one whose share it is": {true, func(s *both) {
			g := other(s.logs[a][5], func(g *api.Grant) { g.Order, g.User = api.OrderOf(7, 0, 40), s.logs[a][5].User+1000 })
			s.cmem[a], s.logs[b], s.ledger = append(s.cmem[a], g), append(s.logs[b], g), append(s.ledger, g)
		}, [2]found{a: {Poached: 1}}},
		"both gave one share to different users": {true, func(s *both) {
			s.logs[b] = append(s.logs[b], other(s.logs[a][5], func(g *api.Grant) { g.User += 1000 }))
		}, [2]found{a: {Regranted: 1}}},
		"both gave a user the gift": {false, func(s *both) {
			g := other(s.logs[a][5], func(g *api.Grant) { g.Order = api.OrderOf(7, 0, 90) })
			unmark(s, b, s.logs[a][5])
			s.logs[b], s.cmem[b], s.ledger = append(s.logs[b], g), append(s.cmem[b], g), append(s.ledger, g)
		}, [2]found{b: {Unmarked: 1, Duplicate: 1}}},
		"a share of a that b never delivered":      {false, func(s *both) { s.ledger = without(s.ledger, 6) }, [2]found{b: {Missing: 1}}},
		"a share of a, missed, and a's to deliver": {true, func(s *both) { s.ledger = without(s.ledger, 6) }, [2]found{a: {Missing: 1}}},
		"a delivery that nobody granted": {true, func(s *both) {
			s.ledger = append(s.ledger, api.Grant{Order: api.OrderOf(7, 0, 45), User: 9999, Fen: 1})
		}, [2]found{a: {Orphan: 1}}},
		"a share of the other one, logged before any take-over": {true, func(s *both) {
			for idc := range s.scopes {
				s.logs[idc], s.cmem[idc], s.scopes[idc].Marks = s.logs[idc][:20], s.cmem[idc][:20], false
			}
			s.ledger = s.ledger[:40]
			s.logs[b] = append(s.logs[b], s.logs[a][5])
		}, [2]found{b: {Poached: 1}}},
	} {
		for _, idc := range []activity.IDC{a, b} {
			if !c.back && idc == a {
				continue
			}
			s := sites(c.back)
			c.plant(s)
			got := s.compare(t, idc, 1000)
			for k := range Kinds {
				if got.Counts[k] != c.want[idc][k] {
					t.Errorf("%s: %s found %d %s, want %d: %v", name, idc, got.Counts[k], k, c.want[idc][k], got.Kept[k])
				}
			}
		}
	}
}

// Users whom the other data centre serves are its own to compare: what is said of them here is passed over.
func TestOthersUsersArePassedOver(t *testing.T) {
	t.Parallel()
	inA, inB := api.User(2), api.User(1) // by home
	x := api.Grant{Order: api.OrderOf(7, 0, 5), User: inA, Fen: 200}
	for name, c := range map[string]struct {
		scope  Scope
		user   api.User
		marked uint64
	}{
		"before any take-over": {Scope{Part: activity.Part{IDC: activity.B, Of: 2}}, inB, 0},
		"a user at home in b":  {Scope{Part: activity.Part{IDC: activity.B, Of: 2}, Marks: true}, inB, 1},
		"a user at home in a":  {Scope{Part: activity.Part{IDC: activity.B, Of: 2}, Marks: true}, inA, 0},
	} {
		table := NewTable(Slices(offer(100), 1000)[0], c.scope)
		g := other(x, func(g *api.Grant) { g.User = c.user })
		if c.scope.Marks {
			if err := table.Logged(Log{Floors: []uint64{9, 9}, Known: 9, Mirror: true}, g, 1, true); err != nil {
				t.Fatal(err)
			}
		}
		for _, enter := range []func(api.Grant) error{table.Held, table.Delivered} {
			if err := enter(g); err != nil {
				t.Fatal(err)
			}
		}
		if f := table.Findings(); f.Found() != 0 || f.Marked != c.marked || f.Granted+f.Delivered+f.Held+f.Queued != 0 {
			t.Errorf("%s: %+v", name, *f)
		}
	}
}
