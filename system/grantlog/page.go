package grantlog

import (
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
)

// page is one message of the log, its grants sorted by the game that pays them out.
type page struct {
	pos    uint64
	at     time.Time
	grants []api.Grant
	begins []uint32 // game g has grants[begins[g]:begins[g+1]]
}

// of is one game's part of the page, in the order it was logged.
func (p page) of(game uint8) []api.Grant {
	if p.begins == nil {
		return nil
	}
	return p.grants[p.begins[game]:p.begins[game+1]]
}

// weight is the page's size in grants; an empty page weighs something, too.
func (p page) weight() int { return 8 + len(p.grants) }

// sorter sorts batches into pages by the activity's rule: grant -> gift -> game.
type sorter struct {
	activity *activity.Activity
	games    uint8
	void     map[uint64]bool // messages that are not believed
}

// newSorter takes the platform's rule.
func newSorter(a activity.Activity, void Seqs) sorter {
	s := sorter{activity: &a, games: a.Games, void: map[uint64]bool{}}
	for _, pos := range void.List() {
		s.void[pos] = true
	}
	return s
}

// game is the game of an order; false for an order of another platform or of no gift.
func (s sorter) game(o api.Order) (uint8, bool) {
	g, ok := s.activity.GiftOf(o)
	return g.Game, ok
}

// page sorts one message. strays are grants that belong to no game.
func (s sorter) page(m stored) (p page, strays int, err error) {
	p = page{pos: m.pos, at: m.at()}
	if !m.grants() || s.void[m.pos] {
		return p, 0, nil
	}
	b, err := m.batch()
	if err != nil {
		return page{}, 0, err
	}
	p.begins = make([]uint32, int(s.games)+2) // counts move up by one place, twice
	for i := range b.Grants {
		if game, ok := s.game(b.Grants[i].Order); ok {
			p.begins[game+2]++
		} else {
			strays++
		}
	}
	for i := 2; i < len(p.begins); i++ {
		p.begins[i] += p.begins[i-1]
	}
	p.grants = make([]api.Grant, len(b.Grants)-strays)
	for _, g := range b.Grants {
		if game, ok := s.game(g.Order); ok {
			p.grants[p.begins[game+1]] = g
			p.begins[game+1]++
		}
	}
	return p, strays, nil
}
