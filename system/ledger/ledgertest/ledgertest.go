// Package ledgertest asks a real PostgreSQL whether the ledger keeps its promises on it.
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/ledger"
	"redpacket/system/money"
)

// anActivity is one that no real run has, so that the questions can be asked of a ledger in use.
const anActivity = 32_000

// Behaves asks the ledger at dsn every question once; nil means that it keeps its promises. It leaves a few thousand
// deliveries of activity 32000 and its shadow behind and takes some seconds. It may be run on the same ledger once only.
func Behaves(ctx context.Context, dsn string) error {
	l, err := ledger.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer l.Close()
	for _, question := range []struct {
		name string
		ask  func(context.Context, *ledger.Ledger) error
	}{
		{"a new grant is delivered once", once},
		{"a user's gift is delivered once", oneGiftAUser},
		{"grants in one batch meet each other", withinABatch},
		{"the same orders from many sides are delivered once", fromManySides},
		{"a caller who leaves undoes nothing", leaving},
		{"bad grants are refused", refusals},
		{"a shadow's deliveries stand apart", shadows},
		{"dead letters are kept, once each", deadLetters},
	} {
		if err := question.ask(ctx, l); err != nil {
			return fmt.Errorf("ledger: %s: %w", question.name, err)
		}
	}
	return again(ctx, dsn)
}

// grant is a share of the made-up activity.
func grant(gift api.Gift, index uint32, user api.User, fen money.Fen) api.Grant {
	return api.Grant{Order: api.OrderOf(anActivity, gift, index), User: user, Fen: fen, Server: 65_535}
}

// want delivers grants and compares the results.
func want(ctx context.Context, l *ledger.Ledger, grants []api.Grant, results ...ledger.Result) error {
	got, err := l.Deliver(ctx, grants)
	if err == nil && !slices.Equal(got, results) {
		err = fmt.Errorf("got %v, want %v", got, results)
	}
	return err
}

// once asks for one order again: by the same user, by another, and with another amount.
func once(ctx context.Context, l *ledger.Ledger) error {
	g := grant(0, 1, 1<<62+7, 2000)
	return errors.Join(
		want(ctx, l, []api.Grant{g}, ledger.Delivered),
		want(ctx, l, []api.Grant{g}, ledger.Repeat),
		want(ctx, l, []api.Grant{grant(0, 1, 8, 2000)}, ledger.Conflict),
		want(ctx, l, []api.Grant{grant(0, 1, 1<<62+7, 2001)}, ledger.Conflict),
		want(ctx, l, nil),
	)
}

// oneGiftAUser asks for a user's gift under a second order, and for the user's other gift.
func oneGiftAUser(ctx context.Context, l *ledger.Ledger) error {
	return errors.Join(
		want(ctx, l, []api.Grant{grant(1, 1, 9, 100)}, ledger.Delivered),
		want(ctx, l, []api.Grant{grant(1, 2, 9, 100)}, ledger.Conflict),
		want(ctx, l, []api.Grant{grant(2, 1, 9, 100)}, ledger.Delivered),
	)
}

// withinABatch puts into one statement what otherwise comes in several.
func withinABatch(ctx context.Context, l *ledger.Ledger) error {
	taken, free := grant(3, 1, 9, 100), grant(3, 2, 10, 100)
	return errors.Join(
		want(ctx, l, []api.Grant{grant(3, 9, 20, 1)}, ledger.Delivered),
		want(ctx, l, []api.Grant{taken, taken, free, grant(3, 3, 10, 100), grant(3, 4, 20, 1), grant(3, 2, 11, 100)},
			ledger.Delivered, ledger.Repeat, ledger.Delivered, ledger.Conflict, ledger.Conflict, ledger.Conflict),
		// The first of an order's two users has the gift already, so the order is the second's.
		want(ctx, l, []api.Grant{grant(3, 5, 20, 1), grant(3, 5, 21, 1)}, ledger.Conflict, ledger.Delivered),
	)
}

// fromManySides delivers overlapping batches, in opposite orders, at once.
func fromManySides(ctx context.Context, l *ledger.Ledger) error {
	const sides, many = 6, 1500
	delivered := make([]int, sides)
	failures := make([]error, sides)
	var all sync.WaitGroup
	for side := range sides {
		all.Go(func() {
			var grants []api.Grant
			for i := range uint32(many) {
				grants = append(grants, grant(4, i, api.User(i+1), 1))
			}
			if side%2 == 1 {
				slices.Reverse(grants)
			}
			var results []ledger.Result
			results, failures[side] = l.Deliver(ctx, grants)
			for _, r := range results {
				if r == ledger.Delivered {
					delivered[side]++
				}
			}
		})
	}
	all.Wait()
	sum := 0
	for _, n := range delivered {
		sum += n
	}
	if err := errors.Join(failures...); err != nil || sum != many {
		return errors.Join(err, fmt.Errorf("%d deliveries of %d orders", sum, many))
	}
	return nil
}

// leaving delivers under a context that ends at once: the answer is either all or an error, and asking again is safe.
func leaving(ctx context.Context, l *ledger.Ledger) error {
	for i := range uint32(20) {
		g := []api.Grant{grant(5, i, api.User(i+1), 1)}
		gone, leave := context.WithCancel(ctx)
		go leave()
		got, err := l.Deliver(gone, g)
		leave()
		if err == nil && got[0] != ledger.Delivered {
			return fmt.Errorf("first time: %v", got)
		}
		again, failed := l.Deliver(ctx, g)
		if failed != nil || again[0] == ledger.Conflict || (err == nil && again[0] != ledger.Repeat) {
			return fmt.Errorf("first %v %v, then %v %v", got, err, again, failed)
		}
	}
	return nil
}

// refusals are batches that must not reach the table.
func refusals(ctx context.Context, l *ledger.Ledger) error {
	for _, bad := range [][]api.Grant{
		{grant(6, 1, 0, 1)}, {grant(6, 1, 1, 0)}, {grant(6, 1, 1, -5)}, make([]api.Grant, ledger.MaxGrants+1),
	} {
		if got, err := l.Deliver(ctx, bad); err == nil {
			return fmt.Errorf("%d bad grants: %v and no error", len(bad), got)
		}
	}
	return nil
}

// shadow is the grant to a pressure user of the same share, in the activity's shadow.
func shadow(g api.Grant) api.Grant {
	g.Order = api.OrderOf(api.ShadowOf(anActivity), g.Order.Gift(), g.Order.Index())
	g.User = g.User.Pressure()
	return g
}

// shadows delivers shares that real users have to pressure users, too, in one batch with real ones; whose user and mark
// contradict each other is refused alone.
func shadows(ctx context.Context, l *ledger.Ledger) error {
	real, one := grant(7, 2, 5, 100), shadow(grant(7, 1, 5, 100))
	lost, made := one, grant(7, 3, 6, 100)
	lost.Order = lost.Order.Real()
	made.Order = shadow(made).Order
	return errors.Join(
		want(ctx, l, []api.Grant{grant(7, 1, 5, 100)}, ledger.Delivered),
		want(ctx, l, []api.Grant{one, grant(7, 1, 5, 100), lost, made, one}, ledger.Delivered, ledger.Repeat, ledger.Tagless, ledger.Tagless, ledger.Repeat),
		want(ctx, l, []api.Grant{shadow(real)}, ledger.Conflict), // the pressure user has the gift already
		want(ctx, l, []api.Grant{lost}, ledger.Tagless),
	)
}

// again opens the ledger a second time and reads its books.
func again(ctx context.Context, dsn string) error {
	l, err := ledger.Open(ctx, dsn)
	if err != nil {
		return err
	}
	l.Close()
	rows, found := 0, false
	first := grant(0, 1, 1<<62+7, 2000)
	err = ledger.Books(ctx, dsn, func(e books.Entry) error {
		if e.Order.Activity() == anActivity {
			rows++
			found = found || e.Grant == first
		}
		return nil
	})
	if err == nil && (rows != 1+2+4+1500+20+1 || !found) {
		err = fmt.Errorf("books: %d rows, the first delivery among them: %v", rows, found)
	}
	var shadows []api.Grant
	err = errors.Join(err, ledger.Shadow(ctx, dsn, func(e books.Entry) error {
		if e.Order.Activity() == api.ShadowOf(anActivity) {
			shadows = append(shadows, e.Grant)
		}
		return nil
	}))
	if one := shadow(grant(7, 1, 5, 100)); !slices.Equal(shadows, []api.Grant{one}) {
		err = errors.Join(err, fmt.Errorf("shadow books: %v, want %v alone", shadows, one))
	}
	stop := errors.New("stop")
	if got := ledger.Books(ctx, dsn, func(books.Entry) error { return stop }); !errors.Is(got, stop) {
		err = errors.Join(err, fmt.Errorf("books: went on when told to stop: %v", got))
	}
	return err
}
