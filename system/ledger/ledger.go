// Package ledger is what was delivered, in PostgreSQL: at most one delivery for an order, and for a user's gift.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"redpacket/system/api"
	"redpacket/system/pause"
)

// Result is what became of one grant. The zero value is Unasked.
type Result uint8

// The results.
const (
	Unasked   Result = iota
	Delivered        // entered now
	Repeat           // the same order for the same user and amount was there already
	Conflict         // the order, or the user's gift, belongs to something else: never delivered
	Tagless          // the user and the order's mark contradict each other: never delivered
)

// String is the result as it is written in a reply: delivered, repeat, conflict, tagless.
func (r Result) String() string {
	return [...]string{"unasked", "delivered", "repeat", "conflict", "tagless", "?"}[min(r, Tagless+1)]
}

// ErrUnknown says that a statement's outcome is not known: it may have happened. Ask again; it is idempotent.
var ErrUnknown = errors.New("outcome unknown")

// The ledger's bounds. Few connections: statements are large, and more of them would only wait for the same disk.
const (
	connections = 3
	dialWait    = 2 * time.Second
	// patience is how long a statement may take before its connection is given up.
	patience  = 10 * time.Second
	retryWait = 200 * time.Millisecond
	// MaxGrants is the most grants that one Deliver takes.
	MaxGrants = 4096
)

// Ledger is a few connections to PostgreSQL, made again as they break. It may be used by several goroutines at once.
type Ledger struct {
	config *pgx.ConnConfig
	idle   chan *pgx.Conn // nil stands for a connection not made yet
}

// The tables of deliveries: of real users, and of pressure users in a shadow of the same shape.
const (
	realTable   = "delivery"
	shadowTable = "delivery_shadow"
)

// The amounts are whole fen. The two unique keys are the promise, and the last check that each table takes its own users alone, whose
// ids are negative here if they are of pressure traffic; everything else is for people who look.
const table = `CREATE TABLE IF NOT EXISTS delivery (
	order_id bigint PRIMARY KEY, activity int NOT NULL, user_id bigint NOT NULL, gift int NOT NULL,
	fen bigint NOT NULL CHECK (fen > 0), server int NOT NULL, delivered_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (activity, user_id, gift), CHECK (user_id > 0))`

// Open reaches the ledger and creates its tables. It tries until it has, or until ctx ends.
func Open(ctx context.Context, dsn string) (*Ledger, error) {
	config, err := configure(dsn)
	if err != nil {
		return nil, err
	}
	l := &Ledger{config: config, idle: make(chan *pgx.Conn, connections)}
	for range connections {
		l.idle <- nil
	}
	for {
		err := l.with(ctx, func(ctx context.Context, c *pgx.Conn) error { return create(ctx, c) })
		if err == nil {
			return l, nil
		}
		if !pause.For(ctx, retryWait) {
			return nil, fmt.Errorf("open the ledger at %s: %w: %w", config.Host, ctx.Err(), err)
		}
	}
}

// create makes the tables. The lock is for two that start at once: IF NOT EXISTS alone can still fail then.
func create(ctx context.Context, c *pgx.Conn) error {
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // nothing to do after a commit
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(20150219)"); err != nil {
		return err
	}
	for _, t := range []string{mutated(table), shadowed(mutated(table)), letterTable} {
		if _, err := tx.Exec(ctx, t); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

// shadowed is a statement on the table of deliveries as one on its shadow.
func shadowed(sql string) string {
	return strings.NewReplacer(realTable, shadowTable, "user_id > 0", "user_id < 0").Replace(sql)
}

// opening marks the context of a connection that is being made.
type opening struct{}

// configure sets what must hold on every connection.
func configure(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("ledger's address: %w", err)
	}
	config.RuntimeParams["synchronous_commit"] = "on"
	config.RuntimeParams["application_name"] = "redpacket"
	dialer := net.Dialer{Timeout: dialWait, KeepAlive: time.Second}
	// pgx cancels the statement of a connection that it gives up, over a second connection. A commit that is cancelled
	// while it waits for a standby is reported as made, and is not. So that second connection is never made; the
	// statement runs to its end in the server, and we ask again.
	config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if ctx.Value(opening{}) == nil {
			return nil, errors.New("the ledger sends no cancel requests")
		}
		return dialer.DialContext(ctx, network, addr)
	}
	return config, nil
}

// with lends a connection to work. ctx bounds the wait for it; the work itself is bounded by patience alone, so that a
// caller who loses interest leaves no statement half done. A connection on which anything failed is not used again.
func (l *Ledger) with(ctx context.Context, work func(context.Context, *pgx.Conn) error) error {
	var c *pgx.Conn
	select {
	case c = <-l.idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.idle <- c }()
	if c == nil || c.IsClosed() {
		fresh, err := dial(ctx, l.config)
		if err != nil {
			return err
		}
		c = fresh
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := work(bounded, c)
	if err != nil {
		_ = c.Close(bounded)
		c = nil
	}
	return err
}

// dial makes one connection, under a context that the dialler knows as ours.
func dial(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, opening{}, true), dialWait)
	defer cancel()
	return pgx.ConnectConfig(ctx, config)
}

// Close closes the connections, when their statements have ended. No other call may follow.
func (l *Ledger) Close() {
	for range connections {
		if c := <-l.idle; c != nil {
			ctx, cancel := context.WithTimeout(context.Background(), dialWait)
			_ = c.Close(ctx)
			cancel()
		}
	}
}

// Healthy is nil when the ledger answers.
func (l *Ledger) Healthy(ctx context.Context) error {
	return l.with(ctx, func(ctx context.Context, c *pgx.Conn) error { return c.Ping(ctx) })
}

// fits tells whether a grant can be entered.
func fits(g api.Grant) bool { return g.User != 0 && g.Fen > 0 }
