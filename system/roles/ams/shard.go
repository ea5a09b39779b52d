package ams

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/cmem"
	"redpacket/system/grantlog"
	"redpacket/system/pause"
)

// redialWait is between two attempts to reach a cmem node or the log.
const redialWait = 200 * time.Millisecond

// shard is what this process knows of its shard: the last announcement, and the way to each cmem node.
type shard struct {
	last  atomic.Pointer[grantlog.Shard]
	mu    sync.RWMutex
	nodes map[string]*cmem.Store // the ones that were reached
}

// watcher is the part of the log that tells announcements.
type watcher interface {
	Watch(ctx context.Context, idc string, changed func(grantlog.Shard)) error
}

// follow keeps the last announcement until ctx ends.
func (s *shard) follow(ctx context.Context, idc string, log watcher) {
	for ctx.Err() == nil {
		err := log.Watch(ctx, idc, func(seen grantlog.Shard) { s.last.Store(&seen) })
		if ctx.Err() == nil {
			fmt.Printf("shard %s: %v; watching again\n", idc, err)
		}
		pause.For(ctx, redialWait)
	}
}

// reach connects to every cmem node among the peers, and returns when ctx ends; the connections end with it.
func (s *shard) reach(ctx context.Context, peers map[string]string) {
	var dials sync.WaitGroup
	for name, addr := range peers {
		if strings.HasPrefix(name, "cmem-") && !strings.Contains(name, "--") {
			dials.Go(func() { s.dial(ctx, name, addr) })
		}
	}
	dials.Wait()
}

func (s *shard) dial(ctx context.Context, name, addr string) {
	for ctx.Err() == nil {
		store, err := cmem.Dial(ctx, addr)
		if err != nil {
			pause.For(ctx, redialWait)
			continue
		}
		s.mu.Lock()
		if s.nodes == nil {
			s.nodes = map[string]*cmem.Store{}
		}
		s.nodes[name] = store
		s.mu.Unlock()
		<-ctx.Done()
		store.Close()
	}
}

// view is the shard at one moment. Store is nil when its primary was never reached.
type view struct {
	grantlog.Shard
	store *cmem.Store
}

// now is the shard as last heard of.
func (s *shard) now() view {
	last := s.last.Load()
	if last == nil {
		return view{}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return view{*last, s.nodes[last.Primary]}
}

// known is nil once a primary has been announced.
func (s *shard) known() error {
	switch v := s.now(); {
	case v.Epoch == 0:
		return errors.New("no announcement of the shard was heard yet; look at the log and the keeper")
	case v.store == nil:
		return fmt.Errorf("primary %s was not reached yet", v.Primary)
	}
	return nil
}

// open is nil when the shard decides claims.
func (s *shard) open() error {
	if err := s.known(); err != nil {
		return err
	}
	if v := s.now(); !v.Open {
		return fmt.Errorf("shard %s is closed at epoch %d", v.IDC, v.Epoch)
	}
	return nil
}
