package cmemtest

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/api"
	"redpacket/system/cmem"
)

func repeats(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	first, err := st.claim(ctx, 0, 7)
	if err != nil {
		return err
	}
	again, err := st.store.Claim(ctx, st.turn(), []cmem.Ask{{User: 7, Gift: 0, Server: 1}, {User: 8, Gift: 1}})
	if err != nil {
		return err
	}
	want := cmem.Share{Code: api.OK, Index: 0, Fen: 11, Server: 107}
	second := want
	second.Repeat = true
	return errors.Join(same("first", first[0], want), same("again", again[0], second),
		same("another user's", again[1].Repeat, false))
}

func sellsOut(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	users := make([]api.User, 70)
	got := 0
	for round := range api.User(2) {
		for i := range users {
			users[i] = round*70 + api.User(i) + 1
		}
		shares, err := st.claim(ctx, 1, users...)
		if err != nil {
			return err
		}
		for i, s := range shares {
			if s.Code == api.OK {
				got++
			} else if s.Code != api.SoldOut || int(round)*70+i < 100 {
				return fmt.Errorf("claim %d: %v", int(round)*70+i, s.Code)
			}
		}
	}
	late, err := st.claim(ctx, 1, 999, 3)
	if err != nil {
		return err
	}
	_, stocks, err := st.held(ctx)
	if err != nil {
		return err
	}
	return errors.Join(same("granted", got, 100), same("after the end", late[0].Code, api.SoldOut),
		same("the holder's repeat", late[1].Code, api.OK), same("taken", stocks[1].Taken, 100), same("remaining", stocks[1].Remaining, 0))
}

func doubles(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	turn := st.turn()
	batch := []cmem.Ask{{User: 1, Gift: 2}, {User: 1, Gift: 0}, {User: 1, Gift: 2}, {User: 2, Gift: 2}, {User: 1, Gift: 2}}
	shares, err := st.store.Claim(ctx, turn, batch)
	if err != nil {
		return err
	}
	for _, i := range []int{2, 4} {
		if shares[i].Index != shares[0].Index || !shares[i].Repeat || shares[0].Repeat {
			return fmt.Errorf("first %+v, double %+v", shares[0], shares[i])
		}
	}
	back, err := st.store.Return(ctx, turn, batch, shares)
	if err != nil {
		return err
	}
	holders, _, err := st.held(ctx)
	return errors.Join(err, same("returned", back, 3), same("holders", len(holders), 0))
}

func wrongEpoch(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	for _, epoch := range []uint32{0, st.epoch - 1, st.epoch + 1} {
		turn := st.turn()
		turn.Epoch = epoch
		if _, err := st.store.Claim(ctx, turn, asks(0, 1)); !errors.Is(err, cmem.ErrEpoch) {
			return fmt.Errorf("claim at epoch %d of %d: %v", epoch, st.epoch, err)
		}
		if _, err := st.store.Settle(ctx, turn); !errors.Is(err, cmem.ErrEpoch) {
			return fmt.Errorf("settle at epoch %d of %d: %v", epoch, st.epoch, err)
		}
	}
	holders, _, err := st.held(ctx)
	return errors.Join(err, same("holders", len(holders), 0))
}

func settleHappened(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	turn := st.turn()
	batch := append(asks(1, 5, 6), cmem.Ask{User: 5, Gift: 0}, cmem.Ask{User: 5, Gift: 1})
	shares, err := st.store.Claim(ctx, turn, batch)
	if err != nil {
		return err
	}
	settled, err := st.store.Settle(ctx, turn)
	if err != nil || len(settled) != len(shares) {
		return fmt.Errorf("settled %d of %d: %w", len(settled), len(shares), err)
	}
	for i := range shares {
		if settled[i] != shares[i] {
			return fmt.Errorf("ask %d: answered %+v, settled %+v", i, shares[i], settled[i])
		}
	}
	return nil
}

func settleNever(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	turn := st.turn()
	if settled, err := st.store.Settle(ctx, turn); err != nil || settled != nil {
		return fmt.Errorf("settle of a batch never sent: %v, %v", settled, err)
	}
	if _, err := st.store.Claim(ctx, turn, asks(0, 1)); !errors.Is(err, cmem.ErrVoid) {
		return fmt.Errorf("a claim after its batch was void: %v", err)
	}
	next, err := st.claim(ctx, 0, 1)
	if err != nil {
		return err
	}
	return same("the next batch", next[0], cmem.Share{Code: api.OK, Fen: 11, Server: 101})
}

func leftovers(ctx context.Context, addr string) error {
	st, err := open(ctx, addr)
	if err != nil {
		return err
	}
	defer st.store.Close()
	for user := range api.User(3) {
		if _, err := st.claim(ctx, 0, user+1); err != nil {
			return err
		}
	}
	turn := st.turn()
	turn.Finished = []uint64{1, 3}
	if _, err := st.store.Claim(ctx, turn, asks(0, 4)); err != nil {
		return err
	}
	left, err := st.store.Leftovers(ctx, turn)
	if err != nil || len(left) != 1 || left[0].Batch != 2 {
		return fmt.Errorf("leftovers below batch %d: %+v, %w", turn.Batch, left, err)
	}
	want := cmem.Share{Code: api.OK, Index: 1, Fen: 11, Server: 102}
	return errors.Join(same("ask", left[0].Asks[0], asks(0, 2)[0]), same("share", left[0].Shares[0], want))
}
