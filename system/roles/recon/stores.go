package recon

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/cmem"
	"redpacket/system/config"
	"redpacket/system/grantlog"
	"redpacket/system/ledger"
	"redpacket/system/recon"
)

// stores are the real shelves, each reached through its link.
type stores struct {
	cfg config.Config
	log *grantlog.Log
	dsn string // the ledger's
}

var _ shelves = stores{}

// Mark asks the log.
func (s stores) Mark(ctx context.Context) (m mark, err error) {
	if m.floors, err = s.log.Floors(ctx, s.cfg.Activity.Games); err != nil {
		return m, err
	}
	if m.shard, err = s.log.Shard(ctx, s.cfg.IDC); err != nil {
		return m, err
	}
	m.last, err = s.log.Last(ctx)
	return m, err
}

// Held reads the holders of some gifts. Claims go on meanwhile, so counters that disagree with holders say nothing.
func (s stores) Held(ctx context.Context, at grantlog.Shard, some recon.Slice, keep func(api.Grant) error) error {
	addr, err := s.cfg.Peer(at.Primary)
	if err != nil {
		return err
	}
	epoch, _, err := cmem.Books(ctx, addr, cmem.Stock{Only: offersOf(&s.cfg.Activity, some), Part: s.cfg.Part}, func(e books.Entry) error { return keep(e.Grant) })
	if err != nil && !errors.Is(err, cmem.ErrDisagree) {
		return err
	}
	if epoch != at.Epoch {
		return fmt.Errorf("%s is at epoch %d, the log at %d; run the pass again", at.Primary, epoch, at.Epoch)
	}
	return nil
}

// offersOf is what a slice is of.
func offersOf(a *activity.Activity, some recon.Slice) []activity.Offer {
	for _, o := range a.Offers() {
		if o.ID == some.Activity {
			o.Gifts = some.Gifts()
			return []activity.Offer{o}
		}
	}
	return []activity.Offer{}
}

// Delivered reads some orders of the ledger, which the data centres share: the others' shares are theirs to compare.
func (s stores) Delivered(ctx context.Context, o ledger.Orders, keep func(books.Entry) error) error {
	return ledger.Span(ctx, s.dsn, o, func(e books.Entry) error {
		if othersShare(s.cfg, e.Order) {
			return nil
		}
		return keep(e)
	})
}

// othersShare says whether an order is of a share that another data centre gives out. What is no share at all is not.
func othersShare(cfg config.Config, o api.Order) bool {
	g, ok := cfg.Activity.GiftOf(o)
	return ok && o.Index() < g.Shares && !cfg.Part.Has(g, o)
}

// Logged reads a stretch of the log.
func (s stores) Logged(ctx context.Context, from, to uint64) iter.Seq2[grantlog.Logged, error] {
	return s.log.Span(ctx, from, to)
}

// StillHeld asks Redis for some shares again.
func (s stores) StillHeld(ctx context.Context, at grantlog.Shard, grants []api.Grant) ([]bool, error) {
	held := make([]bool, 0, len(grants))
	if len(grants) == 0 {
		return held, nil
	}
	addr, err := s.cfg.Peer(at.Primary)
	if err != nil {
		return nil, err
	}
	node, err := cmem.Dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer node.Close()
	for len(held) < len(grants) {
		some := grants[len(held):min(len(grants), len(held)+cmem.MaxBatch)]
		asks := make([]cmem.Ask, len(some))
		for i, g := range some {
			number, _ := s.cfg.Activity.Number(g.Order) // it was held under it
			asks[i] = cmem.Ask{User: g.User, Gift: number, Server: g.Server}
		}
		shares, err := node.Receipts(ctx, asks)
		if err != nil {
			return nil, err
		}
		for i, sh := range shares {
			held = append(held, sh.Code == api.OK && sh.Index == some[i].Order.Index())
		}
	}
	return held, nil
}
