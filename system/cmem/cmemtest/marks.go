package cmemtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/cmem"
)

// marks: the equal gift's five shares are two for a (0, 1) and three for b. In b's node, users of a have their shares
// already: they get them again, nothing leaves b's stock, and a failed attempt takes nothing from them.
func marks(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	stock := cmem.Stock{Activity: small(), Part: activity.Part{IDC: activity.B, Of: 2}, Marks: true}
	st.epoch++
	if err := st.store.Install(ctx, stock, st.epoch, each([]api.Grant{grant(0, 0, 7), grant(0, 2, 9), grant(0, 0, 7)})); err != nil {
		return err
	}
	marked := st.store.Mark(ctx, stock, st.epoch, each([]api.Grant{grant(0, 1, 8), grant(0, 0, 7), grant(0, 2, 9), grant(0, 1, 8)}))
	turn := st.turn()
	batch := asks(0, 7, 8, 9, 10)
	shares, err := st.store.Claim(ctx, turn, batch)
	if err != nil {
		return err
	}
	back, err := st.store.Return(ctx, turn, batch, shares)
	if err != nil {
		return err
	}
	again, err := st.claim(ctx, 0, 7, 8)
	if err != nil {
		return err
	}
	got, err := st.store.Receipts(ctx, asks(0, 8))
	if err != nil {
		return err
	}
	other := st.store.Mark(ctx, stock, st.epoch, each([]api.Grant{grant(0, 0, 8)}))
	late := st.store.Mark(ctx, stock, st.epoch-1, each([]api.Grant{grant(0, 1, 8)}))
	held := 0
	_, stocks, err := cmem.Books(ctx, st.addr, stock, func(books.Entry) error { held++; return nil })
	if err != nil {
		return err
	}
	var listed []books.Entry
	if err := cmem.Marks(ctx, st.addr, stock, func(e books.Entry) error { listed = append(listed, e); return nil }); err != nil {
		return err
	}
	slices.SortFunc(listed, func(x, y books.Entry) int { return cmp.Compare(x.Order, y.Order) })
	want := []books.Entry{{Grant: grant(0, 0, 7)}, {Grant: grant(0, 1, 8)}}
	if !slices.Equal(slices.Compact(listed), want) {
		return fmt.Errorf("marks %+v; want %+v", listed, want)
	}
	return errors.Join(marked, same("installed mark", shares[0], cmem.Share{Code: api.OK, Index: 0, Fen: 11, Server: 107, Repeat: true}),
		same("later mark", shares[1].Index, 1), same("own holder", shares[2].Index, 2), same("new holder", shares[3].Index, 3),
		same("returned", back, 1), same("a mark after a return", again[0].Index, 0), same("and the other", again[1].Index, 1),
		same("receipt", got[0].Index, 1), same("receipt's code", got[0].Code, api.OK), same("another share of the same user", errors.Is(other, cmem.ErrConflict), true),
		same("another epoch", errors.Is(late, cmem.ErrEpoch), true), same("in b's books", held, 1), same("taken of b's stock", stocks[0].Taken, 1))
}
