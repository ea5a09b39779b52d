package l5

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever instances do and however their calls are counted: somebody is always tried, never more than the share is
// ejected, an instance that never fails is never ejected, a cycle has no more than its probes, and one failure re-opens.
func TestPeersKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rules := Rules{Name: "any", Consecutive: rapid.IntRange(1, 12).Draw(rt, "consecutive"), Ratio: 0.5, Least: 5,
			Window: 2 * time.Second, Check: time.Second, Sleep: 3 * time.Second, Probes: rapid.IntRange(1, 5).Draw(rt, "probes"),
			MaxEjected: rapid.Float64Range(0, 1).Draw(rt, "share"), Refresh: 1, Lease: 1, FileAge: 1}
		rules.Successes = rapid.IntRange(1, rules.Probes).Draw(rt, "successes")
		n := rapid.IntRange(1, 5).Draw(rt, "instances")
		c := newCaller(t, rules, make([]float64, n)...)
		good := rapid.IntRange(-1, n-1).Draw(rt, "never fails")
		at := time.Duration(0)
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			before, failed := make([]Seen, n), make([]bool, n)
			for i := range n {
				before[i] = c.Seen(i)
				for range rapid.IntRange(0, 30).Draw(rt, "calls") {
					if !c.Takes(i) {
						continue
					}
					if i != good && rapid.Bool().Draw(rt, "fails") {
						c.Failed(i, 1)
						failed[i] = true
					} else {
						c.Answered(i, 1)
					}
				}
			}
			at += time.Duration(rapid.IntRange(1, 4000).Draw(rt, "ms")) * time.Millisecond
			c.Step(zero.Add(at))
			out, some := 0, false
			for i := range n {
				now := c.Seen(i)
				if now.State != Closed {
					out++
				}
				some = some || c.Takes(i)
				if before[i].State == HalfOpen && failed[i] && now.Reopens != before[i].Reopens+1 {
					rt.Fatalf("instance %d failed half-open and is %s: %+v", i, now.State, now)
				}
				if cycles := c.circuits[i].cycles; uint64(cycles*rules.Probes) < now.Probes {
					rt.Fatalf("instance %d: %d probes in %d cycles", i, now.Probes, cycles)
				}
			}
			if !some {
				rt.Fatalf("no instance takes a call: %v", c.circuits)
			}
			if most := rules.MaxEjected*float64(n) + 1e-9; float64(out) > most {
				rt.Fatalf("%d of %d are out, at most %g may be", out, n, most)
			}
			if good >= 0 && c.Seen(good).State != Closed {
				rt.Fatalf("instance %d never failed and is %s", good, c.Seen(good).State)
			}
		}
	})
}
