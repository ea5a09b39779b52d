package estimate

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Encode writes the sheet as a file that Parse reads back to the same figures; remarks, one a line, stand at its top.
func (s Sheet) Encode(remarks ...string) ([]byte, error) {
	doc := made(
		"event", text(s.Event),
		"exposures_per_s", s.channels(),
		"click_through", span(s.Click),
		"statics_per_click", span(s.Statics),
		"offline_share", number(s.Offline),
		"steps", made(
			"list_per_click", span(s.Steps.List),
			"select_per_list", span(s.Steps.Select),
			"claim_per_select", span(s.Steps.Claim),
			"win_per_claim", span(s.Steps.Win),
			"receipt_per_win", span(s.Steps.Receipt)),
		"failing_share", number(s.Fail),
		"retries_per_failure", number(s.Retries),
		"built_per_s", number(s.Built),
		"observed_per_s", number(s.Observed),
		"links", s.links(),
		"delivery", made(
			"limit_per_s", number(s.Delivery.Limit),
			"peak", text(s.Delivery.Peak.String()),
			"promise", text(s.Delivery.Promise.String()),
			"bytes", number(s.Delivery.Message),
			"replicas", number(float64(s.Delivery.Replicas))))
	var out bytes.Buffer
	for _, line := range remarks {
		fmt.Fprintf(&out, "# %s\n", strings.ReplaceAll(line, "\n", " "))
	}
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("write the sheet: %w", err)
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("write the sheet: %w", err)
	}
	return out.Bytes(), nil
}

// made is a mapping of keys and values in turn.
func made(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := text(fmt.Sprint(pairs[i])), pairs[i+1].(*yaml.Node)
		n.Content = append(n.Content, key, value)
	}
	return n
}

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// number writes a figure so that it is read back to the last bit.
func number(x float64) *yaml.Node {
	value := strconv.FormatFloat(x, 'f', -1, 64)
	tag := "!!float"
	if !strings.Contains(value, ".") {
		tag = "!!int"
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func span(r Range) *yaml.Node {
	if r.Low == r.Mid && r.Mid == r.High {
		return number(r.Mid)
	}
	n := made("low", number(r.Low), "mid", number(r.Mid), "high", number(r.High))
	n.Style = yaml.FlowStyle
	return n
}

func (s Sheet) channels() *yaml.Node {
	n := made()
	for _, c := range s.Channels {
		n.Content = append(n.Content, text(c.Name), span(c.Exposures))
	}
	return n
}

func (s Sheet) links() *yaml.Node {
	all := &yaml.Node{Kind: yaml.SequenceNode}
	for _, l := range s.Links {
		calls := made()
		for _, c := range l.Calls.named() {
			if *c.value > 0 {
				calls.Content = append(calls.Content, text(c.name), number(*c.value))
			}
		}
		calls.Style = yaml.FlowStyle
		all.Content = append(all.Content, made("to", text(l.To), "from", text(l.From), "calls", calls, "cache_hit", number(l.Hit),
			"instances", number(float64(l.Nodes)), "capacity_per_s", number(l.Capacity), "rt", text(l.RT.String()), "bytes", number(l.Bytes)))
	}
	return all
}
