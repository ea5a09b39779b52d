// Package att is the role att: synthetic users who walk the whole path through their data centre's front door, every second
// and within its deadlines, and look at what they are told as a user would.
package att

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redpacket/system/activity"
	"redpacket/system/admin"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/login"
	"redpacket/system/money"
)

// every is how often a journey begins; one that takes longer is not overtaken by the next.
const every = time.Second

// mostListed is the most gifts that one list shows.
const mostListed = 200

// beside is what an answer may take beyond the gateway's own deadline: the way there and back.
const beside = 250 * time.Millisecond

// Run walks until ctx ends. It is healthy when a journey has ended, whatever it came to: a synthetic user is not ill because
// the system is.
func Run(ctx context.Context, cfg config.Config) error {
	w, err := newWalker(cfg)
	if err != nil {
		return err
	}
	page := admin.Page{Node: cfg.Node, Metrics: w.seen.metrics(), Healthy: w.seen.healthy, Switches: control.Follow(ctx, cfg)}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		w.walk(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// walker walks one journey after the other.
type walker struct {
	door   door
	signer *login.Signer
	rules  config.Rules
	gifts  int      // how many the list must show
	gift   api.Gift // that is claimed
	users  [activity.Watchers]api.User
	orders [activity.Watchers]holding // what each was told that it has
	last   [activity.Watchers]time.Time
	turn   int
	seen   seen
}

// holding is what a user was told; the zero value is nothing yet.
type holding struct {
	Order api.Order
	Fen   money.Fen
}

func newWalker(cfg config.Config) (*walker, error) {
	signer, err := login.NewSigner(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("att %s: %w", cfg.Node, err)
	}
	gift, there := cfg.Activity.WatchedGift()
	if len(cfg.Sites) != 1 || !there {
		return nil, fmt.Errorf("att %s: it was told of %d front doors and an activity of %d gifts; it needs one door, and a gift for anyone",
			cfg.Node, len(cfg.Sites), len(cfg.Activity.Gifts))
	}
	idc := activity.A
	if cfg.IDC == activity.B.String() {
		idc = activity.B
	}
	return &walker{door: newDoor(cfg.Sites[0].Front), signer: signer, rules: cfg.Rules, gifts: min(len(cfg.Activity.Gifts), mostListed), gift: gift,
		users: activity.WatchersOf(idc)}, nil
}

// walk is one journey: static, list, select, claim, receipt. It ends at the first step that is not as promised.
func (w *walker) walk(ctx context.Context, now time.Time) {
	who := w.turn
	if now.Sub(w.last[who]) < w.rules.ClaimEvery.D() {
		return // its turn came too soon; a claim would only be told so
	}
	w.turn = (w.turn + 1) % activity.Watchers
	w.last[who] = now
	token := string(w.signer.Mint(nil, w.users[who], uint32(now.Add(time.Hour).Unix())))
	for op := range api.Ops {
		began := time.Now()
		err := w.step(ctx, op, who, token)
		if ctx.Err() != nil {
			return
		}
		w.seen.took(op, time.Since(began))
		if err != nil {
			w.seen.ended(err, fmt.Sprintf("%s of user %d", op, w.users[who]))
			return
		}
	}
	w.seen.ended(nil, "")
}

// step asks one page, and is nil when the answer is what the API promises.
func (w *walker) step(ctx context.Context, op api.Op, who int, token string) error {
	within := w.rules.ReadWithin.D() + beside
	if op == api.Claim {
		within = w.rules.ClaimWithin.D() + beside
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	got, err := w.door.ask(ctx, request(op, w.gift, token))
	if err != nil {
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	return w.judge(op, who, got)
}

// judge looks at an answer as its user: a 200 whose body is not what was asked for is wrong, and so is one that takes back
// what was said before.
func (w *walker) judge(op api.Op, who int, got answer) error {
	switch {
	case got.Status != got.code.Status():
		return fmt.Errorf("%w: status %d with code %s", errWrong, got.Status, got.code)
	case got.code == api.Unknown:
		return errUnknown
	case got.code == api.Busy || got.code == api.Closed:
		return errShed
	case op == api.Claim && got.code == api.SoldOut && w.orders[who].Order == 0:
		return errOver
	case got.code != api.OK:
		return fmt.Errorf("%w: code %s", errWrong, got.code)
	}
	switch op {
	case api.Static:
		return wrongIf(got.Part == "", "a static part without its name")
	case api.List:
		return wrongIf(len(got.Gifts) != w.gifts, "%d gifts of %d", len(got.Gifts), w.gifts)
	case api.Select:
		return wrongIf(len(got.Servers) != activity.Servers, "%d servers of %d", len(got.Servers), activity.Servers)
	}
	had, has := w.orders[who], got.share()
	if has.Order.Gift() != w.gift || has.Order == 0 || has.Fen <= 0 || had.Order != 0 && had != has {
		return fmt.Errorf("%w: order %d of %d fen; it had order %d of %d fen", errWrong, has.Order, has.Fen, had.Order, had.Fen)
	}
	w.orders[who] = has
	return nil
}

// What a journey that did not come to its end came to.
var (
	errWrong   = errors.New("an answer that the API does not promise")
	errUnknown = errors.New("no answer in time, or one that the outcome is not known")
	errShed    = errors.New("asked to come back later")
	errOver    = errors.New("sold out before the first claim")
)

func wrongIf(bad bool, format string, args ...any) error {
	if bad {
		return fmt.Errorf("%w: "+format, append([]any{errWrong}, args...)...)
	}
	return nil
}
