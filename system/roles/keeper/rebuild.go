package keeper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/grantlog"
)

// shardLog is the part of the log that a keeper needs.
type shardLog interface {
	Shard(ctx context.Context, idc string) (grantlog.Shard, error)
	Announce(ctx context.Context, s grantlog.Shard) (grantlog.Shard, error)
	// Read gives what the store is filled with, once s is announced.
	Read(ctx context.Context, s grantlog.Shard) iter.Seq2[grantlog.Logged, error]
}

// single is the one log of a shard that has no mirror.
type single struct{ *grantlog.Log }

// Read gives the log's batches up to the announcement.
func (l single) Read(ctx context.Context, s grantlog.Shard) iter.Seq2[grantlog.Logged, error] {
	return l.Log.Read(ctx, s.Fence)
}

// retryAfter is how long a keeper rests after a rebuild that failed; each attempt is an epoch.
const retryAfter = time.Second

// rebuild closes the shard, fills a live node from the log, and opens the shard on it.
func (k *keeper) rebuild(ctx context.Context, why string) error {
	lost := k.served || k.seen.Epoch > 1
	if k.began.IsZero() {
		k.began = k.clock()
	}
	t := &steps{k: k, began: k.began, last: k.clock()}
	t.say("%s; closing the shard", why)
	name := choose(k.look(k.clock()), k.seen.Primary)
	next := grantlog.Shard{IDC: k.cfg.IDC, Epoch: k.seen.Epoch + 1, Primary: name, Fence: k.seen.Fence, Pair: k.seen.Pair}
	next, err := k.announce(ctx, next)
	if err != nil {
		return err
	}
	k.own = next.Epoch
	t.say("closed, epoch %d: the log refuses older batches from message %d on", next.Epoch, next.Fence)
	grants, err := k.fill(ctx, &next, t)
	if err == nil {
		next.Open = true
		next, err = k.announce(ctx, next)
	}
	if err != nil {
		k.retry = k.clock().Add(retryAfter)
		return fmt.Errorf("rebuild for epoch %d: %w", next.Epoch, err)
	}
	took := k.clock().Sub(t.began)
	k.figures.rebuilt(took, lost)
	t.say("open, epoch %d on %s with %d grants, %.2f s after the loss was found", next.Epoch, next.Primary, grants, took.Seconds())
	return nil
}

// announce says s and takes it in. ErrFenced: another keeper was faster, and what it said is looked at next.
func (k *keeper) announce(ctx context.Context, s grantlog.Shard) (grantlog.Shard, error) {
	said, err := k.log.Announce(ctx, s)
	if errors.Is(err, grantlog.ErrFenced) {
		return s, fmt.Errorf("another keeper announced first: %w", err)
	}
	if err != nil {
		return s, err
	}
	k.learn(k.clock(), said)
	return said, nil
}

// fill makes a node the primary of the epoch and loads it. Until a node is alive it waits; the shard is closed anyway.
func (k *keeper) fill(ctx context.Context, next *grantlog.Shard, t *steps) (grants int, err error) {
	target, err := k.waitForNode(ctx, next.Primary)
	if err != nil {
		return 0, err
	}
	next.Primary = target.name
	s, err := target.reach()
	if err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, actWithin)
	err = s.Promote(limited)
	cancel()
	if err != nil {
		return 0, fmt.Errorf("make %s the primary: %w", target.name, err)
	}
	t.say("%s is a primary; filling it", target.name)
	filling, stop := context.WithCancel(ctx)
	defer stop()
	stock := cmem.Stock{Activity: k.cfg.Activity, Part: k.cfg.Part, Marks: next.Foreign}
	if err := s.Install(filling, stock, next.Epoch, flatten(k.log.Read(filling, *next), &grants)); err != nil {
		return 0, fmt.Errorf("fill %s: %w", target.name, err)
	}
	t.say("%s is filled: %d grants read", target.name, grants)
	return grants, nil
}

// waitForNode is the node chosen before, if it is alive still, or the first that comes to life.
func (k *keeper) waitForNode(ctx context.Context, chosen string) (*node, error) {
	for tick := time.NewTicker(lookEvery); ; {
		nodes := k.look(k.clock())
		for i, n := range nodes {
			if n.alive && (n.name == chosen || !alive(nodes, chosen)) {
				tick.Stop()
				return k.nodes[i], nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil, fmt.Errorf("no cmem node is alive: %w", ctx.Err())
		}
	}
}

func alive(nodes []seen, name string) bool {
	for _, n := range nodes {
		if n.name == name {
			return n.alive
		}
	}
	return false
}

// flatten is the log's batches as single grants; count is raised by each.
func flatten(batches iter.Seq2[grantlog.Logged, error], count *int) iter.Seq2[api.Grant, error] {
	return func(yield func(api.Grant, error) bool) {
		for b, err := range batches {
			if err != nil {
				yield(api.Grant{}, err)
				return
			}
			for _, g := range b.Grants {
				*count++
				if !yield(g, nil) {
					return
				}
			}
		}
	}
}

// follow makes a node a replica of the primary. The order is given once a look; a node that is reached by a rebuild of
// another keeper at the same time is found closed, never wrong: its epoch is copied with its data.
func (k *keeper) follow(ctx context.Context, o *order) error {
	for _, n := range k.nodes {
		if n.name != o.node {
			continue
		}
		s, err := n.reach()
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, actWithin)
		defer cancel()
		if err := s.Follow(limited, o.addr); err != nil {
			return fmt.Errorf("make %s a replica of %s: %w", o.node, o.primary, err)
		}
		k.say(fmt.Sprintf("keeper %s: %s follows %s through %s", k.cfg.Node, o.node, o.primary, o.addr))
	}
	return nil
}

// steps says each step of a rebuild with its seconds.
type steps struct {
	k           *keeper
	began, last time.Time
}

func (t *steps) say(format string, args ...any) {
	now := t.k.clock()
	t.k.say(fmt.Sprintf("keeper %s: %6.2f s (+%.2f s) %s", t.k.cfg.Node, now.Sub(t.began).Seconds(), now.Sub(t.last).Seconds(),
		fmt.Sprintf(format, args...)))
	t.last = now
}
