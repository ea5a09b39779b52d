package record

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"redpacket/system/api"
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
	ShardMode  Gauge = "shard_mode" // the largest of the data centres', as the keeper numbers what the two have agreed on
	Doors      Gauge = "doors"      // data centres whose front door the name service calls healthy
	TakenOver  Gauge = "taken_over" // data centres whose users another one has, as some front door believes
	Granted    Gauge = "granted"    // grants made, all instances
	Delivered  Gauge = "delivered"  // deliveries made, all games

	DeliveriesFailed Gauge = "deliveries_failed" // requests to games without an answer that could be used
	DeliveredAgain   Gauge = "delivered_again"   // orders that games were asked for and had delivered before
	ReportsHeard     Gauge = "reports_heard"     // datagrams that the collector of reports heard
	DatagramsLost    Gauge = "datagrams_lost"    // by what was done to links
)

// DegradedBy is the gauge of how many answers, since the instances began, named an optional part as missing.
func DegradedBy(part string) Gauge { return Gauge("degraded." + part) }

// PoisonedAt is the gauge of how many writes, since the instances began, a writer refused because their user and their tag
// contradict each other.
func PoisonedAt(writer string) Gauge { return Gauge("poisoned." + writer) }

// AnsweredByNew is the gauge of how many calls, since they began, the instances of the new version have answered by their own count.
const AnsweredByNew Gauge = "new_answered"

// ServedByNew is the same as the gateways count it: the answers of those instances that came in time.
const ServedByNew Gauge = "new_served"

// DeliveredIn is the gauge of the deliveries of one game, since the couriers began.
func DeliveredIn(game uint8) Gauge { return Gauge("delivered." + strconv.Itoa(int(game))) }

// What callers know of an instance, as L5 writes it; running totals of all callers.
const (
	L5Calls     = "calls" // answered or failed
	L5Ejections = "ejections"
	L5Reopens   = "reopens" // it failed while half-open
	L5Probes    = "probes"  // calls let through while half-open
)

// L5 is the gauge of what callers know of an instance.
func L5(what, peer string) Gauge { return Gauge("l5." + what + "." + peer) }

// ArrivedAt is the gauge of how many journeys, since its gateway began, users at home in one data centre have begun at the
// front door of another, or of their own.
func ArrivedAt(home, idc string) Gauge { return Gauge("arrived." + home + ".at." + idc) }

// Watchers is the gauge of how many journeys the system's own synthetic users have made: each asks once for every kind.
const Watchers Gauge = "watchers"

// RequestsOf is the gauge of how many requests of an op the gateways have answered.
func RequestsOf(op api.Op) Gauge { return Gauge("requests." + op.String()) }

// CallsOf is the gauge of how many calls all nodes of a role have answered: ams-light, ams-heavy, registry; of the log, how
// many grants were written, repeats included.
func CallsOf(role string) Gauge { return Gauge("calls." + role) }

// CachedBefore is the gauge of how many calls of a role a cache before it has answered: registry.
func CachedBefore(role string) Gauge { return Gauge("cached." + role) }

// PlaybookActive is the gauge of whether a playbook is in force, as the platform shows it: 1 or 0.
func PlaybookActive(id string) Gauge { return Gauge("playbook." + id) }

// TriggerOf is what the event of a playbook is called that its own trigger activated.
func TriggerOf(id string) string { return "trigger " + id }

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
