package drills

import (
	"context"
	"fmt"
	"strings"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/system/pause"
	"redpacket/system/topology"
)

// The bounds of the waits before and after the load; each ends as soon as its condition holds.
const (
	healthLimit = 60 * time.Second
	drainLimit  = 60 * time.Second
)

// awaitHealth waits until the shard is open.
func (r *run) awaitHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	for {
		samples, err := r.on.Scrape(ctx)
		if err == nil && r.gauges(samples)[record.ShardOpen] == 1 {
			return nil
		}
		r.with.Tell(Progress{Doing: "waiting for the shard to open"})
		if !pause.For(ctx, judge.SampleEvery) {
			return fmt.Errorf("the shard did not open within %s (last error: %v); see the keeper's log", healthLimit, err)
		}
	}
}

// drainEvery is the time between two readings after the load, which are waited for.
const drainEvery = judge.SampleEvery / 2

// watch reads the gauges until ctx ends.
func (r *run) watch(ctx context.Context) {
	cpu, every := cores{nodes: r.drill.Topology.Nodes}, judge.SampleEvery
	for at := r.m.Began; pause.Until(ctx, at); at = at.Add(every) {
		if r.now() > r.end {
			every = drainEvery
		}
		// A reading that took long is followed by the next one due, not by all that were missed.
		for time.Since(at) > every {
			at = at.Add(every)
		}
		samples, err := r.on.Scrape(ctx)
		if ctx.Err() != nil {
			return
		}
		s := record.Sample{At: r.now(), Values: r.gauges(samples)}
		if err != nil {
			s.Err = err.Error()
		}
		if now, _ := r.on.CPU(ctx); len(now) > 0 {
			cpu.add(s, now)
		}
		r.keep(s)
	}
}

func (r *run) keep(s record.Sample) {
	if err := r.with.Into.Sample(s); err != nil {
		r.trouble("%v", err)
	}
	r.note(func() {
		r.last = s
		r.fired.step(s)
		if r.drill.releases() {
			r.seen = append(r.seen, s)
		}
	})
}

// drain waits, after the load, until the gauges say in two readings that no claim is open and the shard is not closed.
func (r *run) drain(ctx context.Context) {
	ended := r.now()
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	var seen time.Duration
	for good := 0; ; {
		var s record.Sample
		r.note(func() { s = r.last })
		if s.At > max(ended, seen) {
			seen = s.At
			if r.m.Drain.Why = stillOpen(s); r.m.Drain.Why == "" {
				good++
			} else {
				good = 0
			}
		}
		if good == 2 {
			r.m.Drain = record.Drain{Took: r.now() - ended, Settled: true}
			return
		}
		r.with.Tell(Progress{Doing: strings.TrimSuffix("draining: "+r.m.Drain.Why, ": ")})
		if !pause.For(ctx, judge.SampleEvery/5) {
			break
		}
	}
	if r.m.Drain.Took = r.now() - ended; seen == 0 {
		r.m.Drain.Why = "the gauges could not be read after the load"
	}
}

// stillOpen says what keeps the books from being closed; empty: nothing.
func stillOpen(s record.Sample) string {
	unsettled, ok := s.Values[record.Unsettled]
	open, known := s.Values[record.ShardOpen]
	switch {
	case !ok || !known:
		return "the gauges of ams-heavy or the keeper cannot be read"
	case unsettled > 0:
		return fmt.Sprintf("%.0f claims are unsettled", unsettled)
	case open != 1:
		return "the shard is closed"
	}
	return ""
}

// cores turns running totals of processor time into what each role used since the last reading.
type cores struct {
	nodes []topology.Node
	used  map[string]time.Duration
	at    time.Duration
}

func (c *cores) add(s record.Sample, now map[string]time.Duration) {
	span := (s.At - c.at).Seconds()
	for _, n := range c.nodes {
		before, known := c.used[n.Name]
		if used, ok := now[n.Name]; ok && known && span > 0 {
			s.Values[record.CPUOf(n.Role)] += max(0, used-before).Seconds() / span
		}
	}
	c.used, c.at = now, s.At
}
