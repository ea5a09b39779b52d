package drills

import (
	"strconv"
	"strings"

	"redpacket/drills/record"
)

// family is metrics that become a gauge for each value of their one label.
type family struct {
	metric, label string
	gauge         func(value string) record.Gauge
}

// reads is the gauge that a metric adds to.
func (f family) reads(name string) (record.Gauge, bool) {
	value, ok := strings.CutPrefix(name, f.metric+"{"+f.label+`="`)
	if !ok {
		return "", false
	}
	value, ok = strings.CutSuffix(value, `"}`)
	return f.gauge(value), ok
}

func families() []family {
	l5 := func(what string) func(string) record.Gauge {
		return func(peer string) record.Gauge { return record.L5(what, peer) }
	}
	return []family{
		{"redpacket_l5_answered_total", "peer", l5(record.L5Calls)},
		{"redpacket_l5_failures_total", "peer", l5(record.L5Calls)},
		{"redpacket_l5_ejections_total", "peer", l5(record.L5Ejections)},
		{"redpacket_l5_reopens_total", "peer", l5(record.L5Reopens)},
		{"redpacket_l5_probes_total", "peer", l5(record.L5Probes)},
		{"redpacket_delivered_total", "game", func(game string) record.Gauge {
			n, _ := strconv.ParseUint(game, 10, 8) // the courier counts its games
			return record.DeliveredIn(uint8(n))
		}},
	}
}
