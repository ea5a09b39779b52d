package cmemtest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/cmem"
	"redpacket/system/money"
)

func installs(ctx context.Context, addr string) error {
	g := []api.Grant{grant(0, 0, 1), grant(0, 3, 4), grant(0, 0, 1), grant(1, 1, 4), grant(0, 1, 2)}
	st, err := open(ctx, addr, g...)
	if err != nil {
		return err
	}
	defer st.store.Close()
	before, _, err := st.held(ctx)
	if err != nil {
		return err
	}
	shares, err := st.claim(ctx, 0, 4, 50, 51, 52)
	if err != nil {
		return err
	}
	holders, stocks, err := st.held(ctx)
	return errors.Join(err, same("installed", len(before), 4), same("repeat", shares[0], cmem.Share{Code: api.OK, Index: 3, Fen: 10, Server: 104, Repeat: true}),
		same("the gap first", shares[1].Index, 2), same("then the next", shares[2].Index, 4), same("then none", shares[3].Code, api.SoldOut),
		same("held", holders[api.OrderOf(9, 0, 2)], api.User(50)), same("sold", stocks[0].Remaining, 0))
}

func installsNothingFalse(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	wrongFen, wrongActivity := grant(0, 0, 1), grant(0, 0, 1)
	wrongFen.Fen++
	wrongActivity.Order = api.OrderOf(8, 0, 0)
	for i, bad := range [][]api.Grant{
		{grant(0, 0, 1), grant(0, 0, 2)},
		{grant(0, 0, 1), grant(0, 1, 1)},
		{wrongFen}, {wrongActivity}, {{Order: api.OrderOf(9, 0, 5), User: 1, Fen: 10}}, {grant(0, 0, 0)},
	} {
		st.epoch++
		if err := st.store.Install(ctx, all(), st.epoch, each(bad)); !errors.Is(err, cmem.ErrConflict) {
			return fmt.Errorf("log %d was installed: %v", i, err)
		}
		if _, err := st.claim(ctx, 0, 1); !errors.Is(err, cmem.ErrEpoch) {
			return fmt.Errorf("log %d was refused, and the node is open: %v", i, err)
		}
	}
	return nil
}

// partOfStock: the equal gift's five shares are two for a and three for b; b is rebuilt with its second share granted.
func partOfStock(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	stock := cmem.Stock{Activity: small(), Part: activity.Part{IDC: activity.A, Of: 2}}
	st.epoch++
	if err := st.store.Install(ctx, stock, st.epoch, each([]api.Grant{grant(0, 2, 9)})); !errors.Is(err, cmem.ErrConflict) {
		return fmt.Errorf("a took in a grant of b's: %v", err)
	}
	inA, errA := st.soldOut(ctx, stock, 2)
	stock.Part.IDC = activity.B
	inB, errB := st.soldOut(ctx, stock, 3, grant(0, 3, 9))
	return errors.Join(errA, errB, same("what a gives out", inA, "0 1"), same("what b gives out", inB, "2 4"))
}

// soldOut installs a part of the stock with some grants, sells its equal gift out, and returns the shares it gave out. The
// books must show so many holders of the gift, and the part's money to the fen.
func (st *stage) soldOut(ctx context.Context, stock cmem.Stock, holders int, grants ...api.Grant) (given string, err error) {
	st.epoch++
	if err := st.store.Install(ctx, stock, st.epoch, each(grants)); err != nil {
		return "", err
	}
	shares, err := st.claim(ctx, 0, 1, 2, 3, 4, 5)
	if err != nil {
		return "", err
	}
	for _, s := range shares {
		if s.Code == api.OK {
			given += fmt.Sprintf(" %d", s.Index)
		}
	}
	var granted, remaining, funded money.Fen
	_, stocks, err := cmem.Books(ctx, st.addr, stock, func(e books.Entry) error { granted += e.Fen; return nil })
	for _, s := range stocks {
		remaining += s.Remaining
	}
	for _, g := range stock.Activity.Gifts {
		from, to := stock.Part.Range(g.Shares)
		funded += activity.Sum(stock.Activity.Amounts(g)[from:to])
	}
	if err == nil {
		err = errors.Join(same("holders", int(stocks[0].Taken), holders), same("the part's money", granted+remaining, funded))
	}
	return strings.TrimSpace(given), err
}

// oldKeeper: a keeper of epoch n+1 stops in the middle, another installs n+2; whatever the first does then is refused.
func oldKeeper(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	newer := func() error {
		return st.store.Install(ctx, all(), st.epoch+2, each([]api.Grant{grant(0, 0, 1)}))
	}
	var inner error
	late := st.store.Install(ctx, all(), st.epoch+1, func(yield func(api.Grant, error) bool) {
		inner = newer()
		yield(grant(0, 1, 2), nil)
	})
	later := st.store.Install(ctx, all(), st.epoch+1, each(nil))
	st.epoch += 2
	holders, _, err := st.held(ctx)
	return errors.Join(err, inner, same("the older keeper's load", errors.Is(late, cmem.ErrEpoch), true),
		same("its second try", errors.Is(later, cmem.ErrEpoch), true), same("holders", len(holders), 1))
}
