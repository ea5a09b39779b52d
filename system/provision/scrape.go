package provision

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Samples are metrics at one moment: Samples[node][`name{label="v"}`] = value, with the labels sorted by name; without
// labels the name alone. A histogram is its _bucket, _sum and _count, a summary its quantiles, _sum and _count.
type Samples map[string]map[string]float64

// The bounds of one scrape of one node.
const (
	scrapeWithin = 2 * time.Second
	scrapeBytes  = 4 << 20
)

// Scrape reads the metrics of every app node at once, in at most 2 s. A node that does not answer is missing from the
// samples and named by the error, which joins all such; the samples are good beside an error. A node that our own levers
// killed or froze, or started and that has not answered since, is missing and no error: that is what was asked for.
func (c *Cluster) Scrape(ctx context.Context) (Samples, error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeWithin)
	defer cancel()
	samples := Samples{}
	var mu sync.Mutex
	err := c.eachNode(ctx, func(ctx context.Context, node string) error {
		if n, _ := c.plan.Topology.Node(node); !n.Told() || c.silenced(node) {
			return nil
		}
		values, err := c.metrics(ctx, node)
		if err != nil && c.starts(node) {
			return nil
		}
		if err != nil {
			return err
		}
		c.rise(node, false)
		mu.Lock()
		defer mu.Unlock()
		samples[node] = values
		return nil
	})
	return samples, err
}

// metrics reads those of one node.
func (c *Cluster) metrics(ctx context.Context, node string) (map[string]float64, error) {
	page, err := c.get(ctx, node, "/-/metrics", scrapeBytes)
	if err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	return parseMetrics(page)
}

// parseMetrics reads a page in Prometheus' text format.
func parseMetrics(page []byte) (map[string]float64, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	values := map[string]float64{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			flatten(values, name, m)
		}
	}
	return values, nil
}

// flatten writes one metric's values down, each under its full name.
func flatten(values map[string]float64, name string, m *dto.Metric) {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	switch {
	case m.GetCounter() != nil:
		values[series(name, labels)] = m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		values[series(name, labels)] = m.GetGauge().GetValue()
	case m.GetUntyped() != nil:
		values[series(name, labels)] = m.GetUntyped().GetValue()
	case m.GetHistogram() != nil:
		h := m.GetHistogram()
		values[series(name+"_sum", labels)], values[series(name+"_count", labels)] = h.GetSampleSum(), float64(h.GetSampleCount())
		for _, b := range h.GetBucket() {
			labels["le"] = number(b.GetUpperBound())
			values[series(name+"_bucket", labels)] = float64(b.GetCumulativeCount())
		}
	case m.GetSummary() != nil:
		s := m.GetSummary()
		values[series(name+"_sum", labels)], values[series(name+"_count", labels)] = s.GetSampleSum(), float64(s.GetSampleCount())
		for _, q := range s.GetQuantile() {
			labels["quantile"] = number(q.GetQuantile())
			values[series(name, labels)] = q.GetValue()
		}
	}
}

func series(name string, labels map[string]string) string {
	if len(labels) == 0 {
		return name
	}
	pairs := make([]string, 0, len(labels))
	for _, l := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, l+"="+strconv.Quote(labels[l]))
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

func number(v float64) string {
	return strconv.FormatFloat(v, 'g', -1, 64) // infinity is +Inf, as Prometheus writes it
}

// Memory is what each node uses now, in bytes, as the engine says; it takes a second or two. A node of which the engine
// says nothing is missing and named by the error.
func (c *Cluster) Memory(ctx context.Context) (map[string]uint64, error) {
	used := map[string]uint64{}
	var mu sync.Mutex
	err := c.eachNode(ctx, func(ctx context.Context, node string) error {
		id, err := c.id(node)
		if err != nil {
			return err
		}
		bytes, err := c.engine.Memory(ctx, id)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		used[node] = bytes
		return nil
	})
	return used, err
}

// CPU is the processor time that each node has used since its container last started. A dead node is missing and named
// by the error; the others' times are good beside it.
func (c *Cluster) CPU(ctx context.Context) (map[string]time.Duration, error) {
	used := map[string]time.Duration{}
	var mu sync.Mutex
	err := c.eachNode(ctx, func(ctx context.Context, node string) error {
		id, err := c.id(node)
		if err != nil {
			return err
		}
		cpu, err := c.engine.CPU(ctx, id)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		used[node] = cpu
		return nil
	})
	return used, err
}
