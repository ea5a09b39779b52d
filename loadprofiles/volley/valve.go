package volley

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/pause"
	"redpacket/system/promotion"
)

const (
	valveEvery  = 100 * time.Millisecond // between two questions to the promotion layer
	valveWithin = time.Second            // for its answer
)

// valve is what the users' side knows of the promotion's valve. It keeps asking, as whatever shows the event to users does;
// while nobody answers, what it last heard holds.
type valve struct {
	client *promotion.Client

	mu    sync.RWMutex
	turns loadprofiles.Turns

	unheard uint64 // its own, until it has ended
}

// newValve asks the promotion layer how its valve is at the beginning. A load without a promotion has none: nil.
func newValve(ctx context.Context, job Job) (*valve, error) {
	if job.Profile.Promotion.Share == 0 {
		return nil, nil
	}
	client := promotion.Dial(job.Promo, valveWithin)
	found, err := client.Ask(ctx)
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("the users cannot be shown the promotion: %w", err)
	}
	return &valve{client: client, turns: loadprofiles.Turns{{Closed: found.Closed}}}, nil
}

// follow keeps asking until ctx ends. Times are since zero.
func (v *valve) follow(ctx context.Context, zero time.Time) {
	defer v.client.Close()
	for pause.For(ctx, valveEvery) {
		switch now, err := v.client.Ask(ctx); {
		case ctx.Err() != nil:
		case err != nil:
			v.unheard++
		default:
			v.hear(now.Closed, func() time.Duration { return time.Since(zero) })
		}
	}
}

// hear takes in how the valve is. The time of a turn is read while nobody can look: so whoever looked before was shown the
// promotion before the turn, and each hit's fate hangs on the turns alone, not on which goroutine came first.
func (v *valve) hear(closed bool, now func() time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.turns[len(v.turns)-1].Closed != closed {
		v.turns = append(v.turns, loadprofiles.Turn{At: now(), Closed: closed})
	}
}

// keepsAway says whether the user of hit number n, which is owed at a time that is not to come, was not shown the promotion.
func (v *valve) keepsAway(crowd *loadprofiles.Crowd, n uint64, owed time.Duration) bool {
	if v == nil {
		return false
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return crowd.Withheld(n, owed, v.turns)
}

// heard is all that was heard of the valve, once follow has ended.
func (v *valve) heard() (loadprofiles.Turns, uint64) {
	if v == nil {
		return nil, 0
	}
	return slices.Clone(v.turns), v.unheard
}
