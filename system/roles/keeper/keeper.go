// Package keeper watches over one shard: it closes the shard when its primary is lost, fills another node from the log
// under a new epoch, and opens it again. Several keepers may run; the log lets only one of them announce.
package keeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"redpacket/system/admin"
	"redpacket/system/cmem"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/grantlog"
)

// The keeper's times.
const (
	lookEvery  = 150 * time.Millisecond // between two looks at a node
	lookWithin = 400 * time.Millisecond // for one answer
	lostAfter  = time.Second            // a primary that was not seen for so long is lost,
	lostLooks  = 2                      // if so many looks have failed: it may be us who slept
	freshFor   = 500 * time.Millisecond // a node seen so recently is alive
	takeOver   = 3 * time.Second        // without progress, another keeper's installation is given up for dead
	actWithin  = 2 * time.Second        // for one order to a node
)

// Run keeps the shard of cfg.IDC until ctx ends.
func Run(ctx context.Context, cfg config.Config) error {
	k := &keeper{cfg: cfg, clock: time.Now, say: func(line string) { fmt.Println(line) }, orders: make(chan request)}
	page := admin.Page{Node: cfg.Node, Metrics: k.figures.registry(), Healthy: k.figures.healthy, Switches: control.Follow(ctx, cfg), More: k.handlers()}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	var probes sync.WaitGroup
	defer probes.Wait()
	end, err := k.connect(ctx, &probes)
	if err != nil {
		return err
	}
	defer end()
	for _, name := range nodeNames(cfg.Peers) {
		n := &node{name: name, addr: cfg.Peers[name], dial: dial, clock: time.Now}
		k.nodes = append(k.nodes, n)
		probes.Go(func() { n.watch(ctx) })
	}
	if len(k.nodes) == 0 {
		return fmt.Errorf("keeper %s has no link to any cmem node; it has %d links", cfg.Node, len(cfg.Peers))
	}
	k.loop(ctx)
	return nil
}

func dial(ctx context.Context, addr string) (store, error) { return cmem.Dial(ctx, addr) }

// nodeNames are the cmem nodes among the peers, in order; the links between two nodes are named from--to.
func nodeNames(peers map[string]string) []string {
	var names []string
	for name := range peers {
		if strings.HasPrefix(name, "cmem-") && !strings.Contains(name, "--") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// keeper is one keeper's memory between two looks.
type keeper struct {
	cfg     config.Config
	log     shardLog
	duo     *duo // nil: one log
	orders  chan request
	nodes   []*node
	clock   func() time.Time
	say     func(line string)
	figures figures
	said    string // the last complaint, while it lasts

	seen     grantlog.Shard // the last announcement
	heard    time.Time      // when it, or progress under it, was first seen
	progress uint64
	runID    string    // of the primary, since seen was announced
	primary  time.Time // when the primary was last seen as it should be
	served   bool      // the shard was open before
	own      uint32    // the epoch that this keeper closed and has not opened
	began    time.Time // of the rebuild under way, with the attempts that failed; zero: none is
	retry    time.Time // no new attempt before this
}

// loop looks and acts until ctx ends.
func (k *keeper) loop(ctx context.Context) {
	for tick := time.NewTicker(lookEvery); ; {
		k.complain(ctx, k.once(ctx))
		select {
		case <-tick.C:
		case r := <-k.orders:
			r.done <- k.obey(ctx, r.what)
		case <-ctx.Done():
			tick.Stop()
			return
		}
	}
}

// complain says what went wrong, in one line, and once while it lasts.
func (k *keeper) complain(ctx context.Context, err error) {
	text := ""
	if err != nil && ctx.Err() == nil {
		text = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	if text != "" && text != k.said {
		k.say(fmt.Sprintf("keeper %s: %s", k.cfg.Node, text))
	}
	k.said = text
}

// once looks at the log and the nodes, and does what is to be done.
func (k *keeper) once(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, actWithin)
	shard, err := k.log.Shard(limited, k.cfg.IDC)
	cancel()
	if err != nil {
		return fmt.Errorf("ask the log for the shard: %w", err)
	}
	now := k.clock()
	k.learn(now, shard)
	var trouble error
	if k.duo != nil && !now.Before(k.retry) {
		var busy bool
		if busy, trouble = k.tend(ctx); busy {
			return trouble
		}
	}
	step := k.decide(now, k.look(now))
	switch {
	case step.rebuild != "":
		return errors.Join(trouble, k.rebuild(ctx, step.rebuild))
	case step.follow != nil:
		return errors.Join(trouble, k.follow(ctx, step.follow))
	}
	return trouble
}

// learn takes in a newer announcement. Its primary is trusted until it was not seen for a while.
func (k *keeper) learn(now time.Time, shard grantlog.Shard) {
	if k.heard.IsZero() || shard.Fence != k.seen.Fence || shard.Mirror != k.seen.Mirror {
		k.heard, k.primary, k.runID = now, now, ""
	}
	if shard.Open {
		k.served, k.own, k.began = true, 0, time.Time{}
	}
	k.seen = shard
	k.figures.epoch.Store(shard.Epoch)
	k.figures.open.Store(shard.Open)
	k.figures.mode.Store(uint32(shard.Mode))
	k.figures.both.Store(shard.Open && shard.Owns != "")
}
