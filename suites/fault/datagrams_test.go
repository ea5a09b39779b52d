package fault_test

import (
	"time"

	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/faults/link"
)

// datagrams are the faults of datagrams, on those that tell the collector of reports once a second what was counted. The
// relay's own counts say what was hit.
func datagrams() (cases []faultstest.Case) {
	all := link.Stray{On: "report", Way: link.Requests, Share: 1, Seed: 1}
	half, none := all, all
	half.Share, none.Share = 0.5, 0
	for _, f := range []struct{ hit, miss faults.Fault }{
		{link.Lossy{Stray: all}, link.Lossy{Stray: none}},
		{link.Duplicated{Stray: all}, link.Duplicated{Stray: none}},
		{link.Delayed{Stray: all, By: time.Second}, link.Delayed{Stray: none, By: time.Second}},
		{link.Reordered{Stray: half, By: 1500 * time.Millisecond}, link.Reordered{Stray: none, By: time.Second}},
		{link.OneWay{On: "report", Lost: link.Requests}, link.OneWay{On: "recommend", Lost: link.Requests}},
	} {
		cases = append(cases, faultstest.Case{Fault: f.hit, Miss: f.miss})
	}
	return cases
}
