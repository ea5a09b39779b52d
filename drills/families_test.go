package drills

import (
	"testing"

	"redpacket/drills/record"
)

// What differs in one label becomes a gauge for each value, summed over the nodes.
func TestMetricsWithALabelBecomeGauges(t *testing.T) {
	r := &run{}
	got := r.gauges(Samples{
		"tgw-a": {`redpacket_l5_answered_total{peer="ams-light-1"}`: 7, `redpacket_l5_failures_total{peer="ams-light-1"}`: 2, `redpacket_l5_probes_total{peer="ams-light-1"}`: 3},
		"tgw-b": {`redpacket_l5_answered_total{peer="ams-light-1"}`: 1, `redpacket_l5_ejections_total{peer="ams-light-2"}`: 4, `redpacket_l5_reopens_total{peer="ams-light-2"}`: 5},
		"courier": {`redpacket_delivered_total{game="0"}`: 11, `redpacket_delivered_total{game="10"}`: 12,
			`redpacket_l5_answered_total{other="x"}`: 99},
	})
	for gauge, want := range map[record.Gauge]float64{
		record.L5(record.L5Calls, "ams-light-1"): 10, record.L5(record.L5Probes, "ams-light-1"): 3, record.L5(record.L5Ejections, "ams-light-2"): 4,
		record.L5(record.L5Reopens, "ams-light-2"): 5, record.DeliveredIn(0): 11, record.DeliveredIn(10): 12, record.Delivered: 23,
	} {
		if got[gauge] != want {
			t.Errorf("%s is %g; want %g", gauge, got[gauge], want)
		}
	}
	if v, there := got[record.L5(record.L5Calls, "x")]; there {
		t.Errorf("another label was taken for a peer: %g", v)
	}
}
