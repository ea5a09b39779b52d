package volley

import (
	"context"
	"fmt"
	"os"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
)

// Limit is what the generator can carry by itself, on its cores.
type Limit struct {
	RequestsPerSecond float64       // the highest step at which it was honest
	CPUPerRequest     time.Duration // of the generator's process, over the whole test
}

// The steps of a self-test: each a quarter faster than the one before.
const (
	stepTime  = 300 * time.Millisecond
	firstStep = 40_000.0 // requests per second and core of the generator
	steps     = 11       // the last is at 372,000
	growth    = 1.25
)

// SelfTest fires the job's mix at a null server, which runs on the cores that are not the job's, in steps of rising
// rate, and returns the highest at which the generator was honest: 99 % of the clicks left, and their lateness p99 was
// within the profile's bound. It blocks for about 4 s. Of the job it takes the profile (without its curve), the seed,
// the key and the cores. The error is ctx's, or says why the test could not be made; a generator that fails at the
// first step has the Limit 0.
func SelfTest(ctx context.Context, job Job) (Limit, error) { return selfTest(ctx, job, stepTime) }

func selfTest(ctx context.Context, job Job, step time.Duration) (Limit, error) {
	null, err := StartNullServer(otherCores(job.Cores))
	if err != nil {
		return Limit{}, err
	}
	defer null.Stop()
	if job.Dir, err = os.MkdirTemp("", "volley-selftest-"); err != nil {
		return Limit{}, fmt.Errorf("self-test: %w", err)
	}
	defer os.RemoveAll(job.Dir)
	cores, err := parseCores(job.Cores)
	if err != nil {
		return Limit{}, err
	}
	job.Front, job.Scale = null.Addr, 1
	job.Profile.Name = "self-test"
	job.Profile.Curve = staircase(firstStep*float64(max(1, len(cores))), step)
	y, err := Fire(ctx, job, nil)
	if err != nil {
		return Limit{}, fmt.Errorf("self-test: %w", err)
	}
	if ctx.Err() != nil {
		return Limit{}, fmt.Errorf("self-test was stopped: %w", ctx.Err())
	}
	_, t, err := openYield(job.Dir)
	if err != nil {
		return Limit{}, fmt.Errorf("self-test: %w", err)
	}
	return Limit{RequestsPerSecond: honest(job, t), CPUPerRequest: y.CPU / time.Duration(max(1, y.Launched))}, nil
}

func staircase(rate float64, step time.Duration) loadprofiles.Curve {
	var c loadprofiles.Curve
	for range steps {
		c = loadprofiles.Then(c, loadprofiles.Hold(rate, step))
		rate *= growth
	}
	return c
}

// honest is the rate of the last step up to which every step was honest.
func honest(job Job, t *tally.Tally) (rate float64) {
	hits, from := job.hits(), time.Duration(0)
	for _, step := range job.Profile.Curve {
		owed := hits.Due(from+step.For) - hits.Due(from)
		late, launched := t.LateQuantile(from, from+step.For, 0.99)
		if float64(launched) < 0.99*owed-1 || late > job.Profile.LateBy {
			return rate
		}
		rate, from = step.To, from+step.For
	}
	return rate
}
