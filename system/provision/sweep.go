package provision

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"redpacket/system/pause"
	"redpacket/system/provision/docker"
)

// Sweep removes everything of runs whose owner is dead and returns what it removed; all: of the living too. It waits
// until nothing more is found.
func Sweep(ctx context.Context, all bool) (removed []string, err error) {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	return sweep(ctx, engine, all)
}

// Runs names the runs of which anything is left: those whose owner may live, and those whose owner is certainly dead.
func Runs(ctx context.Context) (living, dead []string, err error) {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer engine.Close()
	me, err := thisOwner()
	if err != nil {
		return nil, nil, err
	}
	things, err := engine.Things(ctx, labelRun)
	if err != nil {
		return nil, nil, err
	}
	dead = deadRuns(things, false, func(o owner) bool { return engine.Local() && o.dead(me, startOf) })
	living = slices.DeleteFunc(deadRuns(things, true, nil), func(run string) bool { return slices.Contains(dead, run) })
	return living, dead, nil
}

// Remains lists every container, network and volume of ours that there is, the living runs' too; but not an empty network
// that the engine cannot remove before it is restarted, which only trying tells.
func Remains(ctx context.Context) ([]string, error) { return remains(ctx, labelRun) }

// RemainsOf lists those that one process made, dead or alive.
func RemainsOf(ctx context.Context, pid int) ([]string, error) {
	return remains(ctx, labelPID+"="+strconv.Itoa(pid))
}

func remains(ctx context.Context, label string) ([]string, error) {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	things, err := engine.Things(ctx, label)
	if err != nil {
		return nil, err
	}
	me, err := thisOwner()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range things {
		dead := t.Kind == docker.Networks && engine.Local() && ownerOf(t.Labels).dead(me, startOf)
		if dead && errors.Is(engine.Remove(ctx, t), docker.ErrMiscounted) {
			continue
		}
		names = append(names, t.String())
	}
	return names, nil
}

func sweep(ctx context.Context, engine *docker.Engine, all bool) ([]string, error) {
	me, err := thisOwner()
	if err != nil {
		return nil, err
	}
	things, err := engine.Things(ctx, labelRun)
	if err != nil {
		return nil, err
	}
	runs := deadRuns(things, all, func(o owner) bool { return engine.Local() && o.dead(me, startOf) })
	if len(runs) == 0 {
		return nil, nil
	}
	return removeRuns(ctx, engine, runs, quietAtRest)
}

// How long nothing must have been found before a run counts as gone. A container that was being made when its maker gave
// up or died appears late, so one look that finds nothing proves little.
const (
	betweenLooks = 50 * time.Millisecond
	quietAtRest  = 100 * time.Millisecond  // nobody is making anything
	quietAfter   = 1500 * time.Millisecond // somebody was, a moment ago
)

// How often in a row a removal may fail before its error is returned; fewer times where the engine is wrong, since it
// mostly stays so.
const (
	removeTries = 20
	recounts    = 5
)

// onlyMiscounted tells whether an error is about nothing but empty networks that the engine cannot remove.
func onlyMiscounted(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return errors.Is(err, docker.ErrMiscounted)
	}
	return !slices.ContainsFunc(joined.Unwrap(), func(e error) bool { return !onlyMiscounted(e) })
}

// removeRuns removes everything of some runs until nothing has been found for the time quiet. It returns what it
// removed, and an error when something stays.
func removeRuns(ctx context.Context, engine *docker.Engine, runs []string, quiet time.Duration) (removed []string, err error) {
	since := time.Now()
	for failed := 0; failed < removeTries; {
		found, err := thingsOf(ctx, engine, runs)
		if err != nil {
			return removed, err
		}
		gone, err := removeThings(ctx, found, engine.Remove)
		removed = append(removed, gone...)
		if len(found) > 0 {
			since = time.Now()
		}
		if err == nil && time.Since(since) >= quiet {
			slices.Sort(removed)
			return removed, nil
		}
		if err != nil {
			failed++
		}
		if !pause.For(ctx, betweenLooks) || failed == removeTries || failed == recounts && onlyMiscounted(err) {
			return removed, errors.Join(err, ctx.Err())
		}
	}
	return removed, nil
}

func thingsOf(ctx context.Context, engine *docker.Engine, runs []string) ([]docker.Thing, error) {
	things, err := engine.Things(ctx, labelRun)
	return slices.DeleteFunc(things, func(t docker.Thing) bool { return !slices.Contains(runs, t.Labels[labelRun]) }), err
}

// removedAtOnce bounds how many things of a kind are removed at a time: detaching many containers from one network at
// once is what makes some engines miscount (docker.ErrMiscounted).
const removedAtOnce = 4

// removeThings removes kind after kind: a network or volume in use cannot go.
func removeThings(ctx context.Context, things []docker.Thing, remove func(context.Context, docker.Thing) error) ([]string, error) {
	var mu sync.Mutex
	var removed []string
	var errs []error
	for _, kind := range []docker.Kind{docker.Containers, docker.Networks, docker.Volumes} {
		var all errgroup.Group
		all.SetLimit(removedAtOnce)
		for _, t := range things {
			if t.Kind != kind {
				continue
			}
			all.Go(func() error {
				err := remove(ctx, t)
				mu.Lock()
				defer mu.Unlock()
				if errs = append(errs, err); err == nil {
					removed = append(removed, t.String())
				}
				return nil
			})
		}
		_ = all.Wait()
	}
	return removed, errors.Join(errs...)
}
