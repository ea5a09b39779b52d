package cmem

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
)

// A mark is a holder of a share that is not of this node's part: the user got it from the other data centre, and is given
// the same share again here. It stands where the node's own holders do, so a claim costs what it did; it has one hold that
// nobody takes away, so it is never returned to a stock.

// Mark gives marks to an open node: users who are the other data centre's, with what that one granted them. It may be
// done again, and may meet users who claim. ErrEpoch: the node is at another epoch; ErrConflict: a user has another share
// of the gift, or the grant is none of the activity's other part.
func (s *Store) Mark(ctx context.Context, stock Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error {
	m := marking{store: s, stock: stock, epoch: strconv.FormatUint(uint64(epoch), 10), waiting: map[api.Gift][]api.Grant{}}
	for g, err := range grants {
		if err != nil {
			return fmt.Errorf("read the grants to mark: %w", err)
		}
		if err := m.add(ctx, g); err != nil {
			return err
		}
	}
	for gift := range m.waiting {
		if err := m.send(ctx, gift); err != nil {
			return err
		}
	}
	return nil
}

// marking is one run of Mark.
type marking struct {
	store   *Store
	stock   Stock
	epoch   string
	waiting map[api.Gift][]api.Grant
	amounts map[api.Gift][]money.Fen // of every gift of the platform, from the first grant on
}

func (m *marking) add(ctx context.Context, g api.Grant) error {
	number, ok := m.stock.Activity.Number(g.Order)
	gift, _ := m.stock.Activity.Gift(number)
	if ok && m.stock.Part.Has(gift, g.Order) {
		return nil // a repeat of a share of our own, that the other data centre logged when it had our users
	}
	if !ok || !isMark(&m.stock.Activity, m.stock.Part, g) {
		return fmt.Errorf("%w: order %d of user %d is not of activity %d", ErrConflict, g.Order, g.User, m.stock.Activity.ID)
	}
	if m.amounts == nil {
		m.amounts = map[api.Gift][]money.Fen{}
		for _, o := range m.stock.Activity.Offers() {
			for _, g := range o.Gifts {
				m.amounts[o.Base+g.ID] = o.Amounts(g)
			}
		}
	}
	if want := m.amounts[number][g.Order.Index()]; g.Fen != want {
		return fmt.Errorf("%w: order %d is worth %d fen in the log, %d in the activity", ErrConflict, g.Order, g.Fen, want)
	}
	m.waiting[number] = append(m.waiting[number], g)
	if len(m.waiting[number]) < stepGrants {
		return nil
	}
	return m.send(ctx, number)
}

func (m *marking) send(ctx context.Context, gift api.Gift) error {
	waiting := m.waiting[gift]
	if len(waiting) == 0 {
		return nil
	}
	args := append(make([]string, 0, 2+2*len(waiting)), m.epoch, strconv.Itoa(int(gift)))
	for _, g := range waiting {
		args = append(args, string(binary.BigEndian.AppendUint64(nil, uint64(g.User))), string(held(nil, g, 1)))
	}
	m.waiting[gift] = waiting[:0]
	at, err := m.store.scripts.mark.Exec(ctx, m.store.client, nil, args).AsInt64()
	if err != nil {
		return meaning("mark holders", err)
	}
	if at > 0 {
		return fmt.Errorf("%w: user %d has another share of gift %d than order %d", ErrConflict, waiting[at-1].User, gift, waiting[at-1].Order)
	}
	return nil
}

// isMark says that a grant is of the activity, and of another part than this.
func isMark(a *activity.Activity, p activity.Part, g api.Grant) bool {
	gift, ok := a.GiftOf(g.Order)
	return ok && p.Shared() && g.User != 0 && !g.Poisoned() && g.Order.Index() < gift.Shares && !p.Has(gift, g.Order)
}

// mark takes in a grant of another part while the node is installed.
func (in *installation) mark(ctx context.Context, gift api.Gift, g api.Grant) error {
	sh, index := in.shelves[gift], g.Order.Index()
	if want := uint32(sh.others[index]); uint32(g.Fen) != want {
		return fmt.Errorf("%w: order %d is worth %d fen in the log, %d in the activity", ErrConflict, g.Order, g.Fen, want)
	}
	switch was := sh.marked[index]; was {
	case g.User:
		return nil
	case 0:
		sh.marked[index] = g.User
	default:
		return fmt.Errorf("%w: order %d is granted to user %d and to user %d", ErrConflict, g.Order, was, g.User)
	}
	return in.holder(ctx, gift, g)
}
