package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"redpacket/system/api"
	"redpacket/system/money"
)

// Letter is a dead letter: an order that cannot be delivered, or that contradicts another, and why. A person decides.
type Letter struct {
	Kind   string // what is wrong, in a word; an order has one letter of a kind and user
	Grant  api.Grant
	Why    string
	First  time.Time // when it was written
	Last   time.Time // when it was last found again
	Seen   int       // how often it was found
	Solved bool      // it was delivered after all
}

const letterTable = `CREATE TABLE IF NOT EXISTS dead_letter (
	order_id bigint NOT NULL, user_id bigint NOT NULL, kind text NOT NULL, fen bigint NOT NULL, server int NOT NULL,
	why text NOT NULL, first_at timestamptz NOT NULL DEFAULT now(), last_at timestamptz NOT NULL DEFAULT now(),
	seen int NOT NULL DEFAULT 1, solved boolean NOT NULL DEFAULT false, PRIMARY KEY (order_id, user_id, kind))`

const writeLetters = `INSERT INTO dead_letter (order_id, user_id, kind, fen, server, why)
	SELECT DISTINCT ON (o, u, k) * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::int[], $6::text[])
		AS asked (o, u, k, f, s, w)
	ON CONFLICT (order_id, user_id, kind) DO UPDATE
		SET seen = dead_letter.seen + 1, last_at = now(), why = excluded.why, solved = false
	RETURNING seen = 1`

// Bury writes dead letters, any number of them, and returns how many were new. It returns nil when all are committed;
// after an error some may be, and asking again counts them as found once more.
func (l *Ledger) Bury(ctx context.Context, letters []Letter) (fresh int, err error) {
	for len(letters) > 0 {
		some := letters[:min(len(letters), MaxGrants)]
		err := l.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
			n, err := bury(ctx, c, some)
			fresh += n
			return err
		})
		if err != nil {
			return fresh, fmt.Errorf("write %d dead letters: %w: %w", len(some), ErrUnknown, err)
		}
		letters = letters[len(some):]
	}
	return fresh, nil
}

func bury(ctx context.Context, c *pgx.Conn, letters []Letter) (fresh int, err error) {
	n := len(letters)
	order, user, fen, server := make([]int64, n), make([]int64, n), make([]int64, n), make([]int32, n)
	kind, why := make([]string, n), make([]string, n)
	for i, l := range letters {
		order[i], user[i], fen[i], server[i] = int64(l.Grant.Order), int64(l.Grant.User), int64(l.Grant.Fen), int32(l.Grant.Server)
		kind[i], why[i] = l.Kind, l.Why
	}
	rows, err := c.Query(ctx, writeLetters, order, user, kind, fen, server, why)
	if err != nil {
		return 0, err
	}
	var first bool
	_, err = pgx.ForEachRow(rows, []any{&first}, func() error {
		if first {
			fresh++
		}
		return nil
	})
	return fresh, err
}

// Solve marks the dead letters of a kind whose orders were delivered after all.
func (l *Ledger) Solve(ctx context.Context, kind string, orders []api.Order) error {
	ids := make([]int64, len(orders))
	for i, o := range orders {
		ids[i] = int64(o)
	}
	err := l.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "UPDATE dead_letter SET solved = true WHERE kind = $1 AND order_id = ANY($2)", kind, ids)
		return err
	})
	if err != nil {
		return fmt.Errorf("solve %d dead letters: %w: %w", len(orders), ErrUnknown, err)
	}
	return nil
}

// Letters gives every dead letter to keep, oldest first; keep's error stops it. It holds one connection meanwhile.
func (l *Ledger) Letters(ctx context.Context, keep func(Letter) error) error {
	return l.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, `SELECT kind, order_id, user_id, fen, server, why, first_at, last_at, seen, solved
			FROM dead_letter ORDER BY first_at, order_id`)
		if err != nil {
			return err
		}
		var d Letter
		var order, user, fen int64
		var server int32
		_, err = pgx.ForEachRow(rows, []any{&d.Kind, &order, &user, &fen, &server, &d.Why, &d.First, &d.Last, &d.Seen, &d.Solved},
			func() error {
				d.Grant = api.Grant{Order: api.Order(order), User: api.User(user), Fen: money.Fen(fen), Server: uint16(server)}
				return keep(d)
			})
		return err
	})
}
