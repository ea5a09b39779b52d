package judge

import (
	"fmt"

	"redpacket/drills/record"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
	"redpacket/system/pair"
)

// duo is the two data centres of a record; the zero value is one alone. A share is at home in one of them, and so is a
// user; an order in both logs, or in a log and its mirror, is one order.
type duo struct {
	sites  []books.Site
	prizes prizes
}

// duoOf is nobody's when a store that counts was not read: then nobody knows what was granted.
func duoOf(c *Case) (duo, error) {
	d := duo{c.Summary.Sites, prizesOf(c.Activity)}
	if len(d.sites) != 0 && len(d.sites) != activity.IDCs {
		return d, fmt.Errorf("the books are of %d data centres; want 1 or %d", max(1, len(d.sites)), activity.IDCs)
	}
	for _, s := range d.sites {
		if !s.Whole() {
			return d, fmt.Errorf("the users of data centre %s are %s, and of its log, the mirror of that and its Redis these were read: %v, %v, %v; nobody has taken them over, so what they have is not known",
				s.IDC, s.Mode, s.Log, s.Mirror, s.Store)
		}
	}
	return d, nil
}

// home is the data centre that gives an order's share out.
func (d duo) home(o api.Order) uint8 {
	at, ok := d.prizes.at(o)
	if len(d.sites) == 0 || !ok {
		return 0
	}
	from, _ := activity.Part{IDC: activity.B, Of: activity.IDCs}.Range(d.prizes[at].Shares)
	if o.Index() >= from {
		return 1
	}
	return 0
}

// taken says that nobody gives out the shares of a data centre, whose users are taken over.
func (d duo) taken(idc uint8) bool { return int(idc) < len(d.sites) && d.sites[idc].Mode == pair.Taken }

// frozen is what is left of a gift that nobody gives out: granted are its grants, in order.
func (d duo) frozen(g activity.Gift, amounts []money.Fen, granted []grant) (left sum) {
	for i := range d.sites {
		if !d.taken(uint8(i)) {
			continue
		}
		from, to := activity.Part{IDC: activity.IDC(i), Of: activity.IDCs}.Range(g.Shares)
		left.grants, left.fen = left.grants+uint64(to-from), left.fen+int64(activity.Sum(amounts[from:to]))
		for _, got := range granted {
			if index := api.Order(got.order).Index(); index >= from && index < to {
				left.grants, left.fen = left.grants-1, left.fen-int64(amounts[index])
			}
		}
	}
	return left
}

// readMirrors notes which orders the mirrors have. A grant that only they have counts as one of the log: the log is lost.
func (m *audit) readMirrors(r *record.Record) error {
	if _, read := r.Shelves[books.Mirror]; !read {
		return nil
	}
	var only []grant
	for e, err := range r.Entries(books.Mirror) {
		if err != nil {
			return err
		}
		if m.mirrored++; m.mirrored > mostGrants {
			return fmt.Errorf("more than %d entries", mostGrants)
		}
		of, _ := books.Place(e.Pos)
		seen := mark(0)
		if of == m.pair.home(e.Order) { // else the other data centre's share, asked for again here
			seen = inMirror
		}
		switch g := m.grants.find(e.Order); {
		case g != nil && (g.user != uint64(e.User) || int64(g.fen) != int64(e.Fen)):
			m.stock.add(int64(e.Fen), "%s is in the mirror as %s", g, entryOf(e))
		case g != nil:
			if seen != 0 && m.pair.taken(of) && (g.seen&inMirror == 0 || e.Pos < g.pos) {
				g.pos = e.Pos
			}
			g.seen |= seen
		case !m.grants.prizes.has(e.Order):
			m.stock.add(int64(e.Fen), "%s in the mirror is no share of the activity", entryOf(e))
		default:
			g := grant{order: uint64(e.Order), user: uint64(e.User), fen: uint32(e.Fen), seen: seen}
			if m.pair.taken(of) {
				g.pos = e.Pos
			}
			only = append(only, g)
		}
	}
	m.grants.all = append(m.grants.all, only...)
	m.once()
	return nil
}

// readMarks notes of which orders the other data centre's Redis knows.
func (m *audit) readMarks(r *record.Record) error {
	if _, read := r.Shelves[books.Marks]; !read {
		return nil
	}
	for e, err := range r.Entries(books.Marks) {
		if err != nil {
			return err
		}
		m.marks++
		in, _ := books.Place(e.Pos)
		switch g := m.grants.find(e.Order); {
		case g == nil:
			m.halves.add(int64(e.Fen), "%s is a mark in Redis and in no log", entryOf(e))
		case g.user != uint64(e.User) || int64(g.fen) != int64(e.Fen) || in == m.pair.home(e.Order):
			m.halves.add(int64(e.Fen), "%s is a mark in Redis as %s", g, entryOf(e))
		default:
			g.seen |= isMark
		}
	}
	return nil
}

// paired asks of a grant what two data centres owe it: it is in each log that counts; what is delivered from is known to
// who would take over; and who decides for its user knows of it.
func (m *audit) paired(g *grant) {
	if len(m.pair.sites) == 0 {
		return
	}
	site, reads := m.pair.sites[m.pair.home(api.Order(g.order))], pair.Places(0)
	if g.seen&inLog != 0 {
		reads |= pair.Own
	}
	if g.seen&inMirror != 0 {
		reads |= pair.Mirror
	}
	switch {
	case g.seen&wasAcked != 0 && !reads.Has(site.Reads()):
		m.lost.add(int64(g.fen), "%s was acknowledged, the users of %s are %s, and it is in its log and in the mirror of that: %v, %v", g,
			site.IDC, site.Mode, reads.Has(pair.Own), reads.Has(pair.Mirror))
	case reads == pair.Own && site.Mirror && site.Reads().Has(pair.Mirror):
		m.lost.add(int64(g.fen), "%s is in the log of %s and not in the mirror, out of which the other data centre would take over", g, site.IDC)
	}
	m.known(g, site)
}

// known asks whether a grant of a data centre's share is marked where its user's claims are decided, if that is elsewhere.
func (m *audit) known(g *grant, from books.Site) {
	decides := m.pair.sites[activity.Home(api.User(g.user))]
	if from.Mode == pair.Taken {
		decides = m.pair.sites[1-m.pair.home(api.Order(g.order))]
	}
	if g.seen&isMark == 0 && decides.IDC != from.IDC && decides.Mode != pair.Taken {
		m.halves.add(int64(g.fen), "%s is a share of %s, and Redis in %s, which decides for the user, does not know of it", g, from.IDC, decides.IDC)
	}
}

// copies tells of the mirrors and marks, where there are any.
func (m *audit) copies() string {
	if len(m.pair.sites) == 0 {
		return ""
	}
	return say(" and in its mirror where that counts (%d entries), and %d known to the other data centre", m.mirrored, m.marks)
}
