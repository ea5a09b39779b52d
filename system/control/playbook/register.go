package playbook

import (
	"time"

	"redpacket/system/control"
)

// Register is the playbooks of the event, P1 to P10. P9 is there once a data centre.
func Register() []Playbook {
	return []Playbook{
		{ID: "P1", Name: "sample what is not critical",
			Trigger: Condition{Load, Above, 0.85, 3 * time.Second},
			Action:  control.Settings{SampleOneIn: 10},
			Expect:  Effect{LightCalls, true, 0.5, 5 * time.Second},
			Proof:   "every instance echoes the version; nine of ten users' lists are marked degraded",
			Close:   Condition{Load, Below, 0.6, time.Minute},
			Decides: "the engineer on duty", Automatic: true},
		{ID: "P2", Name: "drop reporting",
			Trigger: Condition{ReportFailures, Above, 0.2, 5 * time.Second},
			Action:  control.Settings{DropReports: true},
			Expect:  Effect{Reports, true, 1, 5 * time.Second},
			Proof:   "every instance echoes the version; no report leaves, and those dropped are counted",
			ByHand:  "see that the collector is healthy for 5 min, and roll back: while nobody sends to it, no metric can tell",
			Close:   Condition{ReportFailures, Below, 0.01, 5 * time.Minute},
			Decides: "the engineer on duty", Automatic: true},
		{ID: "P3", Name: "relieve the stores and the links",
			Trigger: Condition{StoreBytes, Above, 0.7, 5 * time.Second},
			Action:  control.Settings{TrimValues: true, SampleOneIn: 10},
			Expect:  Effect{LightBytes, true, 0.3, 5 * time.Second},
			Proof:   "every instance echoes the version; lists carry no amounts",
			ByHand:  "add cmem nodes: the stores themselves carry claims and receipts alone, which are not trimmed",
			Close:   Condition{StoreBytes, Below, 0.5, 5 * time.Minute},
			Decides: "the engineer on duty", Automatic: true},
		{ID: "P4", Name: "let deliveries wait",
			Trigger: Condition{Backlog, Above, 0.6, 10 * time.Second},
			Action:  control.Settings{CourierShare: 0.5},
			Expect:  Effect{Deliveries, true, 0.4, 5 * time.Second},
			Proof:   "every instance echoes the version; the courier delivers half of each game's limit",
			ByHand:  "nothing has to be spilled: the log is the long-term store; see that its end is not near",
			Close:   Condition{Backlog, Below, 0.1, time.Minute},
			Decides: "the owner of deliveries: the promise of 48 h is spent by it"},
		{ID: "P5", Name: "reconcile and re-issue",
			Trigger: Condition{BacklogAge, Above, 0.8, time.Minute},
			Calls:   Reconcile,
			Expect:  Effect{Differences, true, 1, 10 * time.Minute},
			Proof:   "recon's report: what the ledger lacked is delivered again by order id, and a second pass finds nothing",
			ByHand:  "look at the dead letters: what contradicts itself is not delivered by anybody",
			Close:   Condition{BacklogAge, Below, 0.1, time.Minute},
			Decides: "the owner of deliveries", Automatic: true},
		{ID: "P6", Name: "stop the promotion",
			Trigger: Condition{Load, Above, 0.85, 30 * time.Second}, After: "P1",
			Action:  control.Settings{StopPromotion: true},
			Expect:  Effect{Arrivals, true, 0.6, 15 * time.Second},
			Proof:   "every instance echoes the version; promo shows its valve closed; when the lag of what was shown is over, arrivals are at the organic floor",
			ByHand:  "tell the promotion's owners; pushes that have left cannot be called back, and who saw them still comes",
			Close:   Condition{Load, Below, 0.6, 5 * time.Minute},
			Decides: "the event's owner"},
		{ID: "P7", Name: "spread the users' return",
			Trigger: Condition{Refused, Above, 0.05, 3 * time.Second},
			Action:  control.Settings{SpreadMS: 15_000},
			Expect:  Effect{Refused, true, 0.1, 30 * time.Second},
			Proof:   "every instance echoes the version; refusals ask for a window of 15 s",
			Close:   Condition{Refused, Below, 0.005, 2 * time.Minute},
			Decides: "the engineer on duty", Automatic: true},
		{ID: "P8", Name: "fail to the cheap side",
			Trigger: Condition{LookupFailures, Above, 0.5, 3 * time.Second},
			Action:  control.Settings{CheapOnly: true},
			Expect:  Effect{NewcomerGrants, true, 1, 2 * time.Second},
			Proof:   "every instance echoes the version; gifts for new users are not eligible",
			ByHand:  "see that the registry answers again, and roll back: while nobody asks it, no metric can tell; then the business decides about users who were turned down",
			Close:   Condition{LookupFailures, Below, 0.01, time.Minute},
			Decides: "the engineer on duty", Automatic: true},
		shift("P9a", "a", SuccessA, control.Drained{A: 100}),
		shift("P9b", "b", SuccessB, control.Drained{B: 100}),
		{ID: "P10", Name: "stop issuing",
			Trigger: Condition{Differences, Above, 0.5, time.Second},
			Action:  control.Settings{StopIssuing: true},
			Expect:  Effect{Grants, true, 1, 3 * time.Second},
			Proof:   "every instance echoes the version; no grant is made, claims are closed in friendly words",
			Close:   Condition{Differences, Below, 0.1, time.Minute},
			Decides: "the business; an ams closes by itself while its grants are not durable"},
	}
}

// shift is P9 for one data centre. It stays in people's hands: a gateway that is dead is left by gslb itself, and overload
// is no reason to send everyone to the other.
func shift(id, idc string, success Metric, drained control.Drained) Playbook {
	return Playbook{ID: id, Name: "shift users away from data centre " + idc,
		Trigger: Condition{success, Below, 0.9, 10 * time.Second},
		Action:  control.Settings{Drained: drained},
		Expect:  Effect{Metric("arrivals_" + idc), true, 0.9, time.Minute},
		Proof:   "every instance echoes the version; gslb answers no address of " + idc,
		ByHand:  "if it is dead, have the other one's keeper take its users over, and give them back when it is well; return in steps: roll back, and set drained to 90, 70, 40 and 0 percent, looking after each",
		Close:   Condition{success, Above, 0.99, time.Minute},
		Decides: "the event's owner"}
}
