package provision

import (
	"context"
	"fmt"
	"sync"
	"time"

	"redpacket/system/activity"
	"redpacket/system/cmem"
	"redpacket/system/topology"
)

// moneyWithin bounds one look at the money of the stores at work.
const moneyWithin = 500 * time.Millisecond

// tellers are connections to the stores, kept from one look to the next.
type tellers struct {
	mu   sync.Mutex
	open map[string]*cmem.Store
}

// Money asks every store that is installed whether its own figures contradict each other or what was funded, past every
// role and link, while it works; a replica is asked like its primary. What is wrong comes first; empty: nothing. The
// error names the stores that did not answer, those apart that our own levers silenced.
func (c *Cluster) Money(ctx context.Context) (wrong string, err error) {
	ctx, cancel := context.WithTimeout(ctx, moneyWithin)
	defer cancel()
	var mu sync.Mutex
	err = c.eachNode(ctx, func(ctx context.Context, node string) error {
		n, _ := c.plan.Topology.Node(node)
		if n.Role != roleStore || c.silenced(node) {
			return nil
		}
		said, err := c.contradiction(ctx, n)
		if said != "" {
			mu.Lock()
			defer mu.Unlock()
			wrong = node + ": " + said
		}
		return err
	})
	return wrong, err
}

func (c *Cluster) contradiction(ctx context.Context, n topology.Node) (string, error) {
	idcs := c.plan.Topology.IDCs()
	part, err := activity.PartOf(n.IDC, len(idcs))
	if err != nil {
		return "", err
	}
	store, err := c.tellers.of(ctx, c.direct(n))
	if err != nil {
		return "", err
	}
	// With two data centres users may hold shares of the other's part.
	return store.Contradiction(ctx, cmem.Stock{Activity: c.plan.Activity, Part: part, Marks: len(idcs) > 1})
}

func (t *tellers) of(ctx context.Context, addr string) (*cmem.Store, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.open[addr]; s != nil {
		return s, nil
	}
	s, err := cmem.Dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("ask for the stocks: %w", err)
	}
	if t.open == nil {
		t.open = map[string]*cmem.Store{}
	}
	t.open[addr] = s
	return s, nil
}

// close hangs up.
func (t *tellers) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.open {
		s.Close()
	}
	t.open = nil
}

// hangUp ends every connection of the cluster.
func (c *Cluster) hangUp() error {
	c.tellers.close()
	return c.engine.Close()
}
