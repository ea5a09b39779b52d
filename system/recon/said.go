package recon

import (
	"slices"

	"redpacket/system/api"
)

// said is all that the shelves say of one order.
type said struct {
	order                   api.Order
	flags                   flags // of its cell
	mark                    bool  // the other data centre gives it out
	logged, delivered, held []api.Grant
}

// hear adds what some shelves say alike.
func (s *said) hear(shelves flags, g api.Grant) {
	if shelves&logged != 0 && !slices.Contains(s.logged, g) { // a repeat is logged again
		s.logged = append(s.logged, g)
	}
	if shelves&delivered != 0 {
		s.delivered = append(s.delivered, g)
	}
	if shelves&held != 0 && !slices.Contains(s.held, g) {
		s.held = append(s.held, g)
	}
}

// collect hears the order's notes, and returns those of the orders behind it. Notes are sorted by order.
func (s *said) collect(notes []note) []note {
	for len(notes) > 0 && notes[0].grant.Order <= s.order {
		if notes[0].grant.Order == s.order {
			s.hear(notes[0].shelf, notes[0].grant)
		}
		notes = notes[1:]
	}
	return notes
}

// judge names what is wrong with the order. twice names, for a delivery that is one too many, the one beside it.
func (s *said) judge(f *Findings, twice map[api.Order]api.Grant) {
	if len(s.held) > 0 {
		f.Held++
	}
	if len(s.delivered) > 0 {
		f.Delivered++
	}
	if len(s.logged) == 0 {
		s.ungranted(f, twice)
		return
	}
	f.Granted++
	grant := s.logged[0]
	for _, other := range s.logged[1:] {
		f.add(Difference{Regranted, grant, other})
	}
	s.delivery(f, grant, twice)
	s.holding(f, grant)
}

// judgeMark names what is wrong with a mark, of an order that the other data centre answers for.
func (s *said) judgeMark(f *Findings) {
	if len(s.held) > 0 {
		f.Marked++
	}
	if len(s.logged) == 0 {
		s.ungranted(f, nil)
		return
	}
	s.holding(f, s.logged[0])
}

// holding compares an order that was granted with what Redis holds of it, and with who logged it.
func (s *said) holding(f *Findings, grant api.Grant) {
	for _, h := range s.held {
		if h != grant {
			f.add(Difference{Misheld, grant, h})
		}
	}
	switch {
	case s.flags&home == 0:
		f.add(Difference{Kind: Poached, Grant: grant})
	case len(s.held) > 0 || s.flags&known == 0:
	case s.mark:
		f.add(Difference{Kind: Unmarked, Grant: grant})
	default:
		f.add(Difference{Kind: Unheld, Grant: grant})
	}
}

// ungranted is an order that the log does not know.
func (s *said) ungranted(f *Findings, twice map[api.Order]api.Grant) {
	for _, g := range s.delivered {
		s.undue(f, g, twice)
	}
	for _, g := range s.held {
		f.add(Difference{Kind: Unlogged, Grant: g})
	}
}

// undue is a delivery that nobody granted: one beside another, or one alone.
func (s *said) undue(f *Findings, g api.Grant, twice map[api.Order]api.Grant) {
	if other, ok := twice[g.Order]; ok {
		f.add(Difference{Duplicate, g, other})
		return
	}
	f.add(Difference{Kind: Orphan, Grant: g})
}

// delivery compares an order that was granted with what was delivered under it.
func (s *said) delivery(f *Findings, grant api.Grant, twice map[api.Order]api.Grant) {
	switch {
	case len(s.delivered) > 0:
	case s.flags&due != 0:
		f.add(Difference{Kind: Missing, Grant: grant})
	case s.flags&late != 0:
		f.Queued++
		f.add(Difference{Kind: Overdue, Grant: grant})
	default:
		f.Queued++
	}
	right := 0
	for _, d := range s.delivered {
		switch {
		case d != grant:
			f.add(Difference{Misdelivered, grant, d})
		case right > 0:
			f.add(Difference{Duplicate, grant, d})
		default:
			right++
		}
	}
	if other, ok := twice[s.order]; ok {
		f.add(Difference{Duplicate, grant, other})
	}
}
