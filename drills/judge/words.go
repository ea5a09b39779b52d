package judge

import (
	"fmt"
	"math"
	"strings"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// Critical is the path that must not break: list, select, claim, receipt. Statics come from the gateway's memory and
// would flatter every figure; they are asked about by name.
func Critical() []api.Op { return []api.Op{api.List, api.Select, api.Claim, api.Receipt} }

// Neighbours is the same path, asked of the neighbour.
func Neighbours() []api.Op {
	var ops []api.Op
	for _, op := range Critical() {
		ops = append(ops, op.Beside())
	}
	return ops
}

func opsOr(ops, otherwise []api.Op) []api.Op {
	if len(ops) == 0 {
		return otherwise
	}
	return ops
}

// everything is longer than any drill, and short enough to be rounded up.
func everything() record.Span { return record.Span{To: math.MaxInt64 / 2} }

func say(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// percent writes a share with as many digits as it needs to be told from 1.
func percent(share float64) string {
	text := strings.TrimRight(fmt.Sprintf("%.3f", share*100), "0")
	return strings.TrimSuffix(text, ".") + " %"
}

func ratio(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func round(d time.Duration) time.Duration {
	if d >= time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

func names(ops []api.Op) string {
	if len(ops) == 0 {
		return "requests"
	}
	var words []string
	for _, op := range ops {
		words = append(words, op.String())
	}
	return strings.Join(words, ", ")
}

// few keeps a list of examples short.
func few(all []string) []string { return all[:min(len(all), 3)] }

// where is a window by its name, or an error that says which there are.
func (c *Case) where(name string) (record.Span, error) {
	if w, ok := c.Record.Window(name); ok {
		return w.Span, nil
	}
	var known []string
	for _, w := range c.Windows {
		known = append(known, w.Name)
	}
	return record.Span{}, fmt.Errorf("the drill had no window %q; it had %s", name, strings.Join(known, ", "))
}

// since is the end of a window, or the moment at which a step or a fault took effect, or at which a fault was healed.
func (c *Case) since(name string) (time.Duration, error) {
	if fault, heal := strings.CutPrefix(name, record.Healing); heal {
		e, ok := c.Record.Event(fault)
		if !ok || e.HealFrom == 0 || e.To < e.HealFrom {
			return 0, fmt.Errorf("%s: it was not healed", fault)
		}
		return e.To, nil
	}
	if e, ok := c.Record.Event(name); ok && e.Track != record.Phase {
		if e.Effective == 0 {
			return 0, fmt.Errorf("%s: no effect was seen", name)
		}
		return e.Effective, nil
	}
	w, err := c.where(name)
	return w.To, err
}
