package volley

import (
	"context"
	"fmt"
	"os"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
)

// Stalled is one stall as three see it: arithmetic, our generator, and stock Vegeta on the same load.
type Stalled struct {
	Rate      float64       // requests/s that were owed
	Length    time.Duration // of each volley
	Stall     time.Duration // as long as the server really did not answer, in our volley
	Analytic  time.Duration // the p99 that all requests have, counted from when they were owed
	Ours      time.Duration // what our volley says it is
	Stock     time.Duration // what Vegeta's own metrics say in a volley that met a stall of the same kind
	StockOwed time.Duration // the p99 of that volley's requests, counted from when they were owed
	LateMax   time.Duration // of our volley: what the generator itself added at most
	Left      float64       // share of what was owed that stock Vegeta sent
}

// stallParts is how many times the stall a volley is long.
const stallParts = 5

// Stall fires the job's peak rate, steadily, for five times the stall, at a null server that stops answering once for
// that long; first with a request a hit, then the same through stock Vegeta. Of the job it takes the profile, the scale,
// the seed, the key and the cores. It blocks for about eleven stalls.
//
// The analytic value: the requests are owed at the rate r for T, and nothing is answered from some moment on for S. One
// owed x after that moment is r·x-th in line; the line is answered from S on at the rate m at which the server drains it.
// So it takes S + r·x/m − x, which falls in a straight line from S to 0 while x goes from 0 to S/(1 − r/m): those owed
// while the line is drained wait too. More than L take the r·(S − L)/(1 − r/m) requests owed first. The p99 is the L
// that 1 % of all exceed, 0.01·r·T: L = S − 0.01·T·(1 − r/m). The null server drains twenty times as fast as a drill asks
// and more, so r/m moves L by less than 0.05·0.01·T, a four-thousandth of S at T = 5·S, and is left out: L = S − T/100.
func Stall(ctx context.Context, job Job, long time.Duration) (Stalled, error) {
	s := Stalled{Rate: job.Profile.Scaled(job.Scale).Curve.Peak(), Length: stallParts * long}
	job.Scale, job.Profile = 1, job.Profile.Scaled(job.Scale)
	job.Profile.Name, job.Profile.Curve = "stall", loadprofiles.Hold(s.Rate, s.Length)
	job.Profile.Retry, job.Profile.Patience = loadprofiles.Retry{}, 3*long // nobody gives up, so every wait is counted whole
	job.Style = Requests
	ours, p99, was, err := fireStalled(ctx, job, long)
	if err != nil {
		return s, err
	}
	s.Stall, s.Analytic, s.Ours, s.LateMax = was, was-s.Length/100, p99, ours.LateMax
	job.Style = Stock
	stock, p99, _, err := fireStalled(ctx, job, long)
	s.Stock, s.StockOwed = stock.Vegeta.P99, p99
	s.Left = float64(stock.Launched) / float64(max(1, stock.Owed))
	return s, err
}

// fireStalled fires a job at a null server that stalls once the volley is under way, and returns the p99 from the owed
// time and how long the stall really was.
func fireStalled(ctx context.Context, job Job, long time.Duration) (y loadprofiles.Yield, p99, was time.Duration, err error) {
	fail := func(err error) (loadprofiles.Yield, time.Duration, time.Duration, error) {
		return y, 0, 0, fmt.Errorf("stall: %w", err)
	}
	null, err := StartNullServer(otherCores(job.Cores))
	if err != nil {
		return fail(err)
	}
	defer null.Stop()
	if job.Dir, err = os.MkdirTemp("", "volley-stall-"); err != nil {
		return fail(err)
	}
	defer os.RemoveAll(job.Dir)
	job.Front = null.Addr
	type stall struct {
		was time.Duration
		err error
	}
	var over chan stall
	y, err = Fire(ctx, job, func(Progress) {
		if over == nil {
			over = make(chan stall, 1)
			go func() {
				was, err := null.Stall(long)
				over <- stall{was, err}
			}()
		}
	})
	switch {
	case err != nil:
		return fail(err)
	case ctx.Err() != nil:
		return fail(ctx.Err())
	case over == nil:
		return fail(fmt.Errorf("the volley of %s ended before it told anything", job.Profile.Curve.Length()))
	}
	stalled := <-over
	if stalled.err != nil {
		return fail(stalled.err)
	}
	_, all, err := openYield(job.Dir)
	if err != nil {
		return fail(err)
	}
	p99, _ = all.Within(tally.Window{To: all.Length()}, 0.99)
	return y, p99, stalled.was, nil
}
