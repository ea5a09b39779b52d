package recon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"redpacket/system/api"
	"redpacket/system/ledger"
	"redpacket/system/mutant"
	"redpacket/system/pause"
	"redpacket/system/recon"
	"redpacket/system/roles/idip/delivery"
)

// How an order is delivered again.
const (
	attempts    = 5 // then it is a dead letter
	againSoon   = 500 * time.Millisecond
	courierWait = 60 * time.Second // one request; the courier's own patience is shorter
	atOnce      = 64               // orders of one request: few, so that a lane with a low limit answers in time
	conflict    = "conflict"       // the kind of a dead letter that no comparison names
)

// repair has the missing delivered, and buries what contradicts itself.
func (p *pass) repair(ctx context.Context, f *recon.Findings) error {
	dead := p.reissue(ctx, f)
	for k := range recon.Kinds {
		if k.Remedy() != recon.Bury {
			continue
		}
		for _, d := range f.Kept[k] {
			dead = append(dead, ledger.Letter{Kind: k.String(), Grant: d.Grant, Why: d.String()})
		}
	}
	if len(dead) == 0 {
		return ctx.Err()
	}
	p.doing("writing dead letters")
	fresh, err := p.letters.Bury(context.WithoutCancel(ctx), dead) // bounded by itself, and worth more than the pass' time
	p.tell(func(r *recon.Result) {
		r.DeadLetters += uint64(fresh)
		r.KnownDead += uint64(len(dead) - fresh)
	})
	return errors.Join(err, ctx.Err())
}

// reissue asks for the missing orders again, all games side by side, and returns those that are dead.
func (p *pass) reissue(ctx context.Context, f *recon.Findings) []ledger.Letter {
	missing := f.Kept[recon.Missing]
	missing = missing[:min(len(missing), p.budget)]
	p.budget -= len(missing)
	left := f.Counts[recon.Missing] - uint64(len(missing))
	byGame := map[uint8][]api.Grant{}
	for _, d := range missing {
		gift, _ := p.activity.GiftOf(d.Grant.Order) // it is a share of the activity, or it would be a stray
		byGame[gift.Game] = append(byGame[gift.Game], d.Grant)
	}
	p.tell(func(r *recon.Result) {
		r.Doing = fmt.Sprintf("having %d orders delivered again", len(missing))
		r.Left += left
	})
	var mu sync.Mutex
	var dead []ledger.Letter
	var games errgroup.Group
	for game, grants := range byGame {
		games.Go(func() error {
			letters := p.reissueGame(ctx, game, grants)
			mu.Lock()
			defer mu.Unlock()
			dead = append(dead, letters...)
			return nil
		})
	}
	_ = games.Wait() // no game returns an error: what went wrong is in its letters
	return dead
}

// reissueGame is one game's part. A game that did not answer is not asked for the rest: that is left for the next pass.
func (p *pass) reissueGame(ctx context.Context, game uint8, grants []api.Grant) (dead []ledger.Letter) {
	for len(grants) > 0 {
		some := grants[:min(len(grants), atOnce)]
		rest := grants[len(some):]
		answers, err := p.untilAnswered(ctx, game, some)
		switch {
		case err == nil:
			dead, grants = append(dead, p.answered(ctx, some, answers)...), rest
			continue
		case ctx.Err() == nil:
			for _, g := range some {
				dead = append(dead, p.lost(g, err))
			}
			grants = rest
		}
		p.tell(func(r *recon.Result) { r.Left += uint64(len(grants)) })
		return dead
	}
	return dead
}

// answered books what became of some orders.
func (p *pass) answered(ctx context.Context, grants []api.Grant, answers []delivery.Answer) (dead []ledger.Letter) {
	var done []api.Order
	for i, a := range answers {
		if a.Result == delivery.Conflict {
			dead = append(dead, ledger.Letter{Kind: conflict, Grant: grants[i],
				Why: fmt.Sprintf("order %d was granted and is not delivered, and its game says that another delivery stands against it", a.Order)})
			p.show(grants[i], "dead letter: the game says conflict")
			continue
		}
		done = append(done, a.Order)
		p.show(grants[i], a.Result)
	}
	if len(done) == 0 {
		return dead
	}
	p.tell(func(r *recon.Result) { r.Reissued += uint64(len(done)) })
	if err := p.letters.Solve(ctx, recon.Missing.String(), done); err != nil {
		p.tell(func(r *recon.Result) { r.Why = err.Error() }) // it is delivered all the same; the letter is a memory
	}
	return dead
}

// lost is the letter of an order that could not be delivered.
func (p *pass) lost(g api.Grant, err error) ledger.Letter {
	p.show(g, "dead letter: not delivered")
	return ledger.Letter{Kind: recon.Missing.String(), Grant: g,
		Why: fmt.Sprintf("order %d was granted and not delivered in %d attempts: %v", g.Order, attempts, err)}
}

func (p *pass) show(g api.Grant, done string) {
	p.tell(func(r *recon.Result) { r.Show(recon.Difference{Kind: recon.Missing, Grant: g}, done) })
}

// asked are grants as the courier is asked for them.
func asked(grants []api.Grant) []api.Grant {
	if mutant.Is(mutant.TagDroppedAtRecon) {
		return api.Unmarked(grants)
	}
	return grants
}

// untilAnswered asks up to attempts times, with growing pauses between.
func (p *pass) untilAnswered(ctx context.Context, game uint8, grants []api.Grant) (answers []delivery.Answer, err error) {
	wait := p.again
	for attempt := 1; ; attempt++ {
		if answers, err = p.courier.Deliver(ctx, game, asked(grants)); err == nil || attempt == attempts {
			return answers, err
		}
		var later delivery.Later
		if errors.As(err, &later) {
			wait = max(wait, later.After)
		}
		if !pause.For(ctx, wait) {
			return nil, errors.Join(err, ctx.Err())
		}
		wait *= 2
	}
}
