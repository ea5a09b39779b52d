package bench

import (
	"context"
	"fmt"
	"time"
)

// search looks for the highest rate that holds: a quick climb finds a candidate, and the figure is what is then held in
// every one of the full runs. A run that fails lowers the candidate, and all runs begin again.
type search struct {
	from, to float64 // where the climb begins, and what it does not go beyond, per second
	hold     time.Duration
	runs     int
	try      func(ctx context.Context, rate float64, hold time.Duration) (Seen, error)
	say      func(string)
}

const (
	climbing  = 1.12            // each step of a climb over the one before
	sinking   = 0.93            // each step down
	leastLeap = 0.3             // the longest step down of a climb
	mostSteps = 12              // down, before it is given up
	glance    = 3 * time.Second // how long a step of a climb is looked at
)

// found is where a search ended. Runs are those at the rate that was held, or, when none was, the last that failed.
type found struct {
	runs  []Seen
	held  bool
	notes []string
}

func (s search) find(ctx context.Context) (found, error) {
	rate, err := s.climb(ctx)
	if err != nil {
		return found{}, err
	}
	var f found
	for range mostSteps {
		if f.runs, err = s.confirm(ctx, rate); err != nil {
			return f, err
		}
		last := f.runs[len(f.runs)-1]
		if f.held = last.Held(); f.held {
			return f, nil
		}
		f.notes = append(f.notes, fmt.Sprintf("%s/s was not held in run %d of %d: %s; the hypervisor kept %.1f %%",
			thousands(rate), len(f.runs), s.runs, last.Wrong, 100*last.Cost.Stolen))
		rate *= sinking
	}
	return f, nil
}

// climb is the highest rate that held for a glance before one failed twice; where the first fails, it goes down until one
// holds, at once to what left the generator when that was far less.
func (s search) climb(ctx context.Context) (float64, error) {
	best, down := 0.0, 0
	for rate := s.from; down < mostSteps; {
		seen, err := s.glance(ctx, rate)
		switch {
		case err != nil:
			return 0, err
		case seen.Held() && (rate >= s.to || down > 0):
			return rate, nil
		case seen.Held():
			best, rate = rate, min(rate*climbing, s.to)
		case best > 0:
			return best, nil
		default:
			down++
			rate *= min(sinking*sinking, max(seen.Launched, leastLeap))
		}
	}
	return s.from * leastLeap, nil
}

// glance gives a rate that fails a second chance: a stall of the machine is no limit of the system.
func (s search) glance(ctx context.Context, rate float64) (seen Seen, err error) {
	for range 2 {
		if seen, err = s.try(ctx, rate, min(glance, s.hold)); err != nil {
			return seen, err
		}
		s.say("look for the limit: " + seen.String())
		if seen.Held() {
			break
		}
	}
	return seen, nil
}

// confirm makes the full runs at a rate, up to the first that fails.
func (s search) confirm(ctx context.Context, rate float64) ([]Seen, error) {
	var runs []Seen
	for n := range s.runs {
		seen, err := s.try(ctx, rate, s.hold)
		if err != nil {
			return runs, err
		}
		s.say(fmt.Sprintf("run %d of %d: %s", n+1, s.runs, seen))
		if runs = append(runs, seen); !seen.Held() {
			break
		}
	}
	return runs, nil
}
