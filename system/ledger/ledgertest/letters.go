package ledgertest

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/ledger"
)

// deadLetters writes some, one of them again, and solves it.
func deadLetters(ctx context.Context, l *ledger.Ledger) error {
	letter := func(kind string, user api.User, why string) ledger.Letter {
		return ledger.Letter{Kind: kind, Grant: grant(9, 1, user, 7), Why: why}
	}
	a, b := letter("orphan", 1<<63+1, "first"), letter("missing", 5, "x")
	one, err := l.Bury(ctx, []ledger.Letter{a, b, a})
	a.Why = "second"
	two, again := l.Bury(ctx, []ledger.Letter{a, letter("orphan", 6, "y")})
	solved := l.Solve(ctx, "missing", []api.Order{b.Grant.Order})
	if err := errors.Join(err, again, solved); err != nil || one != 2 || two != 1 {
		return errors.Join(err, fmt.Errorf("%d and %d new letters, want 2 and 1", one, two))
	}
	got := map[string]ledger.Letter{}
	err = l.Letters(ctx, func(d ledger.Letter) error {
		if d.Grant.Order == a.Grant.Order {
			got[fmt.Sprint(d.Kind, d.Grant.User)] = d
		}
		return nil
	})
	first, other := got[fmt.Sprint("orphan", a.Grant.User)], got[fmt.Sprint("missing", b.Grant.User)]
	switch {
	case err != nil:
		return err
	case len(got) != 3 || first.Grant != a.Grant || first.Seen != 2 || first.Why != "second" || first.Solved || !other.Solved:
		return fmt.Errorf("the letters read %+v", got)
	}
	return nil
}

// Forget deletes one delivery in every so many of the ledger at dsn, as a fault that no key prevents would, and returns
// those it deleted.
func Forget(ctx context.Context, dsn string, every int) (gone []api.Grant, err error) {
	nth := 0
	err = ledger.Books(ctx, dsn, func(e books.Entry) error {
		if nth++; nth%every == 0 {
			gone = append(gone, e.Grant)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return gone, Spoil(ctx, dsn, gone, "DELETE FROM delivery WHERE order_id = $1")
}

// Spoil runs a statement of SQL for each order ($1) of the ledger at dsn, past every rule of the package ledger.
func Spoil(ctx context.Context, dsn string, grants []api.Grant, sql string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	for _, g := range grants {
		if _, err := c.Exec(ctx, sql, int64(g.Order)); err != nil {
			return fmt.Errorf("spoil order %d: %w", g.Order, err)
		}
	}
	return nil
}
