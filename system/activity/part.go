package activity

import (
	"errors"

	"redpacket/system/api"
	"redpacket/system/money"
)

// IDC is a data centre's place among those that share an activity.
type IDC uint8

// The two data centres, by the names that a topology gives them.
const (
	A IDC = iota // "a"
	B            // "b"
)

// IDCs is how many data centres there are at most.
const IDCs = 2

// String is the data centre's name: a or b.
func (i IDC) String() string { return string(rune('a' + i)) }

// Home is the data centre that a user belongs to when there are two: half of the users each, the same for ever.
func Home(user api.User) IDC {
	// The finaliser of MurmurHash3, which has nothing in common with the hashes that choose among instances: else all
	// users of one data centre would share one of its instances.
	x := uint64(user)
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return IDC(x >> 63)
}

// Part is the share of every gift's stock that one data centre gives out. The zero value is all of it.
type Part struct {
	IDC IDC   `json:"idc"`
	Of  uint8 `json:"of"` // how many data centres share the stock; 0 and 1: one has it all
}

// PartOf is the part of the data centre with this name among so many.
func PartOf(name string, of int) (Part, error) {
	for i := range IDC(IDCs) {
		if of == IDCs && i.String() == name {
			return Part{IDC: i, Of: IDCs}, nil
		}
	}
	if of <= 1 {
		return Part{}, nil
	}
	return Part{}, errors.New("a stock is shared by the data centres a and b; there is none called " + name)
}

// Check is nil for a part that there is.
func (p Part) Check() error {
	if p.Of > IDCs || p.IDC > 0 && uint8(p.IDC) >= p.Of {
		return errors.New("no such part of a stock")
	}
	return nil
}

// Other is the other data centre, of a part that is shared.
func (p Part) Other() IDC { return 1 - p.IDC }

// Shared says whether another data centre has a part too.
func (p Part) Shared() bool { return p.Of > 1 }

// Owns says whether a user's claims are this part's to decide, while every data centre is alive.
func (p Part) Owns(user api.User) bool { return !p.Shared() || Home(user) == p.IDC }

// Range is which of a gift's shares the part has: from … to-1. The parts of a gift are apart, and all its shares together.
// A gift of a single share is the last data centre's.
func (p Part) Range(shares uint32) (from, to uint32) {
	if !p.Shared() {
		return 0, shares
	}
	n, of := uint64(shares), uint64(p.Of)
	return uint32(n * uint64(p.IDC) / of), uint32(n * (uint64(p.IDC) + 1) / of)
}

// Has says whether an order is of one of the part's shares.
func (p Part) Has(g Gift, o api.Order) bool {
	from, to := p.Range(g.Shares)
	return o.Index() >= from && o.Index() < to
}

// Sum is the money of some shares.
func Sum(amounts []money.Fen) (sum money.Fen) {
	for _, fen := range amounts {
		sum += fen
	}
	return sum
}
