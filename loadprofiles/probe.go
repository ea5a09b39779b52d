package loadprofiles

import (
	"slices"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
)

// Probe is one claim of a sequence prober: one of a user of its own, who never claimed before. Times are since the drill
// began.
type Probe struct {
	Home     activity.IDC  // where the user is at home
	Sent     time.Duration // when its bytes were on their way; 0: it never left
	Answered time.Duration // when its answer was there; 0: it never was
	Attempt                // Took: until its answer, or until it was given up
}

// Acked says that the claim was acknowledged.
func (p Probe) Acked() bool { return p.Outcome == api.Done }

// Outage is a time in which no probe was acknowledged.
type Outage struct {
	From time.Duration // when the next acknowledgement was due: the one before it, and the time between two probes
	To   time.Duration // the first acknowledgement after it
	Open bool          // there was none; To is when the last probe was given up
}

// Outages are those of at least so long, in order, of probes that leave at an even pace. One of 10 ms tells the length of an
// outage to 10 ms, and as much as an answer takes longer than the one before.
func Outages(probes []Probe, every, atLeast time.Duration) []Outage {
	var acks []time.Duration
	var all []Outage
	end, due := time.Duration(0), time.Duration(-1)
	for _, p := range probes {
		end = max(end, p.Owed+p.Took)
		if due < 0 || p.Owed < due {
			due = p.Owed
		}
		if p.Acked() {
			acks = append(acks, p.Answered)
		}
	}
	slices.Sort(acks)
	for _, at := range acks {
		if at-due >= atLeast {
			all = append(all, Outage{From: due, To: at})
		}
		due = at + every
	}
	if len(probes) > 0 && end-due >= atLeast {
		all = append(all, Outage{From: due, To: end, Open: true})
	}
	return all
}
