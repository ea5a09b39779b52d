package recon

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"redpacket/system/api"
	"redpacket/system/money"
)

// ErrBeyond says that the shelves contradict each other more often than a person could read: they are not of one system.
var ErrBeyond = errors.New("the books contradict each other too often to be of one system; look at them before anything is repaired")

// Table is one slice while its books are read: 16 bytes a share, and a note for each contradiction. It is for one
// goroutine. Enter what the shelves hold in any order, then ask for Findings.
type Table struct {
	slice  Slice
	scope  Scope
	places []place // by gift
	cells  []cell
	notes  []note
}

// place is where a gift's cells are; a gift that the slice has nothing of has none.
type place struct {
	game     uint8
	base     int
	from, to uint32
	own, end uint32 // own … end-1 are this data centre's to give out
}

// mine says whether a share is this data centre's to give out.
func (p place) mine(index uint32) bool { return index >= p.own && index < p.end }

// cell is one share: the first that any shelf said of it, and which shelves say the same.
type cell struct {
	user   api.User
	fen    uint32
	server uint16
	flags  flags
}

type flags uint16

const (
	logged flags = 1 << iota
	delivered
	held
	due   // the log has it before its game's floor
	known // the log had it before Redis was read
	late  // it was logged longer ago than the promise
	noted // there are notes of it
	home  // the log of the data centre that gives it out has it
)

// note is what a shelf says against a cell, or of an order that has no cell.
type note struct {
	shelf flags // logged, delivered or held
	grant api.Grant
}

// mostNotes bounds the notes of one slice: 4 MB.
const mostNotes = 1 << 17

// NewTable makes room for a slice.
func NewTable(slice Slice, scope Scope) *Table {
	t := &Table{slice: slice, scope: scope, cells: make([]cell, slice.Shares())}
	base := 0
	for _, p := range slice.Spans {
		for len(t.places) <= int(p.Gift.ID) {
			t.places = append(t.places, place{})
		}
		own, end := scope.Part.Range(p.Gift.Shares)
		t.places[p.Gift.ID] = place{p.Gift.Game, base, p.From, p.To, own, end}
		base += int(p.To - p.From)
	}
	return t
}

// Logged enters a grant of a log, whose message is at pos; overdue: it was logged longer ago than the promise. The grants
// of one log must come in its order.
func (t *Table) Logged(l Log, g api.Grant, pos uint64, overdue bool) error {
	c, p := t.enter(logged, g)
	if c == nil {
		return t.full()
	}
	if int(p.game) < len(l.Floors) && pos <= l.Floors[p.game] {
		c.flags |= due
	}
	if pos <= l.Known {
		c.flags |= known
	}
	if overdue {
		c.flags |= late
	}
	if p.mine(g.Order.Index()) != l.Mirror {
		c.flags |= home
	}
	return t.full()
}

// Delivered enters a row of the ledger. The ledger is everybody's: rows of shares that the other data centre answers for are
// passed over.
func (t *Table) Delivered(g api.Grant) error {
	t.enter(delivered, g)
	return t.full()
}

// Held enters a holder of Redis, or a mark. The same one twice is one.
func (t *Table) Held(g api.Grant) error {
	t.enter(held, g)
	return t.full()
}

// full ends a comparison that became senseless.
func (t *Table) full() error {
	if len(t.notes) > mostNotes {
		return fmt.Errorf("%w: more than %d contradictions between orders %d and %d", ErrBeyond, mostNotes, t.slice.First, t.slice.Last)
	}
	return nil
}

// enter writes what a shelf says into its cell, or a note against it, and returns the cell; nil: the order has none.
func (t *Table) enter(shelf flags, g api.Grant) (*cell, place) {
	if g.Order < t.slice.First || g.Order > t.slice.Last {
		return nil, place{} // another slice answers for it
	}
	c, p := t.cell(g.Order)
	switch {
	case c == nil:
		t.notes = append(t.notes, note{shelf, g})
		return nil, p
	case !t.answers(p, g.Order.Index()) && !t.scope.hears(shelf, g.User):
		return nil, p // the other data centre's to compare
	}
	same := c.user == g.User && money.Fen(c.fen) == g.Fen && c.server == g.Server
	switch {
	case c.flags&(logged|delivered|held) == 0 && g.Fen > 0 && g.Fen <= math.MaxUint32:
		c.user, c.fen, c.server = g.User, uint32(g.Fen), g.Server
		c.flags |= shelf
	case same && (c.flags&shelf == 0 || shelf != delivered):
		c.flags |= shelf
	default:
		c.flags |= noted
		t.notes = append(t.notes, note{shelf, g})
	}
	return c, p
}

// cell is the place of an order; nil when it is no share of the slice.
func (t *Table) cell(o api.Order) (*cell, place) {
	if o.Activity() != t.slice.Activity || int(o.Gift()) >= len(t.places) {
		return nil, place{}
	}
	p := t.places[o.Gift()]
	if o.Index() < p.from || o.Index() >= p.to {
		return nil, place{}
	}
	return &t.cells[p.base+int(o.Index()-p.from)], p
}

// answers says whether this data centre answers for a share: else it only compares its marks with the other one's log.
func (t *Table) answers(p place, index uint32) bool { return t.scope.All || p.mine(index) }

// grant is what a cell says.
func (c *cell) grant(o api.Order) api.Grant {
	return api.Grant{Order: o, User: c.user, Fen: money.Fen(c.fen), Server: c.server}
}

// Findings compares what was entered.
func (t *Table) Findings() *Findings {
	f := &Findings{}
	slices.SortStableFunc(t.notes, func(a, b note) int { return cmp.Compare(a.grant.Order, b.grant.Order) })
	twice := t.deliveredTwice()
	notes := t.notes
	for _, span := range t.slice.Spans {
		p := t.places[span.Gift.ID]
		for i := p.from; i < p.to; i++ {
			c := &t.cells[p.base+int(i-p.from)]
			if c.flags == 0 || len(twice) == 0 && c.plain(f, t.answers(p, i)) {
				continue
			}
			s := said{order: api.OrderOf(t.slice.Activity, span.Gift.ID, i), flags: c.flags, mark: !p.mine(i)}
			s.hear(c.flags, c.grant(s.order))
			if c.flags&noted != 0 {
				notes = s.collect(notes)
			}
			if t.answers(p, i) {
				s.judge(f, twice)
			} else {
				s.judgeMark(f)
			}
		}
	}
	t.strays(f, twice)
	return f
}

// plain counts a share that is delivered, or queued in good time, and held: nearly all are. Of one that the other data
// centre answers for, it counts the mark.
func (c *cell) plain(f *Findings, answers bool) bool {
	switch c.flags &^ (due | known | late) {
	case logged | home | held | delivered:
		f.Delivered++
	case logged | home | held:
		if !answers {
			f.Marked++
			return true
		}
		if c.flags&(due|late) != 0 {
			return false
		}
		f.Queued++
	default:
		return false
	}
	f.Granted++
	f.Held++
	return true
}

// strays are the notes of orders that are no share.
func (t *Table) strays(f *Findings, twice map[api.Order]api.Grant) {
	for notes := t.notes; len(notes) > 0; {
		o := notes[0].grant.Order
		if c, _ := t.cell(o); c != nil {
			notes = notes[1:]
			continue
		}
		s := said{order: o}
		notes = s.collect(notes)
		for _, g := range s.logged {
			f.add(Difference{Kind: Stray, Grant: g})
		}
		for _, g := range s.held {
			f.add(Difference{Kind: Stray, Grant: g})
		}
		for _, g := range s.delivered {
			s.undue(f, g, twice)
		}
	}
}
