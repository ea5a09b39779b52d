package keeper

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
)

// store is the part of a cmem node that a keeper needs: a watcher's, an installer's and their end.
type store interface {
	watched
	installed
	Close()
}

type watched interface {
	Look(ctx context.Context) (cmem.Sight, error)
}

type installed interface {
	Promote(ctx context.Context) error
	Follow(ctx context.Context, addr string) error
	Install(ctx context.Context, stock cmem.Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error
	Mark(ctx context.Context, stock cmem.Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error
}

// node is one cmem node as this keeper sees it.
type node struct {
	name string
	addr string
	dial func(ctx context.Context, addr string) (store, error)

	clock func() time.Time
	mu    sync.Mutex
	store store // nil: never reached
	sight cmem.Sight
	at    time.Time // of sight; zero: never
	miss  int       // looks that failed since
}

// watch looks at the node until ctx ends. A node that hangs costs one look, not the watch.
func (n *node) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		n.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	if n.store != nil {
		n.store.Close()
	}
}

func (n *node) look(ctx context.Context) {
	asked := n.clock()
	sight, err := n.ask(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.miss++
		return
	}
	n.sight, n.at, n.miss = sight, asked, 0 // as old as the question: the answer may have been on its way for long
}

func (n *node) ask(ctx context.Context) (cmem.Sight, error) {
	if n.store == nil {
		s, err := n.dial(ctx, n.addr)
		if err != nil {
			return cmem.Sight{}, err
		}
		n.mu.Lock()
		n.store = s
		n.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	return n.store.Look(ctx)
}

// last is the node as it was seen last.
func (n *node) last(now time.Time) seen {
	n.mu.Lock()
	defer n.mu.Unlock()
	return seen{Sight: n.sight, name: n.name, at: n.at, missed: n.miss, alive: !n.at.IsZero() && now.Sub(n.at) < freshFor}
}

// reach is the node's store.
func (n *node) reach() (store, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.store == nil {
		return nil, fmt.Errorf("node %s was never reached at %s", n.name, n.addr)
	}
	return n.store, nil
}
