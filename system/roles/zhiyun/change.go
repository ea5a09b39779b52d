package zhiyun

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/control/ops"
	"redpacket/system/control/playbook"
	"redpacket/system/pause"
)

type (
	box     = atomic.Pointer[control.Switches]
	counter = atomic.Int64
)

// errConflict says that the caller's change was meant for other switches than there are.
var errConflict = errors.New("conflict")

// change makes the wanted switches what next makes of them, and brings them to everyone. next may be asked several times;
// what it returns without another content changes nothing, and then it is only seen to that everyone has it. Changes come
// one after the other. The error says why nothing was changed.
func (p *platform) change(ctx context.Context, next func(control.Switches) (control.Switches, error)) (ops.Outcome, error) {
	began := time.Now()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ops.Outcome{}, ctx.Err()
	}
	if err := p.healthy(); err != nil {
		return ops.Outcome{}, err
	}
	o, err := p.decide(ctx, next)
	if err != nil {
		return ops.Outcome{}, err
	}
	want := *p.wanted.Load()
	o.Version, o.Instances, o.Missing = want.Version, len(p.all), p.reach(ctx, want)
	o.Effective, o.TookMS = len(o.Missing) == 0, time.Since(began).Milliseconds()
	return o, nil
}

// mostRounds bounds how often another writer of the store may come before us.
const mostRounds = 8

// decide settles what is wanted, with the store if it is there.
func (p *platform) decide(ctx context.Context, next func(control.Switches) (control.Switches, error)) (o ops.Outcome, err error) {
	for range mostRounds {
		stored, found := p.look(ctx)
		if found {
			p.newer(stored.switches)
		}
		now := p.wanted.Load()
		s, err := next(*now)
		if err != nil {
			return o, err
		}
		if s.Version = now.Version; s.Equal(*now) {
			o.Stored = found && stored.switches.Equal(*now) || p.inStore(ctx)
			return o, nil
		}
		s.Version++
		if err := s.Check(); err != nil {
			return o, err
		}
		if found {
			err := p.write(ctx, s, stored.revision)
			if errors.Is(err, control.ErrMoved) {
				continue
			}
			o.Stored = err == nil // not known otherwise; the next look of the watcher sees to it
		}
		p.newer(s)
		o.Changed = true
		return o, nil
	}
	return o, fmt.Errorf("%w: others change the switches all the time; look who", errConflict)
}

// kept is what the store holds.
type kept struct {
	switches control.Switches
	revision uint64
}

// look reads the store; false: it is not there, or what it holds are no switches.
func (p *platform) look(ctx context.Context) (kept, bool) {
	if p.store == nil || !p.store.Up() {
		return kept{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	e, err := p.store.Read(ctx, control.Key)
	if err != nil {
		return kept{}, false
	}
	if e.Revision == 0 {
		return kept{}, true
	}
	s, err := control.Parse(e.Value)
	if err != nil {
		fmt.Printf("zhiyun %s: the control store holds %v; it will be written over\n", p.node, err)
	}
	return kept{s, e.Revision}, true
}

func (p *platform) write(ctx context.Context, s control.Switches, over uint64) error {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	_, err := p.store.CAS(ctx, control.Key, s.Text(), over)
	return err
}

// inStore brings the store up to what is wanted, or takes over what it has, if that is newer; false: it is not there.
func (p *platform) inStore(ctx context.Context) bool {
	stored, found := p.look(ctx)
	if !found {
		return false
	}
	p.newer(stored.switches)
	want := p.wanted.Load()
	if want.Version == 0 || stored.switches.Equal(*want) {
		return true
	}
	if stored.switches.Version == want.Version {
		fmt.Printf("zhiyun %s: the control store has other switches of version %d; ours replace them\n", p.node, want.Version)
		again := *want
		again.Version++
		p.newer(again)
		want = p.wanted.Load()
	}
	return p.write(ctx, *want, stored.revision) == nil
}

// activate throws a playbook's switches, and makes its call; twice is once.
func (p *platform) activate(ctx context.Context, id, by string) (ops.Outcome, error) {
	b, there := playbook.Find(p.books, id)
	if !there {
		return ops.Outcome{}, p.unknown(id)
	}
	o, err := p.change(ctx, func(s control.Switches) (control.Switches, error) {
		if !slices.ContainsFunc(s.Active, func(a control.Activation) bool { return a.Playbook == id }) {
			s.Active = append(slices.Clone(s.Active), control.Activation{Playbook: id, By: by})
		}
		s.Settings = playbook.Fold(p.books, s.Base, s.Active)
		return s, nil
	})
	if o.Changed {
		p.call(b.Calls)
	}
	return o, err
}

// rollBack takes a playbook's switches back, and leaves those of others; twice is once.
func (p *platform) rollBack(ctx context.Context, id string) (ops.Outcome, error) {
	if _, there := playbook.Find(p.books, id); !there {
		return ops.Outcome{}, p.unknown(id)
	}
	return p.change(ctx, func(s control.Switches) (control.Switches, error) {
		s.Active = slices.DeleteFunc(slices.Clone(s.Active), func(a control.Activation) bool { return a.Playbook == id })
		s.Settings = playbook.Fold(p.books, s.Base, s.Active)
		return s, nil
	})
}

// errUnknown says that there is no such playbook.
var errUnknown = errors.New("no such playbook")

func (p *platform) unknown(id string) error {
	var known []string
	for _, b := range p.books {
		known = append(known, b.ID)
	}
	return fmt.Errorf("%w: %.20q; there are %v", errUnknown, id, known)
}

// set makes settings the base under the playbooks. over, unless 0, is the version that the caller thinks is in force.
func (p *platform) set(ctx context.Context, base control.Settings, over uint64) (ops.Outcome, error) {
	return p.change(ctx, func(s control.Switches) (control.Switches, error) {
		if over != 0 && over != s.Version {
			return s, fmt.Errorf("%w: version %d is in force, not %d; look at it and decide again", errConflict, s.Version, over)
		}
		s.Base = base
		s.Settings = playbook.Fold(p.books, s.Base, s.Active)
		return s, nil
	})
}

// reach pushes switches to everyone at once until each echoes them, and returns who did not in time, and why.
func (p *platform) reach(ctx context.Context, s control.Switches) (missing []string) {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	_, errs := p.each(ctx, p.all, func(ctx context.Context, i config.Instance) (control.Echo, error) {
		for {
			e, err := p.push(ctx, i, s)
			if err == nil || !pause.For(ctx, againAfter) {
				return e, err
			}
			// What another platform has pushed since is newer, and holds this change too.
			if e, seen := p.echo(ctx, i); seen == nil && e.Version > s.Version {
				p.newer(e.Switches)
				return e, nil
			}
		}
	})
	for i, err := range errs {
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s: %v", p.all[i].Node, err))
		}
	}
	p.missing.Store(int64(len(missing)))
	return missing
}
