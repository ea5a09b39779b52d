package bench

import (
	"context"
	"fmt"
	"path/filepath"

	"redpacket/drills"
	"redpacket/drills/report"
)

// The size of what B8 judges.
const (
	bigRequests = 20_000_000
	bigClaims   = 3_000_000
)

// judging is B8: a record of a night that went well is made, and judged in a process of its own, which must find that
// everything held.
func (b *Bench) judging(ctx context.Context) (o outcome, err error) {
	took, peak := finding("B8", "time"), finding("B8", "memory")
	err = inside(func(dir string) error {
		b.Say(fmt.Sprintf("B8: write a record of %s requests and %s claims", thousands(bigRequests), thousands(bigClaims)))
		made, err := WriteNight(ctx, filepath.Join(dir, report.RecordDir), Size{Requests: bigRequests, Claims: bigClaims})
		if err != nil {
			return err
		}
		for n := range b.Runs {
			spent, err := b.On.Judge(ctx, dir)
			if err != nil {
				return fmt.Errorf("%w: %w", drills.ErrCluster, err)
			}
			took.Values = append(took.Values, spent.Took.Seconds())
			peak.Values = append(peak.Values, float64(spent.Peak)/1e6)
			b.Say(fmt.Sprintf("B8: run %d of %d: %.1f s, %.0f MB", n+1, b.Runs, took.Values[n], peak.Values[n]))
		}
		took.Notes = append(took.Notes, fmt.Sprintf("%s requests, %s claims, %s grants on three shelves, all invariants, from disk, sums checked: verdict pass",
			thousands(float64(made.Requests)), thousands(float64(made.Claims)), thousands(float64(made.grants))))
		return nil
	})
	return outcome{findings: []Finding{took, peak}}, err
}
