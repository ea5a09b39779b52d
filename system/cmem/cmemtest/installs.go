package cmemtest

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/api"
	"redpacket/system/cmem"
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
		if err := st.store.Install(ctx, small(), st.epoch, each(bad)); !errors.Is(err, cmem.ErrConflict) {
			return fmt.Errorf("log %d was installed: %v", i, err)
		}
		if _, err := st.claim(ctx, 0, 1); !errors.Is(err, cmem.ErrEpoch) {
			return fmt.Errorf("log %d was refused, and the node is open: %v", i, err)
		}
	}
	return nil
}

// oldKeeper: a keeper of epoch n+1 stops in the middle, another installs n+2; whatever the first does then is refused.
func oldKeeper(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	newer := func() error {
		return st.store.Install(ctx, small(), st.epoch+2, each([]api.Grant{grant(0, 0, 1)}))
	}
	var inner error
	late := st.store.Install(ctx, small(), st.epoch+1, func(yield func(api.Grant, error) bool) {
		inner = newer()
		yield(grant(0, 1, 2), nil)
	})
	later := st.store.Install(ctx, small(), st.epoch+1, each(nil))
	st.epoch += 2
	holders, _, err := st.held(ctx)
	return errors.Join(err, inner, same("the older keeper's load", errors.Is(late, cmem.ErrEpoch), true),
		same("its second try", errors.Is(later, cmem.ErrEpoch), true), same("holders", len(holders), 1))
}
