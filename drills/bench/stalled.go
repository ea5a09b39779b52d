package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"redpacket/drills"
	"redpacket/loadprofiles"
)

// What S1 fires: little enough for stock Vegeta to carry on any rig.
const (
	stallRate = 5000 // requests/s
	stallTime = 2 * time.Second
)

// stalled is S1: how far our p99 is from what arithmetic says it is, beside what stock Vegeta prints.
func (b *Bench) stalled(ctx context.Context) (outcome, error) {
	row, least, most := finding("S1", ""), math.Inf(1), 0.0
	p := clients()
	p.Curve = loadprofiles.Hold(stallRate, time.Second)
	for n := range b.Runs {
		s, err := b.On.Stall(ctx, p, stallTime)
		if err != nil {
			return outcome{}, fmt.Errorf("%w: %w", drills.ErrCluster, err)
		}
		row.Values = append(row.Values, 100*math.Abs(s.Ours.Seconds()/s.Analytic.Seconds()-1))
		least, most = min(least, s.Stock.Seconds()), max(most, s.Stock.Seconds())
		row.Notes = append(row.Notes, fmt.Sprintf("%.3f s without an answer in %.0f s at %.0f/s: p99 is %.3f s by arithmetic, %.3f s by ours; stock Vegeta prints %.3f s, sent %.1f %% and met %.3f s from owed time",
			s.Stall.Seconds(), s.Length.Seconds(), s.Rate, s.Analytic.Seconds(), s.Ours.Seconds(), s.Stock.Seconds(), 100*s.Left, s.StockOwed.Seconds()))
		b.Say(fmt.Sprintf("S1: run %d of %d: %s", n+1, b.Runs, row.Notes[n]))
	}
	row.Beside = fmt.Sprintf("stock Vegeta prints %.3f … %.3f s", least, most)
	return outcome{findings: []Finding{row}}, nil
}
