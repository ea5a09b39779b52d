package ledger

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// Books gives every delivery of the ledger at dsn to keep, in no order, as of the moment it begins. Rows are taken as
// they arrive, so memory does not grow with the ledger. A ledger that has no table yet is empty.
func Books(ctx context.Context, dsn string, keep func(books.Entry) error) error {
	return read(ctx, dsn, realTable, Orders{0, math.MaxUint64}, keep)
}

// Shadow is Books of what was delivered to pressure users.
func Shadow(ctx context.Context, dsn string, keep func(books.Entry) error) error {
	return read(ctx, dsn, shadowTable, Orders{0, math.MaxUint64}, keep)
}

// Orders are the orders From … To, both included.
type Orders struct{ From, To api.Order }

// Span is Books and Shadow of some orders alone. keep may take its time: rows wait in the server.
func Span(ctx context.Context, dsn string, o Orders, keep func(books.Entry) error) error {
	if err := read(ctx, dsn, realTable, o, keep); err != nil {
		return err
	}
	return read(ctx, dsn, shadowTable, o, keep)
}

func read(ctx context.Context, dsn, table string, o Orders, keep func(books.Entry) error) error {
	config, err := configure(dsn)
	if err != nil {
		return err
	}
	c, err := dial(ctx, config)
	if err != nil {
		return fmt.Errorf("books of the ledger at %s: %w", config.Host, err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	var there bool
	if err := c.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil || !there {
		return err
	}
	if err := stream(ctx, on{c, table == shadowTable}, o, keep); err != nil {
		return fmt.Errorf("books of the ledger at %s: %w", config.Host, err)
	}
	return nil
}

// query asks for some orders. Those above 1<<63 are stored negative, so a span over that point is two.
func (o Orders) query() (sql string, args []any) {
	const all = "SELECT order_id, user_id, fen, server FROM delivery"
	from, to := int64(o.From), int64(o.To)
	switch {
	case o.From == 0 && o.To == math.MaxUint64:
		return all, nil
	case from <= to:
		return all + " WHERE order_id BETWEEN $1 AND $2", []any{from, to}
	}
	return all + " WHERE order_id >= $1 OR order_id <= $2", []any{from, to}
}

// stream reads raw values: at a million rows, scanning each into Go values costs more than the query.
func stream(ctx context.Context, c on, o Orders, keep func(books.Entry) error) error {
	sql, args := o.query()
	rows, err := c.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		entry, err := entryOf(rows.RawValues())
		if err == nil {
			err = keep(entry)
		}
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

// entryOf reads one row in PostgreSQL's binary form, which pgx asks for with a prepared statement.
func entryOf(row [][]byte) (books.Entry, error) {
	if len(row) != 4 || len(row[0]) != 8 || len(row[1]) != 8 || len(row[2]) != 8 || len(row[3]) != 4 {
		return books.Entry{}, fmt.Errorf("a row of the ledger is not order, user, fen, server: %x", row)
	}
	be := binary.BigEndian
	return books.Entry{Grant: api.Grant{Order: api.Order(be.Uint64(row[0])), User: api.User(be.Uint64(row[1])),
		Fen: money.Fen(be.Uint64(row[2])), Server: uint16(be.Uint32(row[3]))}}, nil
}
