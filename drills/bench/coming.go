package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redpacket/drills"
	"redpacket/system/pause"
	"redpacket/system/topology"
)

// coming is B9: a cluster of one data centre, and the full one of two, up until users can be served, and down until nothing
// is left; between the two, what the full one costs while nobody comes.
func (b *Bench) coming(ctx context.Context) (outcome, error) {
	nothing := func(Cluster) error { return nil }
	one, err := b.upAndDown(ctx, open(), nothing, finding("B9", "up"), finding("B9", "down"))
	if err != nil {
		return outcome{}, err
	}
	full := open()
	full.Topology = topology.TwoIDC()
	idle, memory := finding("B9", "full at rest"), finding("B9", "full memory")
	two, err := b.upAndDown(ctx, full, func(on Cluster) error {
		if !pause.For(ctx, b.Warm) {
			return ctx.Err()
		}
		r, err := on.AtRest(ctx, b.Hold)
		if err != nil {
			return err
		}
		idle.Values, memory.Values = append(idle.Values, 100*r.Share), append(memory.Values, float64(r.Bytes)/(1<<30))
		idle.Notes = append(idle.Notes, r.String())
		return nil
	}, finding("B9", "full up"), finding("B9", "full down"))
	return outcome{findings: append(append(one, two...), idle, memory)}, err
}

// upAndDown stands a system up, does something between, and takes it down, as often as there are runs.
func (b *Bench) upAndDown(ctx context.Context, s drills.Stage, between func(Cluster) error, up, down Finding) ([]Finding, error) {
	for n := range b.Runs {
		began := time.Now()
		on, err := b.On.Stand(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", drills.ErrCluster, err)
		}
		if err := opened(ctx, on); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: %w", drills.ErrCluster, err), on.Down(ctx))
		}
		up.Values = append(up.Values, time.Since(began).Seconds())
		if err := between(on); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: %w", drills.ErrCluster, err), on.Down(ctx))
		}
		began = time.Now()
		if err := on.Down(ctx); err != nil {
			return nil, fmt.Errorf("%w: %w", drills.ErrCluster, err)
		}
		down.Values = append(down.Values, time.Since(began).Seconds())
		b.Say(fmt.Sprintf("B9: %s, run %d of %d: up in %.1f s, down in %.1f s", s.Topology.Name, n+1, b.Runs, up.Values[n], down.Values[n]))
	}
	up.Notes = []string{"from cached images, until every shard is open; the measuring of a link's tax is in it"}
	return []Finding{up, down}, nil
}
