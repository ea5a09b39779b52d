package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/topology"
)

// Quiet is QT-1: both data centres under half of what they are built for, and nothing happens. Whatever the monitor says then
// is a false alarm.
func Quiet(asked time.Duration) drills.Drill {
	const rate = loadprofiles.Built / 2
	steady := length(asked, 5*time.Minute)
	d := event(drills.Drill{
		ID: "qt-1", Name: "nothing happens, and no alarm says otherwise", Group: "quiet", Scale: 0.1,
		Why:    "alarms that sound while all is well teach people to look away",
		Phases: []drills.Phase{warm(rate), hold("settle", rate, 12*time.Second), hold("steady", rate, steady)},
		Assertions: []judge.Assertion{
			judge.Succeeds{AtLeast: 0.999, In: "steady"},
			judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "steady"},
			judge.Silent{In: "steady", AtLeast: steady},
		},
	})
	d.Topology = topology.TwoIDC()
	return d
}
