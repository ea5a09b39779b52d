package cmemtest

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/cmem"
	"redpacket/system/money"
)

// platform: one user takes the same gift of an activity, of its neighbour and, as a pressure user, of its shadow, out of three
// stocks, in one batch; a rebuild from what was granted gives each again; a lost tag is refused.
func platform(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	stock := all()
	stock.Activity.Beside, stock.Activity.Shadow = []activity.Activity{small()}, true
	stock.Activity.Beside[0].ID = 8
	st.epoch++
	if err := st.store.Install(ctx, stock, st.epoch, each(nil)); err != nil {
		return err
	}
	gifts := []api.Gift{0, api.Gift(0).In(1, false), api.Gift(0).In(0, true)}
	asks := []cmem.Ask{{User: 5, Gift: gifts[0]}, {User: 5, Gift: gifts[1]}, {User: api.User(5).Pressure(), Gift: gifts[2]}}
	first, err := st.store.Claim(ctx, st.turn(), asks)
	if err != nil {
		return err
	}
	var grants []api.Grant
	for i, s := range first {
		if s.Code != api.OK || s.Index != 0 || s.Repeat {
			return fmt.Errorf("gift %d: %+v, want the first share of a stock of its own", gifts[i], s)
		}
		grants = append(grants, api.Grant{Order: stock.Activity.OrderOf(gifts[i], s.Index), User: asks[i].User, Fen: s.Fen})
	}
	_, lost := st.store.Claim(ctx, st.turn(), []cmem.Ask{{User: 6, Gift: 0}, {User: api.User(5).Pressure(), Gift: 0}})
	if !errors.Is(lost, cmem.ErrTagless) {
		return fmt.Errorf("a pressure user without the tag: %v", lost)
	}
	poisoned := grants[2]
	poisoned.Order = poisoned.Order.Real()
	st.epoch++
	if err := st.store.Install(ctx, stock, st.epoch, each([]api.Grant{poisoned})); !errors.Is(err, cmem.ErrConflict) {
		return fmt.Errorf("filled with a pressure user's real grant: %v", err)
	}
	st.epoch++
	if err := st.store.Install(ctx, stock, st.epoch, each(grants)); err != nil {
		return err
	}
	again, err := st.store.Claim(ctx, st.turn(), asks)
	for i, s := range again {
		if s.Index != 0 || !s.Repeat || s.Fen != first[i].Fen {
			return fmt.Errorf("gift %d after a rebuild: %+v, %v", gifts[i], s, err)
		}
	}
	return errors.Join(err, apart(ctx, addr, stock, grants))
}

// apart reads the books: each grant has its holder, and the four stocks their money.
func apart(ctx context.Context, addr string, stock cmem.Stock, grants []api.Grant) error {
	held := map[api.Order]api.User{}
	sum := money.Fen(0)
	_, stocks, err := cmem.Books(ctx, addr, stock, func(e books.Entry) error {
		held[e.Order] = e.User
		sum += e.Fen
		return nil
	})
	for _, s := range stocks {
		sum += s.Remaining
	}
	for _, g := range grants {
		err = errors.Join(err, same("the holder of a share", held[g.Order], g.User))
	}
	return errors.Join(err, same("stocks", len(stocks), 12), same("the money of four stocks", sum, 4*small().Funded()))
}
