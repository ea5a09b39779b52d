package monitor

import (
	"fmt"
	"time"
)

const s = time.Second

// Rules are all alarms there are. Thresholds are above what a healthy night shows and below what hurts; none hangs on
// the datagrams of reports, but those about the reports themselves.
func Rules() []Rule {
	return append(append(append(journeys("a", "P9a"), journeys("b", "P9b")...), business()...), machine()...)
}

// journeys are the alarms of one data centre's synthetic users.
func journeys(idc, shift string) []Rule {
	up := map[string]string{"a": "A", "b": "B"}[idc]
	count := func(outcome string) string {
		return fmt.Sprintf(`sum(increase(redpacket_att_journeys_total{idc=%q,outcome=~%q}[10s]))`, idc, outcome)
	}
	journey := func(outcome string) string {
		return fmt.Sprintf(`redpacket_att_journeys_total{idc=%q,outcome=%q}`, idc, outcome)
	}
	return []Rule{
		{Name: "JourneysFail" + up, Dimension: User, Level: Page, Playbook: shift, Expr: count("unknown|wrong") + " > 2", Within: 6 * s,
			Says: "Users of data centre " + idc + " get no answer, or a wrong one.",
			Bad:  []Change{{journey("wrong"), 0, 1}, {journey("ok"), 0, 0}}},
		{Name: "JourneysShed" + up, Dimension: User, Level: Ticket, Playbook: "P7", Expr: count("shed") + " > 2", Within: 6 * s,
			Says: "Users of data centre " + idc + " are asked to come back later.",
			Bad:  []Change{{journey("shed"), 0, 1}, {journey("ok"), 0, 0}}},
		{Name: "JourneysSlow" + up, Dimension: User, Level: Ticket, Playbook: "P1",
			Expr: fmt.Sprintf(`sum(redpacket_att_step_seconds{idc=%q}) > 0.5`, idc), For: 3 * s, Within: 5 * s,
			Says: "A whole journey in data centre " + idc + " takes more than half a second.",
			Bad:  []Change{{fmt.Sprintf(`redpacket_att_step_seconds{idc=%q,step="claim"}`, idc), 0.6, 0}}},
		{Name: "JourneysStop" + up, Dimension: User, Level: Ticket, Playbook: NoPlaybook, Expr: count(".*") + " < 1", Within: 12 * s,
			Says: "Nobody looks at data centre " + idc + " as a user would: its synthetic users have stopped.",
			Bad:  []Change{{journey("ok"), 0, 0}}},
	}
}

func business() []Rule {
	return append([]Rule{
		{Name: "QueueWait", Dimension: Business, Level: Page, Playbook: "P1", Expr: `max by (idc) (redpacket_queue_wait_seconds{role="tgw"}) > 0.1`,
			For: 2 * s, Within: 4 * s, Says: "Calls wait in line five times as long as admission steers to.",
			Bad: []Change{{`redpacket_queue_wait_seconds{role="tgw",idc="a"}`, 0.2, 0}}},
		{Name: "AdmissionLow", Dimension: Business, Level: Page, Playbook: "P7", Expr: `min by (idc) (redpacket_admitted_share) < 0.9`,
			For: 2 * s, Within: 4 * s, Says: "More than a tenth of the users may not begin a journey.",
			Bad: []Change{{`redpacket_admitted_share{role="tgw",idc="a"}`, -0.5, 0}}},
		{Name: "GrantsStopped", Dimension: Business, Level: Page, Playbook: NoPlaybook,
			Expr: `sum by (idc) (rate(redpacket_requests_total{op="claim",code=~"unknown|busy|closed"}[5s])) > 0.5 ` +
				`unless sum by (idc) (rate(redpacket_grants_total[5s])) > 0 unless sum by (idc) (rate(redpacket_repeats_total{role="ams-heavy"}[5s])) > 0`,
			For: 2 * s, Within: 9 * s, Says: "Claims come and none is granted.",
			Bad: []Change{{`redpacket_grants_total{role="ams-heavy",idc="a"}`, 0, 0}, {`redpacket_repeats_total{role="ams-heavy",idc="a"}`, 0, 0},
				{`redpacket_requests_total{role="tgw",idc="a",op="claim",code="closed"}`, 0, 50}}},
		{Name: "DeliveryLate", Dimension: Business, Level: Ticket, Playbook: "P5", Expr: `max by (idc, game) (redpacket_backlog_age_seconds) > 0.8 * 48 * 3600`,
			For: 5 * s, Within: 7 * s, Says: "A gift waits for its delivery, and four fifths of the promised 48 h are over.",
			Bad: []Change{{`redpacket_backlog_age_seconds{role="courier",idc="a",game="0"}`, 150_000, 1}}},
		{Name: "DeliveryStalled", Dimension: Business, Level: Ticket, Playbook: NoPlaybook,
			Expr: `sum by (idc, game) (redpacket_backlog) > 0 and sum by (idc, game) (rate(redpacket_delivered_total[10s])) == 0`,
			For:  10 * s, Within: 23 * s, Says: "Gifts wait for a game that takes none.",
			Bad: []Change{{`redpacket_delivered_total{role="courier",idc="a",game="0"}`, 0, 0}}},
		{Name: "ClaimsUnsettled", Dimension: Business, Level: Ticket, Playbook: NoPlaybook, Expr: `sum by (idc) (redpacket_claims_unsettled) > 0`,
			For: 3 * s, Within: 5 * s, Says: "It is not certain what became of some claims; their users were told unknown.",
			Bad: []Change{{`redpacket_claims_unsettled{role="ams-heavy",idc="a"}`, 12, 0}}},
		{Name: "ShardClosed", Dimension: Business, Level: Page, Playbook: NoPlaybook, Expr: `min by (idc) (redpacket_shard_open) == 0`,
			Within: 2 * s, Says: "No claim is granted while the shard is closed; the keeper rebuilds it from the log.",
			Bad: []Change{{`redpacket_shard_open{role="keeper",idc="a"}`, -1, 0}}},
		{Name: "InstanceEjected", Dimension: Business, Level: Ticket, Playbook: NoPlaybook, Expr: `max by (idc, peer) (redpacket_l5_state) >= 1`,
			Within: 2 * s, Says: "A caller has taken an instance off its list.",
			Bad: []Change{{`redpacket_l5_state{role="tgw",idc="a",peer="ams-heavy-1"}`, 2, 0}}},
		{Name: "NoInstanceWorks", Dimension: Business, Level: Page, Playbook: NoPlaybook, Expr: `max by (idc, pool) (redpacket_l5_all_tried) == 1`,
			Within: 2 * s, Says: "No instance of a pool of this data centre works, so all of them are tried.",
			Bad: []Change{{`redpacket_l5_all_tried{role="tgw",idc="a",pool="ams-heavy"}`, 1, 0}}},
	}, operations()...)
}

// operations are the alarms on what stands beside the path.
func operations() []Rule {
	return []Rule{
		{Name: "RecommendMissing", Dimension: Business, Level: Ticket, Playbook: NoPlaybook,
			Expr: missing("recommend"), For: s, Within: 8 * s,
			Says: "Lists are shown in the default order: recommend does not answer.",
			Bad:  []Change{{`redpacket_degraded_total{role="ams-light",idc="a",part="recommend"}`, 0, 1}}},
		{Name: "RegistryMissing", Dimension: Business, Level: Page, Playbook: "P8",
			Expr: missing("registry"), For: s, Within: 8 * s,
			Says: "New users are turned down: the registry does not answer, so they count as registered.",
			Bad:  []Change{{`redpacket_degraded_total{role="ams-heavy",idc="a",part="registry"}`, 0, 1}}},
		{Name: "BooksDiffer", Dimension: Business, Level: Page, Playbook: "P10", Expr: `max by (idc, kind) (redpacket_recon_differences) > 0`,
			Within: 2 * s, Says: "The latest reconciliation found money where it should not be, or none where it should.",
			Bad: []Change{{`redpacket_recon_differences{role="recon",idc="a",kind="orphan"}`, 1, 0}}},
		{Name: "SwitchesDiffer", Dimension: Business, Level: Ticket, Playbook: NoPlaybook,
			Expr: `max(redpacket_switches_version) - min(redpacket_switches_version) > 0 or max(redpacket_switches_missing) > 0`,
			For:  5 * s, Within: 7 * s, Says: "Not every process runs with the same switches.",
			Bad: []Change{{`redpacket_switches_version{role="tgw",idc="a"}`, 1, 0}},
			Or:  []Change{{`redpacket_switches_missing{role="zhiyun",idc="a"}`, 1, 0}}},
		{Name: "LogDown", Dimension: Business, Level: Page, Playbook: NoPlaybook, Expr: `up{role="log"} == 0 or redpacket_log_messages == 0`,
			For: 2 * s, Within: 4 * s, Says: "The log of grants does not answer, so nothing can be granted.",
			Bad: []Change{{`redpacket_log_messages{role="log",idc="a"}`, -1060, 0}},
			Or:  []Change{{`up{role="log",idc="a"}`, -1, 0}}},
		{Name: "ControlDown", Dimension: Business, Level: Ticket, Playbook: NoPlaybook, Expr: `up{role="control"} == 0`,
			For: 2 * s, Within: 4 * s, Says: "The control store does not answer: switches are pushed, and lists of instances do not change.",
			Bad: []Change{{`up{role="control",idc="a"}`, -1, 0}}},
		{Name: "ReportsLost", Dimension: Business, Level: Note, Playbook: NoPlaybook, Expr: `sum(increase(redpacket_reports_lost_total[10s])) > 0`,
			Within: 3 * s, Says: "Datagrams of reports are lost on their way; what they told is missing.",
			Bad: []Change{{`redpacket_reports_lost_total{role="report",idc="a"}`, 0, 1}}},
		{Name: "ReportsFail", Dimension: Business, Level: Ticket, Playbook: "P2",
			Expr: `sum(rate(redpacket_reports_failed_total[10s])) > 0.2 * (sum(rate(redpacket_reports_sent_total[10s])) + sum(rate(redpacket_reports_failed_total[10s])))`,
			For:  5 * s, Within: 14 * s, Says: "More than a fifth of the reports cannot be sent.",
			Bad: []Change{{`redpacket_reports_failed_total{role="tgw",idc="a"}`, 0, 1}}},
	}
}

// missing is true when an optional part is named as missing by more than half of the answers that needed it, and by more
// than two in 5 s: its 20 ms are short, and on a busy machine one answer or two come later.
func missing(part string) string {
	return fmt.Sprintf(`sum by (part) (increase(redpacket_degraded_total{part=%q}[5s])) > 2 `+
		`and sum by (part) (increase(redpacket_degraded_total{part=%q}[5s])) > 0.5 * sum by (part) (increase(redpacket_optional_total{part=%q}[5s]))`, part, part, part)
}

func machine() []Rule {
	return []Rule{
		{Name: "TargetDown", Dimension: Machine, Level: Ticket, Playbook: NoPlaybook, Expr: `up == 0`, For: 2 * s, Within: 4 * s,
			Says: "A process does not answer its operators.",
			Bad:  []Change{{`up{role="tgw",idc="a"}`, -1, 0}}},
		{Name: "ProcessRestarted", Dimension: Machine, Level: Ticket, Playbook: NoPlaybook, Expr: `changes(process_start_time_seconds[30s]) > 0`,
			Within: 2 * s, Says: "A process ended and was started again.",
			Bad: []Change{{`process_start_time_seconds{role="tgw",idc="a"}`, 60, 0}}},
		{Name: "ProcessorBusy", Dimension: Machine, Level: Note, Playbook: NoPlaybook, Expr: `rate(process_cpu_seconds_total[5s]) > 0.9`,
			For: 10 * s, Within: 16 * s, Says: "A process uses a whole core.",
			Bad: []Change{{`process_cpu_seconds_total{role="tgw",idc="a"}`, 0, 1.1}}},
		{Name: "MemoryHigh", Dimension: Machine, Level: Ticket, Playbook: NoPlaybook, Expr: `process_resident_memory_bytes > 512 * 1024 * 1024`,
			For: 5 * s, Within: 7 * s, Says: "A process holds more memory than its collector was told to keep to.",
			Bad: []Change{{`process_resident_memory_bytes{role="tgw",idc="a"}`, 600 << 20, 0}}},
		{Name: "DiskFull", Dimension: Machine, Level: Page, Playbook: NoPlaybook, Expr: `redpacket_disk_free_bytes / redpacket_disk_bytes < 0.1`,
			For: 2 * s, Within: 4 * s, Says: "A volume has less than a tenth left; grants are refused when the log or a spool cannot write.",
			Bad: []Change{{`redpacket_disk_free_bytes{role="log",idc="a"}`, -55 << 30, 0}}},
		{Name: "DescriptorsShort", Dimension: Machine, Level: Page, Playbook: NoPlaybook, Expr: `process_open_fds / process_max_fds > 0.8`,
			For: 2 * s, Within: 4 * s, Says: "A process has used four fifths of its descriptors; then it takes no more connections.",
			Bad: []Change{{`process_open_fds{role="tgw",idc="a"}`, 60_000, 0}}},
	}
}

// Steady are the series that the rules read, of a healthy system under a steady load: one of each kind is enough.
func Steady() []Series {
	all := []Series{
		{`redpacket_queue_wait_seconds{role="tgw",idc="a"}`, 0.004, 0},
		{`redpacket_admitted_share{role="tgw",idc="a"}`, 1, 0},
		{`redpacket_requests_total{role="tgw",idc="a",op="claim",code="closed"}`, 0, 0},
		{`redpacket_l5_state{role="tgw",idc="a",peer="ams-heavy-1"}`, 0, 0},
		{`redpacket_l5_all_tried{role="tgw",idc="a",pool="ams-heavy"}`, 0, 0},
		{`redpacket_grants_total{role="ams-heavy",idc="a"}`, 0, 40},
		{`redpacket_repeats_total{role="ams-heavy",idc="a"}`, 0, 3},
		{`redpacket_claims_unsettled{role="ams-heavy",idc="a"}`, 0, 0},
		{`redpacket_shard_open{role="keeper",idc="a"}`, 1, 0},
		{`redpacket_backlog{role="courier",idc="a",game="0"}`, 20, 1},
		{`redpacket_backlog_age_seconds{role="courier",idc="a",game="0"}`, 0.5, 0.5},
		{`redpacket_delivered_total{role="courier",idc="a",game="0"}`, 0, 39},
		{`redpacket_degraded_total{role="ams-light",idc="a",part="recommend"}`, 3, 0},
		{`redpacket_degraded_total{role="ams-heavy",idc="a",part="registry"}`, 0, 0},
		{`redpacket_optional_total{role="ams-light",idc="a",part="recommend",outcome="answered"}`, 0, 1},
		{`redpacket_optional_total{role="ams-heavy",idc="a",part="registry",outcome="answered"}`, 0, 1},
		{`redpacket_recon_differences{role="recon",idc="a",kind="orphan"}`, 0, 0},
		{`redpacket_switches_version{role="tgw",idc="a"}`, 4, 0},
		{`redpacket_switches_version{role="ams-heavy",idc="a"}`, 4, 0},
		{`redpacket_switches_missing{role="zhiyun",idc="a"}`, 0, 0},
		{`redpacket_log_messages{role="log",idc="a"}`, 1000, 1},
		{`redpacket_reports_lost_total{role="report",idc="a"}`, 0, 0},
		{`redpacket_reports_sent_total{role="tgw",idc="a"}`, 0, 1},
		{`redpacket_reports_failed_total{role="tgw",idc="a"}`, 0, 0},
		{`redpacket_disk_free_bytes{role="log",idc="a"}`, 60 << 30, 0},
		{`redpacket_disk_bytes{role="log",idc="a"}`, 100 << 30, 0},
		{`process_start_time_seconds{role="tgw",idc="a"}`, 1000, 0},
		{`process_cpu_seconds_total{role="tgw",idc="a"}`, 0, 0.3},
		{`process_resident_memory_bytes{role="tgw",idc="a"}`, 80 << 20, 0},
		{`process_open_fds{role="tgw",idc="a"}`, 300, 0},
		{`process_max_fds{role="tgw",idc="a"}`, 65536, 0},
	}
	for _, role := range []string{"tgw", "log", "control"} {
		all = append(all, Series{fmt.Sprintf(`up{role=%q,idc="a"}`, role), 1, 0})
	}
	for _, idc := range []string{"a", "b"} {
		for outcome, step := range map[string]float64{"ok": 1, "shed": 0, "unknown": 0, "wrong": 0} {
			all = append(all, Series{fmt.Sprintf(`redpacket_att_journeys_total{idc=%q,outcome=%q}`, idc, outcome), 0, step})
		}
		for _, step := range []string{"static", "list", "select", "claim", "receipt"} {
			all = append(all, Series{fmt.Sprintf(`redpacket_att_step_seconds{idc=%q,step=%q}`, idc, step), 0.01, 0})
		}
	}
	return all
}
