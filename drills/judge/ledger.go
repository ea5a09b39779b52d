package judge

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sort"

	"redpacket/drills/record"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// grant is one order of the log, packed: three million of them are 96 MB.
type grant struct {
	order, user uint64
	pos         uint64 // the first place of the order in the log that it is delivered from; 0: it is in none
	fen         uint32
	seen        mark
}

type mark uint16

const (
	inCmem mark = 1 << iota
	inLedger
	wasAcked
	inDoubt
	wasRefused
	inLog    // of the data centre whose share it is
	inMirror // of that log
	isMark   // in the other data centre's Redis
)

// String names the grant in a finding.
func (g grant) String() string {
	o := api.Order(g.order)
	return fmt.Sprintf("order %d (gift %d, share %d) of user %d", g.order, o.Gift(), o.Index(), g.user)
}

// ledger is the log's grants by order, and an index of them by user and gift.
type ledger struct {
	all    []grant
	byUser []uint32 // places in all, by (user, gift)
	prizes prizes
	first  []int // first[prize] is where the prize's grants begin; one more at the end
}

// prize is one gift of the platform, of an activity or of a shadow.
type prize struct {
	activity.Gift
	number  api.Gift // on the platform: as the journal and the stocks name it
	of      activity.Activity
	primary bool      // of the platform's first activity, and not of its shadow
	order   api.Order // of its first share
}

// prizes are all there are, in the order of their orders.
type prizes []*prize

func prizesOf(a activity.Activity) (all prizes) {
	for _, o := range a.Offers() {
		for _, g := range o.Gifts {
			all = append(all, &prize{g, o.Base + g.ID, o.Activity, o.Base == 0, api.OrderOf(o.ID, g.ID, 0)})
		}
	}
	return all
}

// funded is the money of all of them.
func (p prizes) funded() (sum money.Fen) {
	for i := range p {
		sum += p[i].Total
	}
	return sum
}

// at is the place of the prize that an order is of; false when it is of none.
func (p prizes) at(o api.Order) (int, bool) {
	return slices.BinarySearchFunc(p, o>>32, func(x *prize, o api.Order) int { return cmp.Compare(x.order>>32, o) })
}

const (
	preallocate = 4 << 20 // grants, at most: the manifest's count is not trusted beyond it
	mostGrants  = 1 << 31
)

// loadGrants reads the log and keeps each order once; orders that are no share of the activity, or that the log gives to
// two users, are violations.
func (m *audit) loadGrants(r *record.Record) error {
	l := &ledger{prizes: prizesOf(r.Activity), all: make([]grant, 0, min(r.Shelves[books.Log], preallocate))}
	for e, err := range r.Entries(books.Log) {
		if err != nil {
			return err
		}
		if m.logged++; m.logged > mostGrants {
			return fmt.Errorf("more than %d entries", mostGrants)
		}
		if !l.prizes.has(e.Order) {
			m.stock.add(int64(e.Fen), "%s is no share of the activity", entryOf(e))
			continue
		}
		g := grant{order: uint64(e.Order), user: uint64(e.User), pos: e.Pos, fen: uint32(e.Fen)}
		if log, _ := books.Place(e.Pos); log == m.pair.home(e.Order) {
			g.seen = inLog
		}
		l.all = append(l.all, g)
	}
	m.grants = l
	m.once()
	return nil
}

// once puts the grants in order and keeps each order once: where its own log, or else the mirror of that, has it first.
func (m *audit) once() {
	l, entries := m.grants, len(m.grants.all)
	slices.SortFunc(l.all, func(a, b grant) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(b.seen&(inLog|inMirror), a.seen&(inLog|inMirror)), cmp.Compare(a.pos, b.pos))
	})
	l.all = slices.CompactFunc(l.all, func(b, a grant) bool { // a stands before b
		if a.order == b.order && (a.user != b.user || a.fen != b.fen) {
			m.stock.add(int64(b.fen), "%s is in the log for user %d too, with %d and %d fen", a, b.user, a.fen, b.fen)
		}
		return a.order == b.order
	})
	m.repeats += uint64(entries - len(l.all))
	l.index()
}

// has says whether an order is a share of one of them.
func (p prizes) has(o api.Order) bool {
	i, ok := p.at(o)
	return ok && o.Index() < p[i].Shares
}

func (l *ledger) index() {
	l.byUser, l.first = make([]uint32, len(l.all)), nil
	for i := range l.byUser {
		l.byUser[i] = uint32(i)
	}
	slices.SortFunc(l.byUser, func(i, j uint32) int { return l.compare(i, l.all[j].user, api.Order(l.all[j].order)) })
	for _, p := range l.prizes {
		l.first = append(l.first, sort.Search(len(l.all), func(i int) bool { return api.Order(l.all[i].order) >= p.order }))
	}
	l.first = append(l.first, len(l.all))
}

// compare puts a grant before or behind another one's user and prize.
func (l *ledger) compare(i uint32, user uint64, of api.Order) int {
	g := &l.all[i]
	return cmp.Or(cmp.Compare(g.user, user), cmp.Compare(g.order>>32, uint64(of>>32)))
}

func (l *ledger) ofPrize(at int) []grant { return l.all[l.first[at]:l.first[at+1]] }

// find is the grant of an order, or nil. Shares are handed out in order, so a share's place in the stock is nearly
// always its place among the gift's grants; where it is not, a search finds it.
func (l *ledger) find(o api.Order) *grant {
	at, ok := l.prizes.at(o)
	if !ok {
		return nil
	}
	of := l.ofPrize(at)
	if i := int(o.Index()); i < len(of) && of[i].order == uint64(o) {
		return &of[i]
	}
	i, ok := slices.BinarySearchFunc(of, uint64(o), func(g grant, o uint64) int { return cmp.Compare(g.order, o) })
	if !ok {
		return nil
	}
	return &of[i]
}

// of lists the places of a user's grants of one gift: none or one, unless M3 is broken.
func (l *ledger) of(user api.User, gift api.Order) []uint32 {
	from := sort.Search(len(l.byUser), func(i int) bool { return l.compare(l.byUser[i], uint64(user), gift) >= 0 })
	to := from
	for to < len(l.byUser) && l.compare(l.byUser[to], uint64(user), gift) == 0 {
		to++
	}
	return l.byUser[from:to]
}

// sameUserAndGift yields every pair of neighbours in the index that are one user's grants of one gift.
func (l *ledger) sameUserAndGift() iter.Seq2[grant, grant] {
	return func(yield func(grant, grant) bool) {
		for i := 1; i < len(l.byUser); i++ {
			a, b := l.all[l.byUser[i-1]], l.all[l.byUser[i]]
			if a.user == b.user && a.order>>32 == b.order>>32 && !yield(a, b) {
				return
			}
		}
	}
}
