package record

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Gauge names one value that is read from the running system.
type Gauge string

// The gauges. A sample that could not read a gauge lacks it.
const (
	QueueWait  Gauge = "queue_wait_s"  // the longest of the gateways: the wait in ams that admission steers by, seconds
	Admitted   Gauge = "admitted"      // the smallest of the gateways: the share of users admitted, 0 … 1
	Backlog    Gauge = "backlog"       // grants of all games not yet delivered
	BacklogAge Gauge = "backlog_age_s" // the oldest of them, seconds
	Unsettled  Gauge = "unsettled"     // claims whose outcome ams does not know yet
	ShardEpoch Gauge = "shard_epoch"
	ShardOpen  Gauge = "shard_open" // 1 open, 0 closed
	Granted    Gauge = "granted"    // grants made, all instances
	Delivered  Gauge = "delivered"  // deliveries made, all games
)

// DegradedBy is the gauge of how many answers, since the instances began, named an optional part as missing.
func DegradedBy(part string) Gauge { return Gauge("degraded." + part) }

// CPUOf is the gauge of a role's processor use, in cores.
func CPUOf(role string) Gauge { return Gauge("cpu." + role) }

// Sample is the gauges at one time.
type Sample struct {
	At     time.Duration     `json:"at"`
	Values map[Gauge]float64 `json:"values"`
	Err    string            `json:"error,omitempty"` // what could not be read
}

// Point is one reading of one gauge.
type Point struct {
	At    time.Duration
	Value float64
}

// Series is one gauge over a span; samples that lack it are left out.
func (r *Record) Series(g Gauge, s Span) []Point {
	var line []Point
	for _, sample := range r.Gauges {
		if v, ok := sample.Values[g]; ok && sample.At >= s.From && sample.At < s.To {
			line = append(line, Point{sample.At, v})
		}
	}
	return line
}

const maxSamples = 1 << 20 // six days of samples; more is not a record of ours

func readGauges(r io.Reader) ([]Sample, error) {
	var all []Sample
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s Sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("sample %d: %w", len(all)+1, err)
		}
		if all = append(all, s); len(all) > maxSamples {
			return nil, fmt.Errorf("more than %d samples", maxSamples)
		}
	}
	return all, lines.Err()
}
