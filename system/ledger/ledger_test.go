package ledger

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/books"
)

// nowhere is a ledger whose address nobody answers.
const nowhere = "postgres://redpacket@127.0.0.1:1/redpacket?sslmode=disable"

func TestHolderDecides(t *testing.T) {
	g := api.Grant{Order: 1, User: 7, Fen: 100}
	for name, c := range map[string]struct {
		held holder
		want Result
	}{
		"the same":               {holder{7, 100, true}, Repeat},
		"another user":           {holder{8, 100, false}, Conflict},
		"another amount":         {holder{7, 101, true}, Conflict},
		"the gift, other order":  {holder{taken: true}, Conflict},
		"nothing stands in it":   {holder{}, Unasked},
		"all of it differs":      {holder{8, 101, true}, Conflict},
		"same money, other user": {holder{9, 100, true}, Conflict},
	} {
		if got := c.held.result(g); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestColumnsKeepEveryBit(t *testing.T) {
	g := api.Grant{Order: api.OrderOf(65_535, 65_535, 1<<32-1), User: 1<<64 - 1, Fen: 1<<31 - 1, Server: 65_535}
	c := columnsOf([]api.Grant{g})
	if api.Order(c.order[0]) != g.Order || api.User(c.user[0]) != g.User || c.activity[0] != 65_535 || c.gift[0] != 65_535 {
		t.Fatalf("%+v", c)
	}
	be := func(n int, v uint64) (b []byte) {
		for i := range n {
			b = append(b, byte(v>>(8*(n-1-i))))
		}
		return b
	}
	row := [][]byte{be(8, uint64(g.Order)), be(8, uint64(g.User)), be(8, uint64(g.Fen)), be(4, uint64(g.Server))}
	if e, err := entryOf(row); err != nil || e != (books.Entry{Grant: g}) {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err := entryOf([][]byte{be(8, 1), be(8, 1), nil, be(4, 1)}); err == nil {
		t.Fatal("a row with a null was read")
	}
}

// A cancel request would leave a commit in doubt; nobody but dial may make a connection.
func TestNoCancelRequestIsEverSent(t *testing.T) {
	config, err := configure(nowhere)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.DialFunc(context.Background(), "tcp", "127.0.0.1:1"); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a connection of pgx's own: %v", err)
	}
	if got := config.RuntimeParams["synchronous_commit"]; got != "on" {
		t.Fatalf("synchronous_commit is %q", got)
	}
}

func TestNobodyAnswers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, nowhere); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("open: %v", err)
	}
	if _, err := Open(ctx, "postgres://%zz"); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("open at no address: %v", err)
	}
	if err := Books(t.Context(), nowhere, func(books.Entry) error { return nil }); err == nil {
		t.Fatal("books of no ledger were read")
	}
}

func TestDeliverRefusesBeforeItAsks(t *testing.T) {
	l := &Ledger{} // has no connection to ask on
	for _, bad := range [][]api.Grant{{{Order: 1, Fen: 1}}, {{Order: 1, User: 1}}, make([]api.Grant, MaxGrants+1)} {
		if _, err := l.Deliver(t.Context(), bad); err == nil || errors.Is(err, ErrUnknown) {
			t.Errorf("%d grants: %v", len(bad), err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Deliver(gone, []api.Grant{{Order: 1, User: 1, Fen: 1}}); !errors.Is(err, ErrUnknown) {
		t.Errorf("nobody waits: %v", err)
	}
}

func TestASpanOverTheSignIsTwo(t *testing.T) {
	for want, o := range map[string]Orders{
		"":        {0, math.MaxUint64},
		"BETWEEN": {1, 2},
		"OR":      {api.OrderOf(1, 2, 0), math.MaxUint64},
		" AND":    {api.OrderOf(0x8001, 2, 0), api.OrderOf(0x8001, 3, 0)},
	} {
		sql, args := o.query()
		if !strings.Contains(sql, want) || (want == "") != (args == nil) || want == "BETWEEN" && strings.Contains(sql, "OR ") {
			t.Errorf("%v: %s %v", o, sql, args)
		}
	}
}
