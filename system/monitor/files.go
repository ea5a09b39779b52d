package monitor

import (
	"encoding/json"
	"fmt"
	"time"
)

// Every is how often Prometheus scrapes each process and looks at each rule.
const Every = time.Second

// scrapeWithin is shorter than Every, so that a process that hangs is down, and not just late.
const scrapeWithin = 900 * time.Millisecond

// kept are the metrics that are stored: ours, and what a process says of itself. The Go runtime's are half of each page and
// no rule reads them.
const kept = "redpacket_.*|process_(cpu_seconds_total|resident_memory_bytes|open_fds|max_fds|start_time_seconds)"

// Target is one process to be scraped.
type Target struct{ Node, Role, IDC, Admin string }

// ConfigFile is Prometheus' configuration: whom to scrape, and where the rules are.
func ConfigFile(targets []Target, rules string) ([]byte, error) {
	var all []any
	for _, t := range targets {
		all = append(all, map[string]any{"targets": []string{t.Admin},
			"labels": map[string]string{"instance": t.Node, "role": t.Role, "idc": t.IDC}})
	}
	return json.Marshal(map[string]any{
		"global": map[string]string{"scrape_interval": seconds(Every), "scrape_timeout": fmt.Sprintf("%dms", scrapeWithin.Milliseconds()),
			"evaluation_interval": seconds(Every)},
		"rule_files": []string{rules},
		"scrape_configs": []any{map[string]any{"job_name": "redpacket", "metrics_path": "/-/metrics", "static_configs": all,
			"metric_relabel_configs": []any{map[string]any{"source_labels": []string{"__name__"}, "regex": kept, "action": "keep"}}}},
	})
}

// The times of a rule's test, in seconds: steady until goesBad, and watched until its end.
const (
	steadyFor = 300
	goesBad   = 60
	badFor    = 120
)

// TestsFile is promtool's test of every rule: made to fire by what its Bad says, within its Within; and silent, all of them
// together, through five minutes of steady data.
func TestsFile(rules []Rule, steady []Series, file string) ([]byte, error) {
	// expect is one sample that an expression has to be at a time, in seconds.
	expect := func(expr string, at, want int) any {
		return map[string]any{"expr": expr, "eval_time": fmt.Sprintf("%ds", at),
			"exp_samples": []any{map[string]any{"labels": "{}", "value": want}}}
	}
	var tests []any
	test := func(series []any, expected ...any) {
		tests = append(tests, map[string]any{"interval": seconds(Every), "input_series": series, "promql_expr_test": expected})
	}
	var quiet []any
	for _, s := range steady {
		quiet = append(quiet, written(s.Name, line(s.At, s.Step, steadyFor)))
	}
	test(quiet, expect(`count(count_over_time(ALERTS{alertstate="firing"}[5m])) or vector(0)`, steadyFor, 0),
		expect(`count(up)`, steadyFor, ups(steady))) // silence tells something only when the data are there
	for _, r := range rules {
		fires := fmt.Sprintf(`count(count by (alertname) (ALERTS{alertname=%q,alertstate="firing"})) or vector(0)`, r.Name)
		for _, bad := range [][]Change{r.Bad, r.Or} {
			if series := turned(steady, bad); len(bad) > 0 {
				test(series, expect(fires, goesBad-1, 0), expect(fires, goesBad+int(r.Within.Seconds()), 1))
			}
		}
	}
	return json.Marshal(map[string]any{"rule_files": []string{file}, "evaluation_interval": seconds(Every), "tests": tests})
}

// turned are the steady series, some of which go bad.
func turned(steady []Series, bad []Change) (series []any) {
	for _, s := range steady {
		values := line(s.At, s.Step, goesBad+badFor)
		for _, c := range bad {
			if c.Series == s.Name {
				values = line(s.At, s.Step, goesBad-1) + " " + line(s.At+s.Step*goesBad+c.Jump, c.Step, badFor)
			}
		}
		series = append(series, written(s.Name, values))
	}
	return series
}

// line is so many steps from a value on, in promtool's notation.
func line(at, step float64, steps int) string { return fmt.Sprintf("%g%+gx%d", at, step, steps) }

func written(series, values string) any { return map[string]string{"series": series, "values": values} }

func ups(steady []Series) (n int) {
	for _, s := range steady {
		if metric.FindString(s.Name) == "up" {
			n++
		}
	}
	return n
}
