package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redpacket/system/grantlog"
	"redpacket/system/pair"
)

// The pair's times.
const (
	askWithin  = time.Second            // for one answer of the witness
	askEvery   = 500 * time.Millisecond // between two questions to it while something is amiss
	bulkEnough = 256                    // so few batches are copied while the shard is closed
)

// tend sees to what the two IDCs have agreed on: it goes on without a log that is lost, takes back one that has returned,
// and finishes what another keeper began. It is true when nothing else may be done now.
func (k *keeper) tend(ctx context.Context) (busy bool, err error) {
	d, now := k.duo, k.clock()
	own, mirror := d.sights() // the logs first, and then the witness
	seen := grantlog.Join(own.said, mirror.said)
	steady := seen.Open && seen.Mode == pair.Mirrored && own.up(now) && mirror.up(now)
	if steady && d.known && d.agreed.Mode == pair.Mirrored {
		return false, nil
	}
	// A mode that the logs were told needs no witness, so that a lost store can be filled again. What changes the mode does.
	told := seen.Mode != pair.Single && serves(seen.Mode)
	if now.Sub(d.asked) < askEvery {
		return !told && !(d.known && d.agreed.Mode == pair.Mirrored), nil
	}
	d.asked = now
	if err := d.ask(ctx); err != nil {
		return !told, err
	}
	plan := pair.Next(pair.Sight{Own: said(own.said), Mirror: said(mirror.said), OwnUp: own.up(now), MirrorUp: mirror.up(now),
		OwnLost: own.lost(now), MirrorLost: mirror.lost(now), Agreed: d.agreed.Mode})
	if plan.None() {
		return d.agreed.Mode == pair.Single || !serves(d.agreed.Mode), nil
	}
	if d.agreed.Mode == pair.Alone || d.agreed.Mode == pair.Leaning {
		if more, err := d.bulk(ctx, seen); more || err != nil {
			return false, err
		}
	}
	return true, k.carryOut(ctx, plan, seen)
}

// serves tells whether a shard can be open in the mode.
func serves(m pair.Mode) bool { return m.Needs() != 0 }

func said(s grantlog.Shard) pair.Said {
	return pair.Said{Epoch: s.Epoch, Mode: s.Mode, Open: s.Open, By: s.By}
}

// ask reads the agreement.
func (d *duo) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	agreed, err := pair.ReadAgreement(ctx, d.witness, d.cfg.IDC)
	if err == nil {
		d.agreed, d.known = agreed, true
	}
	return err
}

// bulk copies most of what a returned log lacks while the shard is open; more is true when that took so long that the next
// look should come first. It copies only into a log that was told something, for its fence.
func (d *duo) bulk(ctx context.Context, s grantlog.Shard) (more bool, err error) {
	own, mirror := d.sights()
	if !own.up(d.clock()) || !mirror.up(d.clock()) {
		return false, nil // the plan is another one
	}
	to, fence := pair.Mirror, s.Mirror
	if d.agreed.Mode == pair.Leaning {
		to, fence = pair.Own, s.Fence
	}
	if fence == 0 {
		return false, nil
	}
	ctx, stop := d.whileUp(ctx, pair.Own|pair.Mirror)
	defer stop()
	n, err := d.twin.CopyTo(ctx, to, s)
	if n > 0 {
		d.say("copied %d batches to a log that has returned", n)
	}
	return n > bulkEnough, err
}

// carryOut does a plan's steps. Whatever is refused ends it; the next look decides anew.
func (k *keeper) carryOut(ctx context.Context, plan pair.Plan, s grantlog.Shard) error {
	d := k.duo
	began := k.clock()
	d.say("%s: %s; going on with %v", k.cfg.IDC, d.agreed.Mode, plan.Steps)
	s.Epoch = max(k.duoEpoch(), 1)
	if plan.NewEpoch {
		s.Epoch++
	}
	s.By = d.decision()
	for _, step := range plan.Steps {
		var err error
		if s, err = k.act(ctx, step, s); err != nil {
			k.retry = k.clock().Add(retryAfter)
			return fmt.Errorf("%v: %w", step, err)
		}
	}
	own, mirror := d.sights()
	k.learn(k.clock(), grantlog.Join(own.said, mirror.said))
	d.say("%s, epoch %d, open %v, %.2f s after it was begun", d.agreed.Mode, k.seen.Epoch, k.seen.Open, k.clock().Sub(began).Seconds())
	return nil
}

// duoEpoch is the highest epoch that either log was told.
func (k *keeper) duoEpoch() uint32 {
	own, mirror := k.duo.sights()
	return max(own.said.Epoch, mirror.said.Epoch)
}

// act does one step.
func (k *keeper) act(ctx context.Context, step pair.Step, s grantlog.Shard) (grantlog.Shard, error) {
	d := k.duo
	switch step.Act {
	case pair.Write:
		return s, d.write(ctx, step.Mode)
	case pair.CloseMirror, pair.CloseOwn, pair.OpenMirror, pair.OpenOwn:
		if open := step.Act == pair.OpenMirror || step.Act == pair.OpenOwn; open && !s.Open {
			s.By = d.decision() // closed and open are two decisions
		}
		s.Mode = step.Mode
		return d.tell(ctx, s, step.Act)
	case pair.Level:
		void := s.Void
		s, err := d.level(ctx, s)
		if err == nil && s.Void != void {
			s.By = d.decision()
			s, err = d.tell(ctx, s, pair.CloseMirror) // it must be known before anybody may believe the mirror
		}
		return s, err
	case pair.Fill:
		if s.Primary = choose(k.look(k.clock()), s.Primary); s.Primary == "" {
			return s, errors.New("no cmem node is alive")
		}
		_, err := k.fill(ctx, &s, &steps{k: k, began: k.clock(), last: k.clock()})
		return s, err
	}
	return s, fmt.Errorf("a home's keeper does not do %v", step)
}

// write moves the agreement.
func (d *duo) write(ctx context.Context, to pair.Mode) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	next, err := d.agreed.Move(ctx, d.witness, d.cfg.IDC, to)
	if err != nil {
		d.known = false
		return err
	}
	d.agreed = next
	return nil
}
