package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redpacket/drills"
)

// coming is B9: a one-IDC cluster, up until users can be served, and down until nothing is left.
func (b *Bench) coming(ctx context.Context) (outcome, error) {
	up, down, full := finding("B9", "up"), finding("B9", "down"), finding("B9", "full")
	full.Missing = "not built yet"
	for n := range b.Runs {
		began := time.Now()
		on, err := b.On.Stand(ctx, open())
		if err != nil {
			return outcome{}, fmt.Errorf("%w: %w", drills.ErrCluster, err)
		}
		if err := opened(ctx, on); err != nil {
			return outcome{}, errors.Join(fmt.Errorf("%w: %w", drills.ErrCluster, err), on.Down(ctx))
		}
		up.Values = append(up.Values, time.Since(began).Seconds())
		began = time.Now()
		if err := on.Down(ctx); err != nil {
			return outcome{}, fmt.Errorf("%w: %w", drills.ErrCluster, err)
		}
		down.Values = append(down.Values, time.Since(began).Seconds())
		b.Say(fmt.Sprintf("B9: run %d of %d: up in %.1f s, down in %.1f s", n+1, b.Runs, up.Values[n], down.Values[n]))
	}
	up.Notes = []string{"from cached images, until the shard is open; the measuring of a link's tax is in it"}
	return outcome{findings: []Finding{up, down, full}}, nil
}
