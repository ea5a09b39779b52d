package keeper

import (
	"fmt"
	"slices"
	"time"

	"redpacket/system/cmem"
)

// seen is one node at the time of a decision.
type seen struct {
	cmem.Sight
	name   string
	at     time.Time
	missed int  // looks that failed since
	alive  bool // seen just now
}

// step is what is to be done now: at most one of its fields is set.
type step struct {
	rebuild string // why
	follow  *order
}

// order makes a node a replica of the primary.
type order struct{ node, primary, addr string }

func (k *keeper) look(now time.Time) []seen {
	var all []seen
	for _, n := range k.nodes {
		all = append(all, n.last(now))
	}
	return all
}

// gatherWait is how long a fresh shard waits for all nodes to be there, so that the first of them becomes its primary
// however they came: who is hurt by a fault on a node must not depend on a race.
const gatherWait = 5 * time.Second

// decide compares what the log says with what the nodes are. It acts on nothing but k's memory.
func (k *keeper) decide(now time.Time, nodes []seen) step {
	switch {
	case now.Before(k.retry):
		return step{}
	case k.seen.Epoch == 0 && now.Sub(k.heard) < gatherWait && slices.ContainsFunc(nodes, func(n seen) bool { return !n.alive }):
		return step{}
	case k.seen.Epoch == 0:
		return k.whenAlive(nodes, "the log has no announcement: a fresh shard")
	case !k.seen.Open:
		return k.closed(now, nodes)
	}
	missed := lostLooks // a primary that this keeper has no link to
	for _, n := range nodes {
		if n.name == k.seen.Primary {
			missed = n.missed
			if why := k.judge(now, n); why != "" {
				return step{rebuild: why}
			}
		}
	}
	if unseen := now.Sub(k.primary); unseen >= lostAfter && missed >= lostLooks {
		return step{rebuild: fmt.Sprintf("primary %s has not been seen for %.1f s", k.seen.Primary, unseen.Seconds())}
	}
	return k.replicate(nodes)
}

// judge says why a primary that answers is not the one that was installed; it notes that the primary was seen. What was
// seen before the announcement says nothing.
func (k *keeper) judge(now time.Time, n seen) string {
	if !n.alive || !n.at.After(k.heard) {
		return ""
	}
	if k.runID == "" && n.Epoch == k.seen.Epoch {
		k.runID = n.RunID
	}
	switch {
	case k.runID != "" && n.RunID != k.runID:
		return fmt.Sprintf("primary %s was started again", n.name)
	case n.Follows != "":
		return fmt.Sprintf("primary %s has become a replica of %s", n.name, n.Follows)
	case n.Epoch != k.seen.Epoch:
		return fmt.Sprintf("primary %s is at epoch %d, not %d: its data is lost", n.name, n.Epoch, k.seen.Epoch)
	}
	k.primary = now
	return ""
}

// closed waits for the keeper that closed the shard while there is progress, and takes over when there is none.
func (k *keeper) closed(now time.Time, nodes []seen) step {
	var progress uint64
	for _, n := range nodes {
		if n.alive && n.Installing == k.seen.Epoch {
			progress += n.Loaded + 1
		}
	}
	if progress != k.progress {
		k.progress, k.heard = progress, now
	}
	if now.Sub(k.heard) < takeOver && k.own != k.seen.Epoch {
		return step{}
	}
	return k.whenAlive(nodes, fmt.Sprintf("the shard is closed at epoch %d and nobody is filling it", k.seen.Epoch))
}

// whenAlive puts off an epoch until there is a node that could serve it.
func (k *keeper) whenAlive(nodes []seen, why string) step {
	if choose(nodes, k.seen.Primary) == "" {
		return step{}
	}
	return step{rebuild: why}
}

// choose names the node to fill: one that is alive and was not the primary, else the primary itself; "" when none is.
func choose(nodes []seen, primary string) string {
	best := ""
	for _, n := range nodes {
		if n.alive && (best == "" || best == primary) {
			best = n.name
		}
	}
	return best
}

// replicate finds a node that is alive and does not follow the primary.
func (k *keeper) replicate(nodes []seen) step {
	for _, n := range nodes {
		addr, linked := k.cfg.Peers[n.name+"--"+k.seen.Primary]
		if n.alive && linked && n.name != k.seen.Primary && n.Follows != addr {
			return step{follow: &order{n.name, k.seen.Primary, addr}}
		}
	}
	return step{}
}
