package provision

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/books"
	"redpacket/system/cmem"
	"redpacket/system/grantlog"
	"redpacket/system/ledger"
	"redpacket/system/topology"
)

// Books takes the books from the stores themselves, past every role and every link: what the primary store, the log and
// the ledger hold, one after the other. Take them when the system is at rest. keep's error stops the reading. A primary
// whose own figures contradict each other is read to its end, and the summary says where: that is a finding, no trouble.
func (c *Cluster) Books(ctx context.Context, keep books.Keep) (books.Summary, error) {
	var s books.Summary
	log, err := c.first("log")
	if err != nil {
		return s, err
	}
	primary, err := c.primary(ctx, log)
	if err != nil {
		return s, err
	}
	s.Epoch, s.Stocks, err = cmem.Books(ctx, c.direct(primary), c.plan.Activity, shelf(books.Cmem, keep))
	switch {
	case errors.Is(err, cmem.ErrDisagree):
		s.Odd = err.Error()
	case err != nil:
		return s, fmt.Errorf("books of %s: %w", primary.Name, err)
	}
	if s.Lanes, err = grantlog.Books(ctx, c.direct(log), c.plan.Activity.Games, shelf(books.Log, keep)); err != nil {
		return s, fmt.Errorf("books of %s: %w", log.Name, err)
	}
	book, err := c.first("ledger")
	if err != nil {
		return s, err
	}
	if err := ledger.Books(ctx, ledgerDSN(c.direct(book)), shelf(books.Ledger, keep)); err != nil {
		return s, fmt.Errorf("books of %s: %w", book.Name, err)
	}
	return s, nil
}

func shelf(name books.Shelf, keep books.Keep) func(books.Entry) error {
	return func(e books.Entry) error { return keep(name, e) }
}

// first is the only node of a role, or the first of several.
func (c *Cluster) first(role string) (topology.Node, error) {
	names := c.plan.Topology.Role(role)
	if len(names) == 0 {
		return topology.Node{}, fmt.Errorf("topology %s has no %s", c.plan.Topology.Name, role)
	}
	n, _ := c.plan.Topology.Node(names[0])
	return n, nil
}

// primary is the store that decides: the one of the log's last announcement.
func (c *Cluster) primary(ctx context.Context, log topology.Node) (topology.Node, error) {
	l, err := grantlog.Connect(ctx, c.direct(log))
	if err != nil {
		return topology.Node{}, fmt.Errorf("find the primary store: %w", err)
	}
	defer l.Close()
	shard, err := l.Shard(ctx, log.IDC)
	if err != nil {
		return topology.Node{}, fmt.Errorf("find the primary store: %w", err)
	}
	n, ok := c.plan.Topology.Node(shard.Primary)
	if !ok {
		return n, fmt.Errorf("find the primary store: the log names %q (epoch %d), which is no node", shard.Primary, shard.Epoch)
	}
	return n, nil
}

// ledgerDSN is how the ledger is entered; its image knows one user and trusts the inner network.
func ledgerDSN(addr string) string {
	return "postgres://redpacket@" + addr + "/redpacket?sslmode=disable"
}
