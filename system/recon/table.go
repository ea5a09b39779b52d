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
	bounds Bounds
	places []place // by gift
	cells  []cell
	notes  []note
}

// Bounds say what may be expected of the books, by when they were read: the floors and Known first, then Redis and the
// ledger, and the log last.
type Bounds struct {
	Floors []uint64 // by game: every grant at a position up to here had been answered for
	Known  uint64   // every grant at a position up to here had been decided by Redis; 0: Redis was not read
}

// place is where a gift's cells are; a gift that the slice has nothing of has none.
type place struct {
	game     uint8
	base     int
	from, to uint32
}

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
)

// note is what a shelf says against a cell, or of an order that has no cell.
type note struct {
	shelf flags // logged, delivered or held
	grant api.Grant
}

// mostNotes bounds the notes of one slice: 4 MB.
const mostNotes = 1 << 17

// NewTable makes room for a slice.
func NewTable(s Slice, b Bounds) *Table {
	t := &Table{slice: s, bounds: b, cells: make([]cell, s.Shares())}
	base := 0
	for _, p := range s.Spans {
		for len(t.places) <= int(p.Gift.ID) {
			t.places = append(t.places, place{})
		}
		t.places[p.Gift.ID] = place{p.Gift.Game, base, p.From, p.To}
		base += int(p.To - p.From)
	}
	return t
}

// Logged enters a grant of the log, whose message is at pos; overdue: it was logged longer ago than the promise. Grants
// must come in the log's order.
func (t *Table) Logged(g api.Grant, pos uint64, overdue bool) error {
	c, game := t.enter(logged, g)
	if c == nil {
		return t.full()
	}
	if int(game) < len(t.bounds.Floors) && pos <= t.bounds.Floors[game] {
		c.flags |= due
	}
	if pos <= t.bounds.Known {
		c.flags |= known
	}
	if overdue {
		c.flags |= late
	}
	return t.full()
}

// Delivered enters a row of the ledger.
func (t *Table) Delivered(g api.Grant) error {
	t.enter(delivered, g)
	return t.full()
}

// Held enters a holder of Redis. The same holder twice is one.
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
func (t *Table) enter(shelf flags, g api.Grant) (*cell, uint8) {
	if g.Order < t.slice.First || g.Order > t.slice.Last {
		return nil, 0 // another slice answers for it
	}
	c, game := t.cell(g.Order)
	if c == nil {
		t.notes = append(t.notes, note{shelf, g})
		return nil, 0
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
	return c, game
}

// cell is the place of an order; nil when it is no share of the slice.
func (t *Table) cell(o api.Order) (*cell, uint8) {
	if o.Activity() != t.slice.Activity || int(o.Gift()) >= len(t.places) {
		return nil, 0
	}
	p := t.places[o.Gift()]
	if o.Index() < p.from || o.Index() >= p.to {
		return nil, 0
	}
	return &t.cells[p.base+int(o.Index()-p.from)], p.game
}

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
	for _, p := range t.slice.Spans {
		base := t.places[p.Gift.ID].base
		for i := p.From; i < p.To; i++ {
			c := &t.cells[base+int(i-p.From)]
			if c.flags == 0 || len(twice) == 0 && c.plain(f) {
				continue
			}
			s := said{order: api.OrderOf(t.slice.Activity, p.Gift.ID, i), flags: c.flags}
			s.hear(c.flags, c.grant(s.order))
			if c.flags&noted != 0 {
				notes = s.collect(notes)
			}
			s.judge(f, twice)
		}
	}
	t.strays(f, twice)
	return f
}

// plain counts a share that is delivered, or queued in good time, and held: nearly all are.
func (c *cell) plain(f *Findings) bool {
	switch c.flags &^ (due | known | late) {
	case logged | held | delivered:
		f.Delivered++
	case logged | held:
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
