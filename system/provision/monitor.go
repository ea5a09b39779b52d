package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"redpacket/system/monitor"
	"redpacket/system/topology"
)

// The monitor's memory is bounded by what it keeps: an hour, near its limit the collector works harder.
const (
	monitorKeeps    = "1h"
	monitorGOMEMMAX = "110MiB"
	monitorRules    = dataDir + "/rules.yml"
)

// monitorCommand starts the monitor. Its image's entry is a shell, which first writes the files that came as variables.
func monitorCommand(t topology.Topology, l layout, n topology.Node) (command []string, env map[string]string, err error) {
	var targets []monitor.Target
	for _, i := range instances(t, l) {
		targets = append(targets, monitor.Target{Node: i.Node, Role: i.Role, IDC: i.IDC, Admin: i.Admin})
	}
	orders, err := monitor.ConfigFile(targets, monitorRules)
	if err != nil {
		return nil, nil, fmt.Errorf("write the orders of %s: %w", n.Name, err)
	}
	rules, err := monitor.RulesFile(monitor.Rules())
	if err != nil {
		return nil, nil, fmt.Errorf("write the rules of %s: %w", n.Name, err)
	}
	const config = dataDir + "/prometheus.yml"
	script := []string{`printf %s "$ORDERS" > ` + config, `printf %s "$RULES" > ` + monitorRules,
		"unset ORDERS RULES",
		strings.Join([]string{"exec prometheus", "--config.file=" + config, "--storage.tsdb.path=" + dataDir + "/tsdb",
			"--storage.tsdb.retention.time=" + monitorKeeps, "--web.listen-address=" + l.at(n.Name, n.Port),
			"--query.max-concurrency=2", "--log.level=warn"}, " ")}
	return []string{strings.Join(script, "\n")},
		map[string]string{"ORDERS": string(orders), "RULES": string(rules), "GOMAXPROCS": "1", "GOMEMLIMIT": monitorGOMEMMAX}, nil
}

// Alarm is one alarm that fired, for as long as it did. Its times are of this machine's clock, to the second.
type Alarm struct {
	Name      string
	About     string // what it is about: an instance, a data centre, a part …; empty: the whole system
	Level     string
	Dimension string
	Playbook  string
	From, To  time.Time // To: when it was last seen firing
}

// Noticed is what the monitor noticed in a span.
type Noticed struct {
	Alarms []Alarm   // in order of time
	Looked []Stretch // when it heard the processes, in order: an alarm that is not there did not fire then
}

// Stretch is from its first second to its last.
type Stretch struct{ From, To time.Time }

// heard is, for each second in which a process was scraped lately, how many were. Whether they answered does not matter here.
const heard = `count(count_over_time(up[3s]))`

// Alarms are the alarms that fired in a span; it asks the monitor, and takes less than a second. There is nothing in
// a topology without a monitor. An alarm that was silent for less than 2 s goes on. A rule that cannot be evaluated is an error: its
// silence would tell nothing.
func (c *Cluster) Alarms(ctx context.Context, from, to time.Time) (Noticed, error) {
	monitors := c.plan.Topology.Role(roleMonitor)
	if len(monitors) == 0 {
		return Noticed{}, nil
	}
	n, _ := c.plan.Topology.Node(monitors[0])
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	rules, err := c.fetch(ctx, "http://"+c.direct(n)+"/api/v1/rules?type=alert", scrapeBytes)
	if err == nil {
		err = checkRules(rules)
	}
	if err != nil {
		return Noticed{}, fmt.Errorf("ask %s for its rules: %w", n.Name, err)
	}
	q := url.Values{"query": {`ALERTS{alertstate="firing"} or ` + heard}, "step": {"1s"},
		"start": {strconv.FormatInt(from.Unix(), 10)}, "end": {strconv.FormatInt(to.Unix()+1, 10)}}
	page, err := c.fetch(ctx, "http://"+c.direct(n)+"/api/v1/query_range?"+q.Encode(), scrapeBytes)
	if err != nil {
		return Noticed{}, fmt.Errorf("ask %s for alarms: %w", n.Name, err)
	}
	return readAlarms(page)
}

// checkRules reads Prometheus' list of rules: all that there are, and none that cannot be evaluated.
func checkRules(page []byte) error {
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	if err := json.Unmarshal(page, &answer); err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	found := 0
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			if r.Health == "err" { // or ok; or unknown: it was not evaluated yet
				return fmt.Errorf("rule %s cannot be evaluated: %s", r.Name, r.LastError)
			}
			found++
		}
	}
	if want := len(monitor.Rules()); found != want {
		return fmt.Errorf("it has %d rules; want %d", found, want)
	}
	return nil
}

// Targets says of every process that the monitor scrapes whether it answered the last time.
func (c *Cluster) Targets(ctx context.Context) (map[string]bool, error) {
	n, err := c.first(roleMonitor, "")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	page, err := c.fetch(ctx, "http://"+c.direct(n)+"/api/v1/targets?state=active", scrapeBytes)
	if err != nil {
		return nil, fmt.Errorf("ask %s for its targets: %w", n.Name, err)
	}
	var answer struct {
		Data struct {
			Active []struct {
				Labels map[string]string
				Health string
			} `json:"activeTargets"`
		}
	}
	if err := json.Unmarshal(page, &answer); err != nil {
		return nil, fmt.Errorf("read the targets of %s: %w", n.Name, err)
	}
	up := map[string]bool{}
	for _, t := range answer.Data.Active {
		up[t.Labels["instance"]] = t.Health == "up"
	}
	return up, nil
}

// readAlarms reads Prometheus' answer to a query over a range of ALERTS and of heard, which alone has no labels.
func readAlarms(page []byte) (all Noticed, err error) {
	var answer struct {
		Status string
		Data   struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(page, &answer); err != nil {
		return all, fmt.Errorf("read alarms: %w", err)
	}
	if answer.Status != "success" {
		return all, fmt.Errorf("read alarms: the monitor's status is %q", answer.Status)
	}
	for _, series := range answer.Data.Result {
		stretches, err := stretchesOf(series.Values)
		if err != nil {
			return all, fmt.Errorf("read alarms: %w", err)
		}
		if len(series.Metric) == 0 {
			all.Looked = stretches
			continue
		}
		for _, s := range stretches {
			all.Alarms = append(all.Alarms, alarmOf(series.Metric, s))
		}
	}
	slices.SortStableFunc(all.Alarms, func(a, b Alarm) int { return a.From.Compare(b.From) })
	return all, nil
}

// stretchesOf joins the times at which a series has a value; a gap of less than 2 s is none.
func stretchesOf(values [][2]any) (all []Stretch, err error) {
	for _, v := range values {
		seconds, ok := v[0].(float64)
		if !ok || math.IsNaN(seconds) {
			return nil, fmt.Errorf("%v is no time", v[0])
		}
		at := time.UnixMilli(int64(seconds * 1000))
		if n := len(all); n > 0 && at.Sub(all[n-1].To) <= 2*time.Second {
			all[n-1].To = at
			continue
		}
		all = append(all, Stretch{at, at})
	}
	return all, nil
}

func alarmOf(labels map[string]string, fired Stretch) Alarm {
	a := Alarm{Name: labels["alertname"], Level: labels["level"], Dimension: labels["dimension"], Playbook: labels["playbook"], From: fired.From, To: fired.To}
	for _, what := range []string{"instance", "part", "peer", "pool", "game", "kind", "idc"} {
		if v := labels[what]; v != "" {
			if what == "pool" || what == "game" || what == "idc" {
				v = what + " " + v
			}
			a.About = strings.TrimPrefix(a.About+", "+v, ", ")
			if what == "instance" {
				break // it says where the instance is by its name
			}
		}
	}
	return a
}
