package provision

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/activity"
	"redpacket/system/books"
	"redpacket/system/cmem"
	"redpacket/system/grantlog"
	"redpacket/system/ledger"
	"redpacket/system/topology"
)

// Books takes the books from the stores themselves, past every role and every link: what each data centre's primary store
// and log hold, and what the ledger does, one after the other. Take them when the system is at rest. keep's error stops the
// reading. A primary whose own figures contradict each other is read to its end, and the summary says where: that is a
// finding, no trouble.
func (c *Cluster) Books(ctx context.Context, keep books.Keep) (books.Summary, error) {
	var sum books.Summary
	idcs := c.plan.Topology.IDCs()
	for i, idc := range idcs {
		part, err := activity.PartOf(idc, len(idcs))
		if err != nil {
			return sum, err
		}
		s, err := c.booksOf(ctx, site{idc, uint8(i), cmem.Stock{Activity: c.plan.Activity, Part: part}}, keep)
		if sum.Add(s); err != nil {
			return sum, err
		}
	}
	book, err := c.first("ledger", "")
	if err != nil {
		return sum, err
	}
	if err := ledger.Books(ctx, ledgerDSN(c.direct(book)), shelf(books.Ledger, keep)); err != nil {
		return sum, fmt.Errorf("books of %s: %w", book.Name, err)
	}
	return sum, nil
}

// site is one data centre's shelves.
type site struct {
	idc   string
	log   uint8 // its log's number
	stock cmem.Stock
}

// booksOf reads one data centre's store and log.
func (c *Cluster) booksOf(ctx context.Context, at site, keep books.Keep) (books.Summary, error) {
	var s books.Summary
	log, err := c.first("log", at.idc)
	if err != nil {
		return s, err
	}
	primary, marks, err := c.primary(ctx, log)
	if err != nil {
		return s, err
	}
	at.stock.Marks = marks
	s.Epoch, s.Stocks, err = cmem.Books(ctx, c.direct(primary), at.stock, shelf(books.Cmem, keep))
	switch {
	case errors.Is(err, cmem.ErrDisagree):
		s.Odd = err.Error()
	case err != nil:
		return s, fmt.Errorf("books of %s: %w", primary.Name, err)
	}
	s.Lanes, err = grantlog.Books(ctx, c.direct(log), c.plan.Activity.Games, func(e books.Entry) error {
		e.Pos = books.At(at.log, e.Pos)
		return keep(books.Log, e)
	})
	for i := range s.Lanes {
		s.Lanes[i].Log = at.log
	}
	if err != nil {
		return s, fmt.Errorf("books of %s: %w", log.Name, err)
	}
	return s, nil
}

func shelf(name books.Shelf, keep books.Keep) func(books.Entry) error {
	return func(e books.Entry) error { return keep(name, e) }
}

// first is the only node of a role in a data centre ("": in any), or the first of several.
func (c *Cluster) first(role, idc string) (topology.Node, error) {
	names := c.plan.Topology.Role(role)
	if idc != "" {
		names = c.plan.Topology.RoleIn(role, idc)
	}
	if len(names) == 0 {
		return topology.Node{}, fmt.Errorf("topology %s has no %s", c.plan.Topology.Name, role)
	}
	n, _ := c.plan.Topology.Node(names[0])
	return n, nil
}

// primary is the store that decides: the one of the log's last announcement. marks says that users may hold shares in it
// that the other data centre gave them.
func (c *Cluster) primary(ctx context.Context, log topology.Node) (n topology.Node, marks bool, err error) {
	l, err := grantlog.Connect(ctx, c.direct(log))
	if err != nil {
		return n, false, fmt.Errorf("find the primary store: %w", err)
	}
	defer l.Close()
	shard, err := l.Shard(ctx, log.IDC)
	if err != nil {
		return n, false, fmt.Errorf("find the primary store: %w", err)
	}
	n, ok := c.plan.Topology.Node(shard.Primary)
	if !ok {
		return n, false, fmt.Errorf("find the primary store: the log names %q (epoch %d), which is no node", shard.Primary, shard.Epoch)
	}
	return n, shard.Foreign, nil
}

// ledgerDSN is how the ledger is entered; its image knows one user and trusts the inner network.
func ledgerDSN(addr string) string {
	return "postgres://redpacket@" + addr + "/redpacket?sslmode=disable"
}
