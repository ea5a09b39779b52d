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
	"redpacket/system/pair"
	"redpacket/system/recon"
)

// stores are the real shelves, each reached through its link.
type stores struct {
	cfg     config.Config
	log     *grantlog.Log
	mirror  *grantlog.Log // of the other data centre's log; nil: there is one data centre
	witness pair.Witness  // nil: as mirror
	dsn     string        // the ledger's
}

var _ shelves = stores{}

// Mark asks the logs, and then the witness: what it has agreed to twice, with the same revision, was agreed all the time
// between.
func (s stores) Mark(ctx context.Context) (m mark, err error) {
	games := s.cfg.Activity.Games
	if m.log.Floors, err = s.log.Floors(ctx, games); err != nil {
		return m, err
	}
	if m.shard, err = s.log.Shard(ctx, s.cfg.IDC); err != nil {
		return m, err
	}
	if m.log.Known, err = s.log.Last(ctx); err != nil || s.mirror == nil {
		return m, err
	}
	m.mirror.Mirror = true
	if m.mirror.Floors, err = s.mirror.FloorsSoFar(ctx, games); err != nil {
		return m, err
	}
	if m.other, err = s.mirror.Shard(ctx, s.cfg.Part.Other().String()); err != nil {
		return m, err
	}
	if m.mirror.Known, err = s.mirror.Last(ctx); err != nil {
		return m, err
	}
	m.agreed, err = pair.ReadAgreement(ctx, s.witness, s.cfg.IDC)
	return m, err
}

// Held reads the holders of some gifts, and the marks among them. Claims go on meanwhile, so counters that disagree with holders say nothing.
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

// Delivered reads some orders of the ledger, which the data centres share.
func (s stores) Delivered(ctx context.Context, o ledger.Orders, keep func(books.Entry) error) error {
	return ledger.Span(ctx, s.dsn, o, keep)
}

// Logged reads a stretch of the log.
func (s stores) Logged(ctx context.Context, from, to uint64) iter.Seq2[grantlog.Logged, error] {
	return s.log.Span(ctx, from, to)
}

// Mirrored reads the mirror of the other data centre's log, without what nobody may believe.
func (s stores) Mirrored(ctx context.Context, void grantlog.Seqs) iter.Seq2[grantlog.Logged, error] {
	return s.mirror.ReadBelieved(ctx, void)
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
