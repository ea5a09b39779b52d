package keeper

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/grantlog"
	"redpacket/system/pair"
)

// twinLogs are what a keeper needs of its IDC's two logs; grantlog.Twin is them.
type twinLogs interface {
	Said(ctx context.Context, which pair.Places) (grantlog.Shard, error)
	Announce(ctx context.Context, which pair.Places, s grantlog.Shard) (grantlog.Shard, error)
	Level(ctx context.Context, s grantlog.Shard) (grantlog.Shard, error)
	CopyTo(ctx context.Context, to pair.Places, s grantlog.Shard) (int, error)
	Truth(ctx context.Context, s grantlog.Shard) iter.Seq2[grantlog.Logged, error]
}

// otherLog is the mirror of the other IDC's log, which this IDC's log server keeps.
type otherLog interface {
	Shard(ctx context.Context, idc string) (grantlog.Shard, error)
	Announce(ctx context.Context, s grantlog.Shard) (grantlog.Shard, error)
	ReadBelieved(ctx context.Context, void grantlog.Seqs) iter.Seq2[grantlog.Logged, error]
}

// duo is the shard's two logs and the witness, as one log to the keeper: it announces in the logs that the mode counts.
type duo struct {
	cfg     config.Config
	twin    twinLogs
	other   otherLog
	witness pair.Witness
	clock   func() time.Time
	say     func(format string, args ...any)

	mu   sync.Mutex
	logs [2]logSight // own, mirror
	by   int         // decisions so far
	name string      // of this life, for the decisions

	agreed pair.Agreement // as last read; its zero value: never
	known  bool           // agreed was read
	asked  time.Time
}

// logSight is one log as it was seen last.
type logSight struct {
	said  grantlog.Shard
	at    time.Time // zero: never
	told  time.Time // when this keeper told it something last
	since time.Time // when it was first looked for
	miss  int       // looks that failed since
}

// lost says that the shard should go on without the log.
func (l logSight) lost(now time.Time) bool {
	return !l.since.IsZero() && now.Sub(maxTime(l.at, l.since)) >= lostAfter && l.miss >= lostLooks
}

// up says that the log answers now.
func (l logSight) up(now time.Time) bool { return !l.at.IsZero() && now.Sub(l.at) < freshFor }

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func newDuo(cfg config.Config, twin twinLogs, other otherLog, witness pair.Witness) *duo {
	d := &duo{cfg: cfg, twin: twin, other: other, witness: witness, clock: time.Now, name: rand.Text()}
	for i := range d.logs {
		d.logs[i].said.IDC = cfg.IDC
	}
	return d
}

// which is the log at a place in logs.
func (d *duo) which(i int) pair.Places { return [...]pair.Places{pair.Own, pair.Mirror}[i] }

// watch looks at one log until ctx ends.
func (d *duo) watch(ctx context.Context, i int) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		d.look(ctx, i)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (d *duo) look(ctx context.Context, i int) {
	asked := d.clock()
	limited, cancel := context.WithTimeout(ctx, lookWithin)
	said, err := d.twin.Said(limited, d.which(i))
	cancel()
	d.mu.Lock()
	defer d.mu.Unlock()
	l := &d.logs[i]
	if l.since.IsZero() {
		l.since = asked
	}
	if err != nil {
		l.miss++
		return
	}
	l.at, l.miss = asked, 0
	if said.Fence >= l.said.Fence || asked.After(l.told) { // else an answer that was overtaken; or the log has lost its disk
		l.said = said
	}
}

// sights are both logs as they were seen last.
func (d *duo) sights() (own, mirror logSight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logs[0], d.logs[1]
}

// Shard is the shard by what both logs were told last.
func (d *duo) Shard(context.Context, string) (grantlog.Shard, error) {
	own, mirror := d.sights()
	if own.at.IsZero() && mirror.at.IsZero() {
		return grantlog.Shard{}, errors.New("neither log was reached yet")
	}
	return grantlog.Join(own.said, mirror.said), nil
}

// Announce opens or closes the shard in the logs that its mode counts; a closed one is level when it returns. The mode is
// that of the last announcement, so the witness need not be asked.
func (d *duo) Announce(ctx context.Context, s grantlog.Shard) (grantlog.Shard, error) {
	if s.Mode == pair.Single || !serves(s.Mode) { // the first announcement of all, or a change that was broken off
		if err := d.ask(ctx); err != nil {
			return s, err
		}
		if s.Mode = d.agreed.Mode; s.Mode == pair.Single || !serves(s.Mode) {
			return s, fmt.Errorf("nothing is granted while the users of %s are %s", s.IDC, s.Mode)
		}
	}
	if own, mirror := d.sights(); s.Mode == pair.Mirrored && (own.said.Epoch == 0) != (mirror.said.Epoch == 0) {
		return s, fmt.Errorf("one of the logs of %s was never told anything; it has lost its disk, or was not reached yet", s.IDC)
	}
	s.By = d.decision()
	for _, step := range pair.Refill(s.Mode).Steps {
		var err error
		switch step.Act {
		case pair.CloseMirror, pair.CloseOwn:
			if !s.Open {
				s, err = d.tell(ctx, s, step.Act)
			}
		case pair.OpenMirror, pair.OpenOwn:
			if s.Open {
				s, err = d.tell(ctx, s, step.Act)
			}
		case pair.Level:
			if !s.Open {
				s, err = d.level(ctx, s)
			}
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// decision names the next decision; the logs recognise it by that, and each log hears of it once.
func (d *duo) decision() string {
	d.by++
	return fmt.Sprintf("%s/%s/%d", d.cfg.Node, d.name, d.by)
}

// tell announces s in one log, and takes it in.
func (d *duo) tell(ctx context.Context, s grantlog.Shard, act pair.Act) (grantlog.Shard, error) {
	i, fence := 0, &s.Fence
	if act == pair.CloseMirror || act == pair.OpenMirror {
		i, fence = 1, &s.Mirror
	}
	s.Open = act == pair.OpenMirror || act == pair.OpenOwn
	one := s
	one.Fence, one.Mirror = *fence, 0
	limited, cancel := context.WithTimeout(ctx, actWithin)
	defer cancel()
	said, err := d.twin.Announce(limited, d.which(i), one)
	if err != nil {
		return s, err
	}
	*fence = said.Fence
	d.mu.Lock()
	d.logs[i].said, d.logs[i].told = said, d.clock()
	d.mu.Unlock()
	return s, nil
}

// level brings the logs level, for as long as both are there.
func (d *duo) level(ctx context.Context, s grantlog.Shard) (grantlog.Shard, error) {
	ctx, stop := d.whileUp(ctx, pair.Own|pair.Mirror)
	defer stop()
	return d.twin.Level(ctx, s)
}

// whileUp ends when one of some logs is lost: what waits for that log would wait for ever, and nothing else be done.
func (d *duo) whileUp(ctx context.Context, needs pair.Places) (context.Context, func()) {
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			own, mirror := d.sights()
			if needs.Has(pair.Own) && own.lost(d.clock()) || needs.Has(pair.Mirror) && mirror.lost(d.clock()) {
				stop(errors.New("a log was lost on the way"))
			}
		}
	}()
	return ctx, func() { stop(nil) }
}

// Read gives what the shard's store is filled with: the grants of the log that the mode believes, and behind them those
// of the other IDC to users whom this shard has.
func (d *duo) Read(ctx context.Context, s grantlog.Shard) iter.Seq2[grantlog.Logged, error] {
	needs := s.Mode.Truth()
	if s.Foreign {
		needs |= pair.Own // its server has the mirror of the other IDC's log
	}
	return func(yield func(grantlog.Logged, error) bool) {
		ctx, stop := d.whileUp(ctx, needs)
		defer stop()
		for b, err := range d.twin.Truth(ctx, s) {
			if !yield(b, err) {
				return
			}
		}
		if !s.Foreign {
			return
		}
		for b, err := range d.elsewhere(ctx) {
			b.Grants = ofUsers(b.Grants, d.cfg.Part, s.Owns != "")
			if !yield(b, err) {
				return
			}
		}
	}
}

// elsewhere gives every batch that the other IDC logged.
func (d *duo) elsewhere(ctx context.Context) iter.Seq2[grantlog.Logged, error] {
	said, err := d.other.Shard(ctx, d.cfg.Part.Other().String())
	if err != nil {
		return func(yield func(grantlog.Logged, error) bool) { yield(grantlog.Logged{}, err) }
	}
	return d.other.ReadBelieved(ctx, said.Void)
}

// ofUsers are the grants to users of a part, or to everybody's.
func ofUsers(grants []api.Grant, p activity.Part, all bool) []api.Grant {
	if all {
		return grants
	}
	var kept []api.Grant
	for _, g := range grants {
		if p.Owns(g.User) {
			kept = append(kept, g)
		}
	}
	return kept
}
