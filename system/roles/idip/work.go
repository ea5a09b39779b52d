package idip

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"redpacket/system/api"
	"redpacket/system/ledger"
	"redpacket/system/mutant"
	"redpacket/system/roles/idip/delivery"
)

// rowsAtOnce is the most rows of one statement.
const rowsAtOnce = 2000

// job is one request's orders on their way to the ledger.
type job struct {
	game   *game
	grants []api.Grant
	done   chan []ledger.Result // takes one value and never blocks; nil: the outcome is not known
}

// deliverer is the ledger as the desk needs it.
type deliverer interface {
	Deliver(ctx context.Context, grants []api.Grant) ([]ledger.Result, error)
}

// work makes one statement of what has gathered, again and again, until ctx ends. When nothing has gathered it takes a
// single request at once: batches grow with the load, and add no wait.
func (d *desk) work(ctx context.Context, l deliverer) {
	var complained time.Time
	for {
		jobs := d.gather(ctx)
		if len(jobs) == 0 {
			return
		}
		var grants []api.Grant
		for _, j := range jobs {
			grants = append(grants, j.grants...)
		}
		if mutant.Is(mutant.EndsBadly) && d.statements.Load() > 20 {
			os.Exit(1)
		}
		if mutant.Is(mutant.Unwritten) && len(jobs) == 1 {
			hand(jobs, slices.Repeat([]ledger.Result{ledger.Delivered}, len(grants)))
			continue
		}
		results, err := l.Deliver(ctx, grants)
		if err == nil && len(results) != len(grants) {
			err = fmt.Errorf("%d results of %d grants", len(results), len(grants))
		}
		if err != nil {
			if time.Since(complained) > time.Second {
				complained = time.Now()
				fmt.Fprintln(os.Stderr, "idip:", err)
			}
			results = nil
		} else {
			d.statements.Add(1)
		}
		hand(jobs, results)
	}
}

// gather waits for a job and takes those that wait behind it; none when ctx ended.
func (d *desk) gather(ctx context.Context) []job {
	var jobs []job
	rows := 0
	select {
	case j := <-d.jobs:
		jobs, rows = append(jobs, j), len(j.grants)
	case <-ctx.Done():
		return nil
	}
	for rows+delivery.MaxOrders <= rowsAtOnce {
		select {
		case j := <-d.jobs:
			jobs, rows = append(jobs, j), rows+len(j.grants)
		default:
			return jobs
		}
	}
	return jobs
}

// hand gives each job its part of the results. They are counted here: the one who asked may have left.
func hand(jobs []job, results []ledger.Result) {
	for _, j := range jobs {
		if results == nil {
			j.done <- nil
			continue
		}
		n := len(j.grants)
		j.game.count(results[:n])
		j.done <- results[:n:n]
		results = results[n:]
	}
}
