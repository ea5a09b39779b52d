package courier

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/mutant"
	"redpacket/system/pause"
	"redpacket/system/roles/idip/delivery"
)

// How a lane asks again: after a time that doubles, of which a random half is waited more or less.
const (
	againSoon = 50 * time.Millisecond
	againMost = 3 * time.Second
)

// guard is added to the window for clocks that run apart.
const guard = time.Millisecond

// round is one lane's work: take, pace, ask until answered, move on.
type round struct {
	game     uint8
	rate     float64 // the game's limit; 0: none
	switches *control.Current
	window   *delivery.Window
	counts   *counts
	draw     *rand.Rand
	say      *voice
	again    again
}

// source is a lane of the log.
type source interface {
	Next(ctx context.Context, most int) (grants []api.Grant, done func(context.Context) error, err error)
}

// asker is the game's delivery interface.
type asker interface {
	Deliver(ctx context.Context, game uint8, grants []api.Grant) ([]delivery.Answer, error)
}

// newRound is a lane's work before its first request.
func newRound(game uint8, cfg config.Config, n *counts) *round {
	share := cfg.DeliveryShare()
	r := &round{game: game, rate: share, switches: control.NewCurrent(cfg.Node, cfg.Token), window: delivery.NewWindow(share), counts: n,
		draw: rand.New(rand.NewPCG(cfg.Activity.Seed, uint64(game))), say: &voice{}}
	if cfg.Rules.DeliveryRate > 0 {
		// What the courier before this one sent a moment ago is not known: as much as it could.
		r.window.Add(time.Now(), r.window.Most())
	}
	return r
}

// run works until ctx ends or the lane cannot be read.
func (r *round) run(ctx context.Context, lane source, ask asker) error {
	for turn := 1; ; turn++ {
		if turn%againEvery == 0 {
			if err := r.reissue(ctx, ask); err != nil {
				return err
			}
		}
		grants, done, err := r.next(ctx, lane, r.most())
		if err != nil {
			return err
		}
		if len(grants) == 0 {
			if err := r.reissue(ctx, ask); err != nil {
				return err
			}
			continue
		}
		if grants = r.clean(grants); len(grants) > 0 {
			answers, err := r.untilAnswered(ctx, ask, grants)
			if err != nil {
				return err
			}
			r.count(answers)
		}
		if err := done(ctx); err != nil {
			r.say.line("game %d: %v; it is tried again", r.game, err)
		}
	}
}

// clean is the grants without those whose user and tag contradict each other. Whatever wrote them, no game hears of them.
func (r *round) clean(grants []api.Grant) []api.Grant {
	if !slices.ContainsFunc(grants, api.Grant.Poisoned) {
		return grants
	}
	return slices.DeleteFunc(slices.Clone(grants), func(g api.Grant) bool {
		if !g.Poisoned() {
			return false
		}
		r.counts.tagless.Add(1)
		r.say.line("game %d: order %d of user %d is not delivered: one of them is of pressure traffic, the other is not", r.game, g.Order, g.User)
		return true
	})
}

// asked are grants as a game is asked for them.
func asked(grants []api.Grant) []api.Grant {
	if mutant.Is(mutant.TagDroppedAtCourier) || mutant.Is(mutant.TagLeaksAtCourier) {
		return api.Unmarked(grants)
	}
	return grants
}

// most is how many orders to take next. The window's rate changes here only, so that what was taken can always pass; the
// lane's own goroutine calls it.
func (r *round) most() int {
	r.window.SetRate(r.limit())
	return min(delivery.MaxOrders, r.window.Most())
}

// limit is the game's limit in orders per second, or the share of it that the switches leave; 0 is none, which has no share. Any
// goroutine may ask.
func (r *round) limit() float64 {
	if share := r.switches.Now().CourierShare; r.rate > 0 && share > 0 {
		return r.rate * share
	}
	return r.rate
}

// untilAnswered asks the same orders until the game has answered them; only ctx ends it. Nothing is ever skipped: a
// later order that overtook one in doubt would move the lane past it.
func (r *round) untilAnswered(ctx context.Context, ask asker, grants []api.Grant) ([]delivery.Answer, error) {
	backoff := againSoon
	for {
		if err := r.pace(ctx, len(grants)); err != nil {
			return nil, err
		}
		answers, err := ask.Deliver(ctx, r.game, asked(grants))
		// The orders reached the game somewhere between then and now. Counted as of now they can, by the game's own
		// clock, be in no window with later ones that ours has not seen them in.
		r.window.Add(time.Now(), len(grants))
		if err == nil {
			if mutant.Is(mutant.Replayed) {
				_, _ = ask.Deliver(ctx, r.game, grants)
			}
			return answers, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if r.counts.failures.Add(1) == 1 {
			r.say.line("game %d: %v; the same orders are asked again", r.game, err)
		}
		wait := backoff/2 + time.Duration(r.draw.Int64N(int64(backoff)))
		var l delivery.Later
		if errors.As(err, &l) {
			wait += l.After
		}
		if !pause.For(ctx, wait) {
			return nil, ctx.Err()
		}
		backoff = min(2*backoff, againMost)
	}
}

// pace waits until n more orders are within the game's limit.
func (r *round) pace(ctx context.Context, n int) error {
	for {
		wait := r.window.Wait(time.Now(), n)
		if wait == 0 {
			return ctx.Err()
		}
		if !pause.For(ctx, wait+guard) {
			return ctx.Err()
		}
	}
}

// count counts the answers. A conflict is final: the ledger will say the same for ever, so it is written down for
// people, once, and the lane moves on.
func (r *round) count(answers []delivery.Answer) {
	if mutant.Is(mutant.EndsWell) && r.counts.delivered.Load() > 20 {
		os.Exit(0)
	}
	for _, a := range answers {
		switch a.Result {
		case delivery.Delivered:
			r.counts.delivered.Add(1)
		case delivery.Repeat:
			r.counts.repeats.Add(1)
		case delivery.Conflict:
			r.counts.conflicts.Add(1)
			r.say.line("game %d: order %d conflicts with another delivery and is not delivered", r.game, a.Order)
		case delivery.Tagless:
			r.say.line("game %d: order %d lost its tag on the way and is not delivered", r.game, a.Order)
		}
	}
}
