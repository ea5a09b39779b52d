package recon

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/grantlog"
	"redpacket/system/ledger"
	"redpacket/system/mutant"
	"redpacket/system/pair"
	"redpacket/system/pause"
	"redpacket/system/recon"
	"redpacket/system/roles/idip/delivery"
)

const (
	// room is the shares of a slice: 32 MB.
	room = 1 << 21
	// settleFor is how long a share may be on its way from Redis to the log; a claim is answered long before.
	settleFor = 5 * time.Second
	// lookAgain is how often the log is asked for such shares.
	lookAgain = 200 * time.Millisecond
)

// shelves are the books that a pass reads. Every method may be asked again after an error, and waits at most until ctx
// ends.
type shelves interface {
	logs
	Held(ctx context.Context, at grantlog.Shard, some recon.Slice, keep func(api.Grant) error) error
	Delivered(ctx context.Context, o ledger.Orders, keep func(books.Entry) error) error
	StillHeld(ctx context.Context, at grantlog.Shard, grants []api.Grant) ([]bool, error)
}

// logs are the data centre's own log, and the mirror of the other one's.
type logs interface {
	Mark(ctx context.Context) (mark, error)
	Logged(ctx context.Context, from, to uint64) iter.Seq2[grantlog.Logged, error]
	Mirrored(ctx context.Context, void grantlog.Seqs) iter.Seq2[grantlog.Logged, error]
}

// letters is where dead letters are kept.
type letters interface {
	Bury(ctx context.Context, letters []ledger.Letter) (fresh int, err error)
	Solve(ctx context.Context, kind string, orders []api.Order) error
}

// deliverer is the games' interface, by way of the courier.
type deliverer interface {
	Deliver(ctx context.Context, game uint8, grants []api.Grant) ([]delivery.Answer, error)
}

// mark is one moment: how far each game's delivery had come, where the log ended, and who decided. The last three are of
// the other data centre's log, and of what both have agreed on; they are zero where there is one.
type mark struct {
	log   recon.Log
	shard grantlog.Shard

	mirror recon.Log
	other  grantlog.Shard
	agreed pair.Agreement // who has the users of this data centre
}

// settled is nil when the books can be compared by what this data centre has. Its own log is whole while that is one of
// the places that count; while the other one has its users, that one compares.
func (m mark) settled() error {
	switch m.agreed.Mode {
	case pair.Single, pair.Mirrored, pair.Alone:
	case pair.Taken, pair.Releasing:
		return fmt.Errorf("the users of %s are %s: the other data centre compares its books until it has them back", m.shard.IDC, m.agreed.Mode)
	default:
		return fmt.Errorf("the log of %s is not whole, it is %s; run the pass again when it is", m.shard.IDC, m.agreed.Mode)
	}
	if !m.shard.Open {
		return fmt.Errorf("shard %s is closed at epoch %d: it is being rebuilt; run the pass again when it is open", m.shard.IDC, m.shard.Epoch)
	}
	return nil
}

// since is nil when the same have decided all the time since another moment.
func (m mark) since(before mark) error {
	if m.shard == before.shard && m.other == before.other && m.agreed == before.agreed {
		return nil
	}
	return fmt.Errorf("shard %s went from epoch %d to %d meanwhile, or the other data centre's did, or they have agreed anew; run the pass again",
		m.shard.IDC, before.shard.Epoch, m.shard.Epoch)
}

// worker is what all passes share.
type worker struct {
	activity activity.Activity
	part     activity.Part
	shelves  shelves
	letters  letters
	courier  deliverer
	now      func() time.Time
	settle   time.Duration // settleFor
	again    time.Duration // againSoon
}

// pass is one pass under way.
type pass struct {
	worker
	order  order
	tell   func(func(*recon.Result)) // changes the result
	budget int                       // orders that may still be delivered again
	pace   pace
}

// errOver says that a pass has had its time.
var errOver = errors.New("its time is over; begin the next pass where this one stopped, or give it more time")

// run compares slice by slice, and repairs what it finds before it goes on.
func (p *pass) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.order.within, errOver)
	defer cancel()
	p.pace = pace{rate: p.order.rate, now: p.now, next: p.now()}
	defer func() { p.tell(func(r *recon.Result) { r.Read += uint64(p.pace.since) }) }() // what is short of a stride
	all := recon.Slices(p.activity, room)
	p.tell(func(r *recon.Result) { r.Slice, r.Slices = min(p.order.from, len(all)), len(all) })
	if p.order.from >= len(all) {
		return fmt.Errorf("slice %d of %d: there is none", p.order.from, len(all))
	}
	for i := p.order.from; i < len(all); i++ {
		f, err := p.compare(ctx, all[i])
		if err != nil {
			return p.stopped(ctx, i, err)
		}
		p.tell(func(r *recon.Result) { r.Add(f) })
		if !p.order.dry {
			if err := p.repair(ctx, f); err != nil {
				return p.stopped(ctx, i, err)
			}
		}
		p.tell(func(r *recon.Result) { r.Slice = i + 1 })
	}
	return nil
}

// stopped says where a pass ended, and why.
func (p *pass) stopped(ctx context.Context, slice int, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	return fmt.Errorf("slice %d: %w", slice, err)
}

// compare reads one slice of the books. The order of reading makes the comparison sound while the system runs: what the
// floors call delivered is in a ledger read later; what the log had before Redis was read, Redis holds; and the log, read
// last, knows every delivery.
func (p *pass) compare(ctx context.Context, s recon.Slice) (*recon.Findings, error) {
	p.doing("looking where the log ends")
	before, err := p.shelves.Mark(ctx)
	if err != nil {
		return nil, err
	}
	if err := before.settled(); err != nil {
		return nil, err
	}
	t := recon.NewTable(s, recon.Scope{Part: p.part, Marks: before.shard.Foreign, All: before.shard.Owns != ""})
	p.tell(func(r *recon.Result) { r.Epoch, r.Both = before.shard.Epoch, before.shard.Owns != "" })
	if err := p.stock(ctx, t, s, before.shard); err != nil {
		return nil, err
	}
	after, err := p.shelves.Mark(ctx)
	if err != nil {
		return nil, err
	}
	if err := after.since(before); err != nil {
		return nil, err
	}
	p.doing("reading the log")
	if err := p.logged(ctx, t, before.log, p.shelves.Logged(ctx, 1, after.log.Known)); err != nil {
		return nil, err
	}
	if before.shard.Foreign {
		p.doing("reading the mirror of the other data centre's log")
		if err := p.logged(ctx, t, before.mirror, p.shelves.Mirrored(ctx, after.other.Void)); err != nil {
			return nil, err
		}
	}
	p.doing("comparing")
	f := t.Findings()
	return f, p.awaitLogged(ctx, f, after)
}

// logged enters what a log has.
func (p *pass) logged(ctx context.Context, t *recon.Table, l recon.Log, batches iter.Seq2[grantlog.Logged, error]) error {
	now := p.now()
	for b, err := range batches {
		if err != nil {
			return err
		}
		overdue := now.Sub(b.At) > recon.Promise
		for _, g := range b.Grants {
			if err := errors.Join(t.Logged(l, g, b.Pos, overdue), p.count(ctx)); err != nil {
				return err
			}
		}
	}
	return nil
}

// stock enters what Redis and the ledger hold.
func (p *pass) stock(ctx context.Context, t *recon.Table, s recon.Slice, at grantlog.Shard) error {
	p.doing("reading Redis")
	err := p.shelves.Held(ctx, at, s, func(g api.Grant) error { return errors.Join(t.Held(g), p.count(ctx)) })
	if err != nil {
		return err
	}
	p.doing("reading the ledger")
	return p.shelves.Delivered(ctx, ledger.Orders{From: s.First, To: s.Last}, func(e books.Entry) error {
		if mutant.Is(mutant.TagDroppedAtRecon) && e.Order.Shadow() {
			return nil
		}
		return errors.Join(t.Delivered(e.Grant), p.count(ctx))
	})
}

// awaitLogged takes those shares off the unlogged that were on their way: the log has them by now, or Redis has them
// back. What is left is told, and never invented: nobody was shown an acknowledgement of it, or the log has lost it.
func (p *pass) awaitLogged(ctx context.Context, f *recon.Findings, seen mark) error {
	open := map[api.Order]recon.Difference{}
	for _, d := range f.Kept[recon.Unlogged] {
		open[d.Grant.Order] = d
	}
	if len(open) == 0 {
		return nil
	}
	p.doing("waiting for shares on their way to the log")
	for from, until := seen.log.Known+1, p.now().Add(p.settle); len(open) > 0; {
		now, err := p.shelves.Mark(ctx)
		if err != nil {
			return err
		}
		for b, err := range p.shelves.Logged(ctx, from, now.log.Known) {
			if err != nil {
				return err
			}
			for _, g := range b.Grants {
				delete(open, g.Order)
			}
		}
		from = now.log.Known + 1
		if !p.now().Before(until) {
			break
		}
		if !pause.For(ctx, lookAgain) {
			return ctx.Err()
		}
	}
	return p.keepHeld(ctx, f, open, seen.shard)
}

// keepHeld leaves those of the unlogged that are open and that Redis still holds.
func (p *pass) keepHeld(ctx context.Context, f *recon.Findings, open map[api.Order]recon.Difference, at grantlog.Shard) error {
	var grants []api.Grant
	var left []recon.Difference
	for _, d := range f.Kept[recon.Unlogged] {
		if _, ok := open[d.Grant.Order]; ok {
			grants = append(grants, d.Grant)
			left = append(left, d)
		}
	}
	held, err := p.shelves.StillHeld(ctx, at, grants)
	if err != nil {
		return err
	}
	kept := f.Kept[recon.Unlogged]
	f.Counts[recon.Unlogged] -= uint64(len(kept))
	f.Kept[recon.Unlogged] = nil
	for i, d := range left {
		if held[i] {
			f.Counts[recon.Unlogged]++
			f.Kept[recon.Unlogged] = append(f.Kept[recon.Unlogged], d)
		}
	}
	return nil
}

func (p *pass) doing(what string) { p.tell(func(r *recon.Result) { r.Doing = what }) }

// count counts one entry read, and holds the pass to its rate.
func (p *pass) count(ctx context.Context) error {
	n, err := p.pace.one(ctx)
	if n > 0 {
		p.tell(func(r *recon.Result) { r.Read += uint64(n) })
	}
	return err
}
