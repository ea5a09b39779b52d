package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"redpacket/system/pause"
	"redpacket/system/topology"
)

// Tax is what a link's proxy adds to a hop: the median round trip of a Redis PING from this machine.
type Tax struct {
	Direct time.Duration `json:"direct_ns"` // past the link
	Linked time.Duration `json:"linked_ns"` // through it
}

// taxPings is how many round trips a median is taken of.
const taxPings = 500

// LinkTax measures the link keeper--<first store> on an idle system; it takes some 100 ms.
func (c *Cluster) LinkTax(ctx context.Context) (Tax, error) {
	link, store, err := c.taxedLink()
	if err != nil {
		return Tax{}, err
	}
	direct, err := medianPing(ctx, c.direct(store))
	if err != nil {
		return Tax{}, fmt.Errorf("link tax: past the link: %w", err)
	}
	linked, err := medianPing(ctx, c.layout.through(c.plan.Topology, link))
	if err != nil {
		return Tax{}, fmt.Errorf("link tax: through %s: %w", link.Name, err)
	}
	return Tax{direct, linked}, nil
}

func (c *Cluster) taxedLink() (topology.Link, topology.Node, error) {
	t := c.plan.Topology
	for _, l := range t.Links {
		from, _ := t.Node(l.From)
		if to, _ := t.Node(l.To); from.Role == roleKeeper && to.Role == roleStore {
			return l, to, nil
		}
	}
	return topology.Link{}, topology.Node{}, fmt.Errorf("link tax: topology %s has no link from a %s to a %s", t.Name, roleKeeper, roleStore)
}

// medianPing asks until a whole row of pings is answered: a replica that has just been sent its data answers -LOADING.
func medianPing(ctx context.Context, addr string) (time.Duration, error) {
	const within = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		trips, err := pings(ctx, addr)
		if err == nil {
			slices.Sort(trips)
			return trips[len(trips)/2], nil
		}
		if !pause.For(ctx, askEvery) {
			return 0, err
		}
	}
}

func pings(ctx context.Context, addr string) ([]time.Duration, error) {
	conn, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	trips := make([]time.Duration, taxPings)
	for i := range trips {
		began := time.Now()
		if err := ping(conn); err != nil {
			return nil, err
		}
		trips[i] = time.Since(began)
	}
	return trips, nil
}
