package drills

import (
	"fmt"
	"strings"

	"redpacket/drills/judge"
	"redpacket/drills/playbooks"
	"redpacket/drills/record"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/gray"
)

// meter says how a gauge is made from the metrics of all nodes: all of a name, or those with a label.
type meter struct {
	gauge  record.Gauge
	metric string
	add    func(a, b float64) float64
	label  string // such as part="recommend"; empty: any
	role   string // whose nodes; empty: all
	prefix string // of the nodes' names; empty: any
}

func plus(a, b float64) float64 { return a + b }

func meters() []meter {
	most := func(a, b float64) float64 { return max(a, b) }
	least := func(a, b float64) float64 { return min(a, b) }
	all := []meter{
		{record.QueueWait, "redpacket_queue_wait_seconds", most, "", "", ""},
		{record.Admitted, "redpacket_admitted_share", least, "", "", ""},
		{record.Backlog, "redpacket_backlog", plus, "", "", ""},
		{record.BacklogAge, "redpacket_backlog_age_seconds", most, "", "", ""},
		{record.Unsettled, "redpacket_claims_unsettled", plus, "", "", ""},
		{record.ShardEpoch, "redpacket_shard_epoch", most, "", "", ""},
		{record.ShardOpen, "redpacket_shard_open", least, "", "", ""},
		{record.ShardMode, "redpacket_shard_mode", most, "", "", ""},
		{record.Doors, "redpacket_gslb_healthy", plus, "", "", ""},
		{record.TakenOver, "redpacket_taken_over", most, "", "", ""},
		{record.Granted, "redpacket_grants_total", plus, "", "", ""},
		{record.Delivered, "redpacket_delivered_total", plus, "", "", ""},
		{record.DeliveriesFailed, "redpacket_delivery_failures_total", plus, "", "", ""},
		{record.DeliveredAgain, "redpacket_delivery_repeats_total", plus, "", "", ""},
		{record.ReportsHeard, "redpacket_reports_total", plus, "", "", ""},
		{record.DatagramsLost, "redpacket_datagrams_total", plus, `fate="lost"`, "", ""},
		{record.DegradedBy("recommend"), "redpacket_degraded_total", plus, `part="recommend"`, "", ""},
		{record.DegradedBy("registry"), "redpacket_degraded_total", plus, `part="registry"`, "", ""},
		{record.DegradedBy("sampled"), "redpacket_sampled_total", plus, "", "", ""},
		{record.Watchers, "redpacket_att_journeys_total", plus, "", "", ""},
		{record.CallsOf("ams-light"), "redpacket_answers_total", plus, "", "ams-light", ""},
		{record.CallsOf("ams-heavy"), "redpacket_answers_total", plus, "", "ams-heavy", ""},
		{record.CallsOf("registry"), "redpacket_lookups_total", plus, "", "registry", ""},
		{record.CallsOf("log"), "redpacket_grants_total", plus, "", "ams-heavy", ""},
		{record.CallsOf("log"), "redpacket_repeats_total", plus, "", "ams-heavy", ""},
		{record.AnsweredByNew, "redpacket_answers_total", plus, "", "", gray.Prefix},
		{record.ServedByNew, "redpacket_l5_answered_total", plus, `peer="` + gray.Prefix, "tgw", ""},
		{record.CachedBefore("registry"), "redpacket_listed_total", plus, "", "ams-heavy", ""},
	}
	for _, at := range judge.Writers() {
		all = append(all, meter{record.PoisonedAt(at), "redpacket_poisoned_total", plus, `at="` + at + `"`, "", ""})
	}
	for home := range activity.IDC(activity.IDCs) {
		for door := range activity.IDC(activity.IDCs) {
			all = append(all, meter{record.ArrivedAt(home.String(), door.String()), "redpacket_arrivals_total", plus, fmt.Sprintf("home=%q", home), "tgw", "tgw-" + door.String()})
		}
	}
	for op := range api.Ops {
		all = append(all, meter{record.RequestsOf(op), "redpacket_requests_total", plus, `op="` + op.String() + `"`, "tgw", ""})
	}
	for _, p := range playbooks.All() {
		all = append(all, meter{record.PlaybookActive(p.ID), "redpacket_playbook_active", most, fmt.Sprintf("playbook=%q", p.ID), "", ""})
	}
	return all
}

// gauges reads the metrics that the record keeps. A metric that no node shows is left out.
func (r *run) gauges(samples Samples) map[record.Gauge]float64 {
	byName, values := map[string][]meter{}, map[record.Gauge]float64{}
	for _, m := range meters() {
		byName[m.metric] = append(byName[m.metric], m)
	}
	for node, metrics := range samples {
		known, _ := r.drill.Topology.Node(node)
		for name, v := range metrics {
			for _, f := range families() {
				if gauge, ok := f.reads(name); ok {
					values[gauge] += v
				}
			}
			base, labels, _ := strings.Cut(name, "{")
			for _, m := range byName[base] {
				if (m.role == "" || m.role == known.Role) && strings.HasPrefix(node, m.prefix) && strings.Contains(labels, m.label) {
					m.gather(values, v)
				}
			}
		}
	}
	return values
}

// gather adds what one series of a node shows.
func (m meter) gather(values map[record.Gauge]float64, v float64) {
	if sum, ok := values[m.gauge]; ok {
		v = m.add(sum, v)
	}
	values[m.gauge] = v
}
