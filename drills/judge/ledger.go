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
)

// grant is one order of the log, packed: three million of them are 96 MB.
type grant struct {
	order, user uint64
	pos         uint64 // the first place of the order in the log
	fen         uint32
	seen        mark
}

type mark uint8

const (
	inCmem mark = 1 << iota
	inLedger
	wasAcked
	inDoubt
	wasRefused
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
	first  []int    // first[gift] is where the gift's grants begin; one more at the end
}

const (
	preallocate = 4 << 20 // grants, at most: the manifest's count is not trusted beyond it
	mostGrants  = 1 << 31
)

// loadGrants reads the log and keeps each order once; orders that are no share of the activity, or that the log gives to
// two users, are violations.
func (m *audit) loadGrants(r *record.Record) error {
	l := &ledger{all: make([]grant, 0, min(r.Shelves[books.Log], preallocate))}
	for e, err := range r.Entries(books.Log) {
		if err != nil {
			return err
		}
		if m.logged++; m.logged > mostGrants {
			return fmt.Errorf("more than %d entries", mostGrants)
		}
		if !shareOf(r.Activity, e.Order) {
			m.stock.add(int64(e.Fen), "%s is no share of the activity", entryOf(e))
			continue
		}
		l.all = append(l.all, grant{order: uint64(e.Order), user: uint64(e.User), pos: e.Pos, fen: uint32(e.Fen)})
	}
	slices.SortFunc(l.all, func(a, b grant) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.pos, b.pos)) })
	l.all = slices.CompactFunc(l.all, func(b, a grant) bool { // a stands before b
		if a.order == b.order && (a.user != b.user || a.fen != b.fen) {
			m.stock.add(int64(b.fen), "%s is in the log for user %d too, with %d and %d fen", a, b.user, a.fen, b.fen)
		}
		return a.order == b.order
	})
	l.index(len(r.Activity.Gifts))
	m.grants = l
	return nil
}

func shareOf(a activity.Activity, o api.Order) bool {
	g, ok := a.Gift(o.Gift())
	return ok && o.Activity() == a.ID && o.Index() < g.Shares
}

func (l *ledger) index(gifts int) {
	l.byUser = make([]uint32, len(l.all))
	for i := range l.byUser {
		l.byUser[i] = uint32(i)
	}
	slices.SortFunc(l.byUser, func(i, j uint32) int { return l.compare(i, l.all[j].user, api.Order(l.all[j].order).Gift()) })
	for gift := range gifts + 1 {
		l.first = append(l.first, sort.Search(len(l.all), func(i int) bool { return int(api.Order(l.all[i].order).Gift()) >= gift }))
	}
}

func (l *ledger) compare(i uint32, user uint64, gift api.Gift) int {
	g := &l.all[i]
	return cmp.Or(cmp.Compare(g.user, user), cmp.Compare(api.Order(g.order).Gift(), gift))
}

func (l *ledger) ofGift(gift api.Gift) []grant { return l.all[l.first[gift]:l.first[gift+1]] }

// find is the grant of an order, or nil. Shares are handed out in order, so a share's place in the stock is nearly
// always its place among the gift's grants; where it is not, a search finds it.
func (l *ledger) find(o api.Order) *grant {
	if int(o.Gift()) >= len(l.first)-1 {
		return nil
	}
	of := l.ofGift(o.Gift())
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
func (l *ledger) of(user api.User, gift api.Gift) []uint32 {
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
			if a.user == b.user && api.Order(a.order).Gift() == api.Order(b.order).Gift() && !yield(a, b) {
				return
			}
		}
	}
}
