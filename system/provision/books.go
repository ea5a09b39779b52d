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
	"redpacket/system/pair"
	"redpacket/system/topology"
)

// Books takes the books from the stores themselves, past every role and every link: what each data centre's primary store,
// log and mirror hold, and what the ledger does, one after the other. Take them when the system is at rest. keep's error
// stops the reading. A primary whose own figures contradict each other is read to its end, and the summary says where: that is
// a finding, no trouble. A log or a store of two data centres that our own lever killed is left out, and the summary says so.
func (c *Cluster) Books(ctx context.Context, keep books.Keep) (books.Summary, error) {
	var sum books.Summary
	idcs := c.plan.Topology.IDCs()
	for i, idc := range idcs {
		part, err := activity.PartOf(idc, len(idcs))
		if err != nil {
			return sum, err
		}
		b := shelves{Cluster: c, part: part, idc: idc, log: uint8(i), keep: keep}
		err = b.read(ctx)
		if sum.Add(b.sum); err != nil {
			return sum, fmt.Errorf("books of data centre %s: %w", idc, err)
		}
	}
	book, err := c.first("ledger", "")
	if err != nil {
		return sum, err
	}
	if err := ledger.Books(ctx, ledgerDSN(c.direct(book)), shelf(books.Ledger, keep)); err != nil {
		return sum, fmt.Errorf("books of %s: %w", book.Name, err)
	}
	if err := ledger.Shadow(ctx, ledgerDSN(c.direct(book)), shelf(books.Shadow, keep)); err != nil {
		return sum, fmt.Errorf("shadow books of %s: %w", book.Name, err)
	}
	return sum, nil
}

// shelves are one data centre's books while they are read.
type shelves struct {
	*Cluster
	part activity.Part
	idc  string
	log  uint8 // its log's number
	keep books.Keep
	sum  books.Summary

	own, mirror     grantlog.Shard // what each log was told last
	lanes, mirrored []books.Lane
}

// read reads the log, its mirror, and the store that counts by what both were told.
func (b *shelves) read(ctx context.Context) error {
	log, err := b.first("log", b.idc)
	if err != nil {
		return err
	}
	site := books.Site{IDC: b.idc, Log: !b.part.Shared() || !b.silenced(log.Name)}
	if site.Log {
		if err := b.readLog(ctx, log); err != nil {
			return fmt.Errorf("%s: %w", log.Name, err)
		}
	}
	if b.part.Shared() {
		if site.Mirror, err = b.readMirror(ctx); err != nil {
			return err
		}
	}
	shard := b.own
	switch {
	case site.Mirror && !site.Log:
		shard = b.mirror
	case site.Mirror:
		shard = grantlog.Join(b.own, b.mirror)
	}
	site.Mode = shard.Mode
	b.sum.Lanes = b.lanes
	if shard.Mode == pair.Taken { // its users' grants are delivered out of the mirror, and its store serves nobody
		b.sum.Lanes = b.mirrored
	} else if site.Store, err = b.readStore(ctx, shard); err != nil {
		return err
	}
	site.Marked = site.Store && shard.Foreign
	if b.part.Shared() {
		b.sum.Sites = []books.Site{site}
	}
	return nil
}

func (b *shelves) readLog(ctx context.Context, log topology.Node) error {
	l, err := grantlog.Connect(ctx, b.direct(log))
	if err != nil {
		return err
	}
	b.own, err = l.Shard(ctx, log.IDC)
	l.Close()
	if err != nil {
		return err
	}
	b.lanes, err = grantlog.Books(ctx, b.direct(log), b.plan.Activity.Games, b.placed(books.Log))
	b.number(b.lanes)
	return err
}

// readMirror is false when the log server that keeps it is dead by our own hand.
func (b *shelves) readMirror(ctx context.Context) (bool, error) {
	log, err := b.first("log", b.part.Other().String())
	if err != nil || b.silenced(log.Name) {
		return false, err
	}
	b.mirror, b.mirrored, err = grantlog.MirrorBooks(ctx, b.direct(log), b.idc, b.plan.Activity.Games, b.placed(books.Mirror))
	if err != nil {
		return false, fmt.Errorf("the mirror in %s: %w", log.Name, err)
	}
	b.number(b.mirrored)
	return true, nil
}

// readStore reads the store that decides: the one of the shard's last announcement.
func (b *shelves) readStore(ctx context.Context, shard grantlog.Shard) (bool, error) {
	n, ok := b.plan.Topology.Node(shard.Primary)
	if !ok {
		return false, fmt.Errorf("find the primary store: the log names %q (epoch %d), which is no node", shard.Primary, shard.Epoch)
	}
	if b.part.Shared() && b.silenced(n.Name) {
		return false, nil
	}
	stock := cmem.Stock{Activity: b.plan.Activity, Part: b.part, Marks: shard.Foreign}
	var err error
	b.sum.Epoch, b.sum.Stocks, err = cmem.Books(ctx, b.direct(n), stock, shelf(books.Cmem, b.keep))
	if errors.Is(err, cmem.ErrDisagree) {
		b.sum.Odd, err = err.Error(), nil
	}
	if err == nil && shard.Foreign {
		err = cmem.Marks(ctx, b.direct(n), stock, b.placed(books.Marks))
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", n.Name, err)
	}
	return true, nil
}

// placed keeps entries with their place in this data centre's books.
func (b *shelves) placed(name books.Shelf) func(books.Entry) error {
	return func(e books.Entry) error {
		e.Pos = books.At(b.log, e.Pos)
		return b.keep(name, e)
	}
}

func (b *shelves) number(lanes []books.Lane) {
	for i := range lanes {
		lanes[i].Log = b.log
	}
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

// ledgerDSN is how the ledger is entered; its image knows one user and trusts the inner network.
func ledgerDSN(addr string) string {
	return "postgres://redpacket@" + addr + "/redpacket?sslmode=disable"
}
