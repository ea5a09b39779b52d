package bench

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
)

// Finding is a row with what was measured.
type Finding struct {
	Row
	Values  []float64 `json:"values"`            // one a run
	Broken  []string  `json:"broken,omitempty"`  // what else the row promises and did not hold
	Missing string    `json:"missing,omitempty"` // why there is no figure
	Beside  string    `json:"beside,omitempty"`  // stock Vegeta's figure on the same work
	Notes   []string  `json:"notes,omitempty"`
	Seen    []Seen    `json:"seen,omitempty"` // the runs
}

// Worst is the figure: the worst of the runs; NaN when there is none.
func (f Finding) Worst() float64 {
	worst := math.NaN()
	for _, v := range f.Values {
		if math.IsNaN(worst) || (v < worst) != f.Less && v != worst {
			worst = v
		}
	}
	return worst
}

// Best is the other end of the range; NaN when there is none.
func (f Finding) Best() float64 {
	g := f
	g.Less = !f.Less
	return g.Worst()
}

// within says whether a value keeps a bound; NaN does not.
func (r Row) within(v, bound float64) bool {
	if r.Less {
		return v <= bound
	}
	return v >= bound
}

// Holds says whether the row's gate holds: a row without one does, and so does one that cannot be measured yet.
func (f Finding) Holds() bool {
	if f.Missing != "" {
		return f.Gate == 0
	}
	return len(f.Broken) == 0 && (f.Gate == 0 || f.within(f.Worst(), f.Gate))
}

// Reached says whether the figure is as good as the goal.
func (f Finding) Reached() bool {
	return f.Missing == "" && len(f.Broken) == 0 && f.Goal > 0 && f.within(f.Worst(), f.Goal)
}

// Cost is processor time a request in one run, by role and of the generator, in µs.
type Cost struct {
	ID        string             `json:"id,omitempty"`
	Rate      float64            `json:"offered_per_s"`
	Roles     map[string]float64 `json:"roles_us"`
	Generator float64            `json:"generator_us"`
	Stolen    float64            `json:"stolen"` // share of the processor time that the hypervisor kept
	Conns     int                `json:"connections"`
}

// System is all roles together, µs a request.
func (c Cost) System() float64 {
	sum := 0.0
	for _, us := range c.Roles {
		sum += us
	}
	return sum
}

// costOf shares the processor time of a volley among its requests.
func costOf(y loadprofiles.Yield, before, after map[string]time.Duration) Cost {
	c := Cost{Roles: map[string]float64{}, Conns: y.Conns}
	requests := float64(max(1, y.Launched))
	c.Generator = micros(y.CPU) / requests
	for node, used := range after {
		if was, known := before[node]; known {
			c.Roles[roleOf(node)] += micros(max(0, used-was)) / requests
		}
	}
	return c
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// Report is everything that was measured.
type Report struct {
	Began    time.Time     `json:"began"`
	Took     time.Duration `json:"took"`
	Revision string        `json:"revision"`
	Rig      record.Rig    `json:"rig"`
	Warm     time.Duration `json:"warm"`
	Hold     time.Duration `json:"hold"`
	Runs     int           `json:"runs"`
	Stolen   float64       `json:"stolen"`
	Findings []Finding     `json:"findings"`
	Costs    []Cost        `json:"costs"`
}

// Holds says whether every gate that was measured holds. A report of nothing does not.
func (r Report) Holds() bool {
	for _, f := range r.Findings {
		if !f.Holds() {
			return false
		}
	}
	return len(r.Findings) > 0
}

// Save writes bench.json into a directory, which it makes.
func (r Report) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save the bench: %w; choose another --out", err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("save the bench: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "bench.json"), append(text, '\n'), 0o644)
}
