package cmemtest

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/cmem"
)

func returns(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	turn := st.turn()
	batch := asks(2, 1, 2, 3, 4)
	shares, err := st.store.Claim(ctx, turn, batch)
	if err != nil {
		return err
	}
	back, err := st.store.Return(ctx, turn, batch, shares)
	if err != nil {
		return err
	}
	again, err := st.store.Return(ctx, turn, batch, shares)
	if err != nil {
		return err
	}
	next, err := st.claim(ctx, 2, 9, 8, 7, 6)
	if err != nil {
		return err
	}
	holders, _, err := st.held(ctx)
	return errors.Join(err, same("returned", back, 3), same("returned again", again, 0), same("holders", len(holders), 3),
		same("first share's holder", holders[api.OrderOf(9, 2, 0)], api.User(9)), same("the fourth", next[3].Code, api.SoldOut))
}

// returnsJoined: an attempt that fails while another one holds the share too must not give it away, in whichever order
// they end, and however often their return is asked; a share that every attempt lost must go back.
func returnsJoined(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	batch, turns, shares := asks(2, 1), [3]cmem.Turn{}, [3][]cmem.Share{}
	for i := range turns {
		turns[i] = st.turn()
		if shares[i], err = st.store.Claim(ctx, turns[i], batch); err != nil {
			return err
		}
	}
	// The first attempt is durable (it is never returned); the later two fail. Then the first fails too.
	for i, want := range []int{0, 0, 1} {
		attempt := []int{2, 1, 0}[i]
		back, err := st.store.Return(ctx, turns[attempt], batch, shares[attempt])
		if err != nil || back != want {
			return fmt.Errorf("return of attempt %d gave %d back, want %d: %w", attempt, back, want, err)
		}
		if again, err := st.store.Return(ctx, turns[attempt], batch, shares[attempt]); err != nil || again != 0 {
			return fmt.Errorf("the same return of attempt %d, asked twice, gave %d back: %w", attempt, again, err)
		}
		holders, _, err := st.held(ctx)
		if err != nil || len(holders) != 1-want {
			return fmt.Errorf("after the return of attempt %d there are %d holders: %w", attempt, len(holders), err)
		}
	}
	return nil
}

func receipts(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	if _, err := st.claim(ctx, 1, 5); err != nil {
		return err
	}
	got, err := st.store.Receipts(ctx, []cmem.Ask{{User: 6, Gift: 1}, {User: 5, Gift: 1}, {User: 5, Gift: 0}, {User: 5, Gift: 1}})
	if err != nil {
		return err
	}
	g := grant(1, 0, 5)
	want := cmem.Share{Code: api.OK, Fen: g.Fen, Server: g.Server}
	double := want
	double.Repeat = true
	bad := st.store.Install(ctx, all(), st.epoch+1, each([]api.Grant{{User: 1}}))
	_, closed := st.store.Receipts(ctx, asks(0, 1))
	return errors.Join(same("nobody", got[0].Code, api.NotFound), same("holder", got[1], want), same("other gift", got[2].Code, api.NotFound),
		same("asked twice", got[3], double), same("failed installation", errors.Is(bad, cmem.ErrConflict), true),
		same("receipts of a closed node", errors.Is(closed, cmem.ErrEpoch), true))
}

func booksSum(ctx context.Context, addr string) error {
	st, err := open(ctx, addr, grant(0, 1, 3))
	if err != nil {
		return err
	}
	defer st.store.Close()
	for batch := range api.User(4) {
		turn := st.turn()
		list := append(asks(1, batch*10+1, batch*10+2, 3), asks(0, batch+1)...)
		shares, err := st.store.Claim(ctx, turn, list)
		if err != nil {
			return err
		}
		if batch%2 == 1 {
			if _, err := st.store.Return(ctx, turn, list, shares); err != nil {
				return err
			}
		}
	}
	holders, stocks, err := st.held(ctx)
	if err != nil {
		return err
	}
	stop := errors.New("enough")
	_, _, stopped := cmem.Books(ctx, addr, all(), func(books.Entry) error { return stop })
	return errors.Join(same("holders", uint32(len(holders)), stocks[0].Taken+stocks[1].Taken+stocks[2].Taken),
		same("equal", stocks[0].Taken, 2), same("lucky", stocks[1].Taken, 5), same("keep's error", errors.Is(stopped, stop), true))
}
