package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"redpacket/system/api"
	"redpacket/system/money"
	"redpacket/system/mutant"
)

// One statement a batch, committed by itself.
const enter = `INSERT INTO delivery (order_id, activity, user_id, gift, fen, server)
	SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::int[], $5::bigint[], $6::int[])
	ON CONFLICT DO NOTHING RETURNING order_id, user_id`

// What stands in the way of each order: itself, or the user's gift under another order.
const lookUp = `SELECT asked.order_id, o.user_id, o.fen, u.order_id IS NOT NULL
	FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::int[]) AS asked (order_id, activity, user_id, gift)
	LEFT JOIN delivery o ON o.order_id = asked.order_id
	LEFT JOIN delivery u ON u.activity = asked.activity AND u.user_id = asked.user_id AND u.gift = asked.gift`

// Deliver enters grants, at most MaxGrants of them, and returns the result of each, in order. When it returns nil all
// results are committed. Any error leaves everything open: ask again with the same grants. It may block for some
// seconds longer than ctx lives, because a commit is never cancelled.
func (l *Ledger) Deliver(ctx context.Context, grants []api.Grant) ([]Result, error) {
	if len(grants) == 0 {
		return nil, nil
	}
	if len(grants) > MaxGrants {
		return nil, fmt.Errorf("deliver %d grants: want at most %d", len(grants), MaxGrants)
	}
	if i := slices.IndexFunc(grants, func(g api.Grant) bool { return !fits(g) }); i >= 0 {
		return nil, fmt.Errorf("deliver order %d: user %d, %d fen: neither may be 0", grants[i].Order, grants[i].User, grants[i].Fen)
	}
	results := make([]Result, len(grants))
	err := l.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		for _, shadow := range []bool{false, true} {
			if err := deliverOf(ctx, c, shadow, grants, results); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("deliver %d grants: %w: %w", len(grants), ErrUnknown, err)
	}
	return results, nil
}

// deliverOf enters the real grants, or those of the shadow, each kind into its own table, and notes their results. Mostly
// all are of one kind: then it is one statement for all, and none for the other kind.
func deliverOf(ctx context.Context, c *pgx.Conn, shadow bool, grants []api.Grant, results []Result) error {
	var some []api.Grant
	var places []int
	for i, g := range grants {
		if g.Order.Shadow() != shadow {
			continue
		}
		if g.Poisoned() {
			results[i] = Tagless
			continue
		}
		some, places = append(some, g), append(places, i)
	}
	if len(some) == 0 {
		return nil
	}
	got, err := deliver(ctx, on{c, shadow}, some)
	for i := range got {
		results[places[i]] = got[i]
	}
	return err
}

// on is a connection, and which of the two tables a statement is about.
type on struct {
	*pgx.Conn
	shadow bool
}

// Query asks about that table.
func (o on) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if o.shadow {
		sql = shadowed(sql)
	}
	return o.Conn.Query(ctx, sql, args...)
}

// deliver enters what it can, then asks why the rest could not be entered. The rest was committed by somebody before
// our statement ended, so the second statement sees it.
func deliver(ctx context.Context, c on, grants []api.Grant) ([]Result, error) {
	entered, err := insert(ctx, c, grants)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(grants))
	var rest []api.Grant
	for i, g := range grants {
		if entered[row{g.Order, g.User}] {
			results[i] = Delivered
			delete(entered, row{g.Order, g.User}) // the same grant later in this batch is a repeat
		} else {
			rest = append(rest, g)
		}
	}
	if len(rest) == 0 {
		return results, nil
	}
	held, err := holders(ctx, c, rest)
	if err != nil {
		return nil, err
	}
	for i, g := range grants {
		if results[i] != Unasked {
			continue
		}
		if results[i] = held[g.Order].result(g); results[i] == Unasked {
			return nil, fmt.Errorf("order %d was not entered, and nothing stands in its way", g.Order)
		}
	}
	return results, nil
}

// row is what tells one row of a statement from another.
type row struct {
	order api.Order
	user  api.User
}

// insert returns the rows that were not there. Rows go in the orders' order: two statements that meet each other's
// rows the other way round would wait for each other.
func insert(ctx context.Context, c on, grants []api.Grant) (map[row]bool, error) {
	sorted := slices.Clone(grants)
	slices.SortStableFunc(sorted, func(a, b api.Grant) int { return cmp.Compare(a.Order, b.Order) })
	if mutant.Is(mutant.OtherOrder) {
		sorted = append(sorted, underOtherOrders(grants)...)
	}
	columns := columnsOf(sorted)
	rows, err := c.Query(ctx, enter, columns.order, columns.activity, columns.user, columns.gift, columns.fen, columns.server)
	if err != nil {
		return nil, err
	}
	entered := make(map[row]bool, len(grants))
	var order, user int64
	_, err = pgx.ForEachRow(rows, []any{&order, &user}, func() error {
		entered[row{api.Order(order), api.User(user)}] = true
		return nil
	})
	return entered, err
}

// holders looks up what stands in the way of grants that were not entered.
func holders(ctx context.Context, c on, rest []api.Grant) (map[api.Order]holder, error) {
	columns := columnsOf(rest)
	rows, err := c.Query(ctx, lookUp, columns.order, columns.activity, columns.user, columns.gift)
	if err != nil {
		return nil, err
	}
	held := make(map[api.Order]holder, len(rest))
	var order int64
	var user, fen *int64 // null when the order is not there
	var taken bool
	_, err = pgx.ForEachRow(rows, []any{&order, &user, &fen, &taken}, func() error {
		h := held[api.Order(order)]
		h.taken = h.taken || taken
		if user != nil {
			h.user, h.fen = api.User(*user), money.Fen(*fen)
		}
		held[api.Order(order)] = h
		return nil
	})
	return held, err
}

// holder is what the ledger holds where a grant should go.
type holder struct {
	user  api.User // of the same order; 0: the order is not there
	fen   money.Fen
	taken bool // the user's gift is there, under whichever order
}

// result weighs a grant against what the ledger holds in its place.
func (h holder) result(g api.Grant) Result {
	switch {
	case h.user == g.User && h.fen == g.Fen:
		return Repeat
	case h.user != 0 || h.taken:
		return Conflict
	}
	return Unasked
}

// columns are grants as PostgreSQL arrays. Orders and users keep their 64 bits; those above 1<<63 are stored negative.
type columns struct {
	order, user, fen       []int64
	activity, gift, server []int32
}

// columnsOf turns rows into columns, so that a batch of any size is one prepared statement.
func columnsOf(grants []api.Grant) columns {
	n := len(grants)
	c := columns{make([]int64, n), make([]int64, n), make([]int64, n), make([]int32, n), make([]int32, n), make([]int32, n)}
	for i, g := range grants {
		c.order[i], c.user[i], c.fen[i] = int64(g.Order), int64(g.User), int64(g.Fen)
		c.activity[i], c.gift[i], c.server[i] = int32(g.Order.Activity()), int32(g.Order.Gift()), int32(g.Server)
	}
	return c
}
