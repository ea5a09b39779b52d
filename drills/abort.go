package drills

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"redpacket/drills/record"
	"redpacket/system/pause"
)

// AbortRule says when a drill must not go on: it ends the load and heals everything at once. It is asked a few times a
// second while the load runs, and must not block.
type AbortRule interface {
	String() string
	Broken(l Live) string // why the drill ends now; empty: it goes on
}

// Live is what is seen of a drill while it runs.
type Live struct {
	Wrong string // what is wrong with the money, as the stores or the generator tell it; empty: nothing is
	ticks []tick // what the load came to, oldest first
}

// tick is what ended since the last one.
type tick struct {
	at, took      time.Duration
	answered, got float64       // requests of the critical path that ended; of those, done or refused by the business
	since         time.Duration // since a declared fault was last there; 0: one is
	hurt          bool          // a declared fault is there, or was
	late          time.Duration // how late the requests themselves were, p99
}

// MoneyWrong aborts at the first thing that is wrong with the money. No fault excuses that.
type MoneyWrong struct{}

// String is the rule.
func (MoneyWrong) String() string {
	return "the money is wrong: in the stores, or in what users were told"
}

// Broken is what is wrong.
func (MoneyWrong) Broken(l Live) string { return l.Wrong }

// SuccessBelow aborts when less than a share of the critical path succeeds for some time that no declared fault excuses. Nor
// does it while the load is late: a generator that is starved does not hear answers that came.
type SuccessBelow struct {
	Share float64       // 0 … 1; done, or refused by a rule of the business
	For   time.Duration // 1 s or more
	Grace time.Duration // how long after its heal a fault excuses what is seen
}

// String is the rule.
func (r SuccessBelow) String() string {
	return fmt.Sprintf("less than %g %% of the critical path succeed for %s, no fault being there or healed less than %s ago", 100*r.Share, r.For, r.Grace)
}

// Broken adds up the latest time of the length asked for; where a part of it is excused, nothing is broken.
func (r SuccessBelow) Broken(l Live) string {
	var answered, got float64
	var seen time.Duration
	for i := len(l.ticks) - 1; i >= 0 && seen < r.For; i-- {
		t := l.ticks[i]
		if t.hurt && t.since <= r.Grace || t.late > lateAtMost {
			return ""
		}
		answered, got, seen = answered+t.answered, got+t.got, seen+t.took
	}
	if seen < r.For || answered == 0 || got >= r.Share*answered {
		return ""
	}
	return fmt.Sprintf("%.3g %% of the critical path succeeded in the last %s", 100*got/answered, seen.Round(100*time.Millisecond))
}

// Money is asked whether the stores contradict themselves, or what was funded, while they are at work.
type Money interface {
	// Money is what is wrong; empty: nothing that can be seen. It takes half a second at most. A store that does not answer is an error
	// beside what the others tell, and nothing wrong.
	Money(ctx context.Context) (wrong string, err error)
}

// lateAtMost is how late the load may be for what becomes of it to be the system's doing.
const lateAtMost = 100 * time.Millisecond

// lookEvery is the time between two looks of the rules.
const lookEvery = 250 * time.Millisecond

// mostTicks bounds what is kept of the load: a minute of it.
const mostTicks = 120

// guards watches a drill's rules while its load runs.
type guards struct {
	mu    sync.Mutex
	live  Live
	last  time.Duration
	hurts int           // faults that are there now
	ended time.Duration // when the last of them was gone; 0: there was none
	clean time.Duration // the last look that found nothing broken
}

// hurt notes that a declared fault comes (+1) or is gone (-1).
func (g *guards) hurt(change int, now time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hurts += change
	g.ended = max(now, 1)
}

// hear takes what the generator tells.
func (g *guards) hear(p Progress) {
	if p.At <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.Wrong != "" && g.live.Wrong == "" {
		g.live.Wrong = p.Wrong
	}
	t := tick{at: p.At, took: p.At - g.last, hurt: g.ended > 0, late: p.Late}
	t.answered, t.got = p.Answered*t.took.Seconds(), p.Succeeded*t.took.Seconds()
	if g.hurts == 0 && t.hurt {
		t.since = p.At - g.ended
	}
	g.last = p.At
	if g.live.ticks = append(g.live.ticks, t); len(g.live.ticks) > mostTicks {
		g.live.ticks = g.live.ticks[1:]
	}
}

// ask puts the rules; the answer is the first that is broken.
func (g *guards) ask(rules []AbortRule, wrong string) (AbortRule, string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wrong != "" && g.live.Wrong == "" {
		g.live.Wrong = wrong
	}
	for _, r := range rules {
		if why := r.Broken(g.live); why != "" {
			return r, why
		}
	}
	return nil, ""
}

// errAborted is why the load was stopped.
var errAborted = errors.New("the drill was aborted")

// guard looks until ctx ends or a rule is broken; then it calls stop.
func (r *run) guard(ctx context.Context, stop context.CancelCauseFunc) {
	if len(r.drill.Aborts) == 0 {
		return
	}
	for at := r.m.Began; pause.Until(ctx, at); at = time.Now().Add(lookEvery) {
		began := r.now()
		wrong, _ := r.on.Money(ctx) // a store that does not answer is seen by others
		rule, why := r.guards.ask(r.drill.Aborts, wrong)
		if rule == nil {
			r.guards.clean = began
			continue
		}
		if ctx.Err() == nil {
			r.note(func() {
				r.m.Abort = &record.Abort{Rule: rule.String(), Because: why, Clean: r.guards.clean, At: r.now()}
			})
			stop(errAborted)
		}
		return
	}
}

func (r *run) aborted() (was bool) {
	r.note(func() { was = r.m.Abort != nil })
	return was
}

// quieten ends an abort: the load is gone, the faults that had a time were healed when their wait was ended, and now those that were to
// stay are, too. It returns when nothing is hurt any more.
func (r *run) quieten(ctx context.Context, gone time.Duration) {
	a := r.m.Abort
	a.Quiet = gone
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healLimit)
	defer cancel()
	if err := r.with.Ward.HealAll(ctx, r.on); err != nil {
		r.trouble("heal, when the drill was aborted: %v", err)
	}
	a.Healed = r.now()
	for i := range r.m.Events {
		if e := &r.m.Events[i]; e.Track == record.Fault && e.Effective > 0 && e.To == 0 && e.Err == "" {
			e.To = a.Healed
		}
	}
	r.m.Events = append(r.m.Events, record.Event{Track: record.Alarm, What: "abort: " + a.Rule, Level: "page", Playbook: "none",
		From: a.At, Effective: a.At, To: max(a.Quiet, a.Healed)})
}
