package judge

import (
	"fmt"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
)

// AmountsTrue asks whether everybody who was granted a share was told its amount, whichever version told it.
type AmountsTrue struct{}

// String is the promise.
func (AmountsTrue) String() string {
	return "every amount that a user was told is that of the share, whichever version told it"
}

// Kind is Invariant.
func (AmountsTrue) Kind() Kind { return Invariant }

// Check reads the journal once.
func (AmountsTrue) Check(c *Case) (Finding, error) {
	amounts, err := NewAmounts(c.Activity)
	if err != nil {
		return Finding{}, err
	}
	var wrong wrongs
	looked := uint64(0)
	for a, err := range c.Attempts() {
		if err != nil {
			return Finding{}, err
		}
		if a.Outcome == api.Done {
			looked++
		}
		if why, off := amounts.Of(a); off != 0 {
			wrong.add(int64(off), "%s", why)
		}
	}
	return verdictOn(wrong, looked, "%d amounts are as they were split", looked), nil
}

// Amounts knows what each share of an activity is worth, 8 bytes a share of the gifts that were asked about. It is for one goroutine.
type Amounts struct {
	of     activity.Activity
	shares map[api.Gift][]money.Fen
}

// NewAmounts is an error when the activity is none.
func NewAmounts(of activity.Activity) (*Amounts, error) {
	if err := of.Check(); err != nil { // what stands in a file may ask for any amount of memory
		return nil, fmt.Errorf("the recorded activity is none: %w", err)
	}
	return &Amounts{of, map[api.Gift][]money.Fen{}}, nil
}

// Of says what is wrong with what a claim was told if it was granted, and by how many fen; 0: nothing.
func (m *Amounts) Of(a loadprofiles.Attempt) (why string, off money.Fen) {
	if a.Outcome != api.Done {
		return "", 0
	}
	version := "old"
	if a.Gray {
		version = "new"
	}
	gift, there := m.of.Number(a.Order)
	shares, known := m.shares[gift]
	if !known && there {
		shares = m.of.AmountsOf(gift)
		m.shares[gift] = shares
	}
	if !there {
		gift, shares = a.Order.Gift(), nil
	}
	if gift != a.Gift || uint64(a.Order.Index()) >= uint64(len(shares)) {
		return say("gift %d, order %d, user %d: was told by the %s version of a share that there is not", a.Gift, a.Order, a.User, version), max(a.Fen, 1)
	}
	if off = a.Fen - shares[a.Order.Index()]; off != 0 {
		return say("gift %d, order %d, user %d: was told %d fen by the %s version, the share has %d", gift, a.Order, a.User, a.Fen, version, shares[a.Order.Index()]), off
	}
	return "", 0
}
