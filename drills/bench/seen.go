package bench

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/rig"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/pause"
)

// What holding a rate means. Lateness and response times count from when a hit was owed.
const (
	leastLaunched = 0.99
	mostLate      = 0.01 // share of hits more than 100 ms late; a hit that never left is late
	leastExplicit = 0.99
	mostWait      = 100 * time.Millisecond
)

// Seen is one rate, held for a time.
type Seen struct {
	Offered  float64             `json:"offered_per_s"`
	Answered float64             `json:"answered_per_s"` // as the work means them: done, or refused, or claims
	Launched float64             `json:"launched"`       // share of the hits owed
	Late     float64             `json:"late"`           // share of the hits owed
	P99      time.Duration       `json:"p99"`            // of what was answered as meant, from when it was owed
	Explicit float64             `json:"explicit"`       // share of the dynamic requests not done that were told so
	Outcomes map[string]uint64   `json:"outcomes"`
	Wrong    string              `json:"wrong,omitempty"` // why the rate was not held
	Cost     Cost                `json:"cost"`
	Vegeta   loadprofiles.Vegeta `json:"vegeta"`
}

// Held says that the rate was held.
func (s Seen) Held() bool { return s.Wrong == "" }

// String is the run in one line.
func (s Seen) String() string {
	end := "held"
	if !s.Held() {
		end = "not held: " + s.Wrong
	}
	return fmt.Sprintf("%s/s offered, %s/s answered, launched %.2f %%, late %.2f %%, p99 %.1f ms, stolen %.1f %%: %s", thousands(s.Offered),
		thousands(s.Answered), 100*s.Launched, 100*s.Late, float64(s.P99)/float64(time.Millisecond), 100*s.Cost.Stolen, end)
}

// work is what is asked of a cluster, and which answers it means.
type work struct {
	load     stage.Load             // the caller sets the curve and the directory
	ops      []api.Op               // what is counted; none: everything
	good     []api.Outcome          // what counts
	never    []api.Outcome          // what must not come
	within   time.Duration          // the bound on p99; 0: mostWait
	overload bool                   // more is offered than can be done: waits are not bounded, refusals must be explicit
	journals func(dir string) error // looks at a volley's files before they go; nil: nobody does
}

// fire holds one rate, after warming up at it, and says what was seen.
func (b *Bench) fire(ctx context.Context, on Cluster, w work, rate float64, hold time.Duration) (seen Seen, err error) {
	err = inside(func(dir string) error {
		l := w.load
		l.Dir, l.Profile.Curve = dir, loadprofiles.Hold(rate, b.Warm+hold)
		l.Profile.Name = "bench"
		b.fired++
		l.Seed = b.fired         // other users each time: those of the last volley may not claim again at once
		before, _ := on.CPU(ctx) // a node that cannot be read is missing in the table
		ticks := rig.Count()
		y, err := on.Fire(ctx, l)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("fire %.0f/s: %w: %w", rate, drills.ErrCluster, err)
		}
		stolen := rig.Count().StolenSince(ticks)
		after, _ := on.CPU(ctx)
		tally, err := record.OpenTally(filepath.Join(dir, record.TallyFile))
		if err != nil {
			return err
		}
		seen = look(y, tally, w, record.Span{From: b.Warm, To: b.Warm + hold})
		seen.Cost = costOf(y, before, after)
		seen.Offered, seen.Cost.Rate, seen.Cost.Stolen = rate, rate, stolen
		if w.journals != nil {
			return w.journals(dir)
		}
		return nil
	})
	return seen, err
}

// look judges a hold after its warming up.
func look(y loadprofiles.Yield, t record.Tally, w work, hold record.Span) Seen {
	seconds := hold.Length().Seconds()
	s := Seen{Outcomes: map[string]uint64{}, Vegeta: y.Vegeta}
	for out := range api.Outcomes {
		if n := t.Count(hold, record.Which{Outcomes: []api.Outcome{out}}); n > 0 {
			s.Outcomes[out.String()] = n
		}
	}
	s.Answered = float64(t.Count(hold, record.Which{Ops: w.ops, Outcomes: w.good})) / seconds
	if y.Vegeta.Hits > 0 {
		// Of a generator that falls behind, what was owed in the hold is not what was asked in it, and its answers come when
		// nobody waits for them any more. Its own count is the kindest there is.
		s.Answered = y.Vegeta.Throughput
	}
	s.Explicit = explicit(t, hold)
	s.P99 = t.Quantile(hold, record.Which{Ops: w.ops, Outcomes: w.good}, 0.99)
	owed := float64(max(1, y.Clicks.Owed))
	s.Launched = float64(y.Clicks.Launched) / owed
	// Every late hit is laid to the hold's charge, those of the warming up too.
	missing := owed - float64(y.Clicks.Launched)
	s.Late = min(1, (y.LateOver*float64(y.Clicks.Launched)+missing)/owed*hold.To.Seconds()/seconds)
	s.Wrong = s.wrong(w)
	return s
}

func (s Seen) wrong(w work) string {
	var wrong []string
	if s.Launched < leastLaunched {
		wrong = append(wrong, fmt.Sprintf("launched %.1f %%", 100*s.Launched))
	}
	if s.Late > mostLate {
		wrong = append(wrong, fmt.Sprintf("late %.1f %%", 100*s.Late))
	}
	if !w.overload && s.P99 >= cmp.Or(w.within, mostWait) {
		wrong = append(wrong, fmt.Sprintf("p99 %.0f ms", float64(s.P99)/float64(time.Millisecond)))
	}
	if s.Answered == 0 {
		wrong = append(wrong, "nothing was answered as meant")
	}
	if w.overload && s.Explicit < leastExplicit {
		wrong = append(wrong, fmt.Sprintf("only %.1f %% of those not served were told so", 100*s.Explicit))
	}
	for _, out := range w.never {
		if n := s.Outcomes[out.String()]; n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, out))
		}
	}
	return strings.Join(wrong, ", ")
}

// explicit is the share of the dynamic requests not done that got a refusal; 1 when all were done.
func explicit(t record.Tally, in record.Span) float64 {
	of := func(outs ...api.Outcome) float64 {
		return float64(t.Count(in, record.Which{Ops: judge.Critical(), Outcomes: outs}))
	}
	told := of(api.Refused, api.Shed)
	if silent := of(api.Doubt, api.Failed); silent > 0 {
		return told / (told + silent)
	}
	return 1
}

// rest waits, after a rate that was too much, until the system admits everybody again and owes no claim; for 15 s at most.
func rest(ctx context.Context, on Cluster) {
	const atMost = 15 * time.Second
	_ = until(ctx, on, atMost, atRest) // a system that does not come to rest shows that in the next run
}

// opened waits until claims are served.
func opened(ctx context.Context, on Cluster) error {
	const atMost = 60 * time.Second
	return until(ctx, on, atMost, func(samples drills.Samples) bool {
		shards := 0
		for _, values := range samples {
			for name, v := range values {
				if !strings.HasPrefix(name, "redpacket_shard_open") {
					continue
				}
				if shards++; v != 1 {
					return false
				}
			}
		}
		return shards > 0
	})
}

// until reads the gauges until they say so twice.
func until(ctx context.Context, on Cluster, atMost time.Duration, so func(drills.Samples) bool) error {
	const between = 50 * time.Millisecond
	ctx, cancel := context.WithTimeoutCause(ctx, atMost, fmt.Errorf("the system is not ready after %s", atMost))
	defer cancel()
	for times := 0; times < 2; {
		samples, err := on.Scrape(ctx)
		if times++; err != nil || !so(samples) {
			times = 0
		}
		if !pause.For(ctx, between) {
			return context.Cause(ctx)
		}
	}
	return nil
}

func atRest(samples drills.Samples) bool {
	for _, values := range samples {
		if share, there := values["redpacket_admitted_share"]; there && share < 1 {
			return false
		}
		if values["redpacket_claims_unsettled"] > 0 {
			return false
		}
	}
	return true
}
