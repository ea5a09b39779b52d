package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
)

// Smoke takes the whole path, from the click to the ledger, at a small scale that any rig carries.
func Smoke(asked time.Duration) drills.Drill {
	rate := loadprofiles.Estimate / 2
	return event(drills.Drill{
		ID: "sm-1", Name: "the whole path, small", Group: "smoke", Scale: 0.05,
		Why:    "when this fails, no other drill can be believed",
		Phases: []drills.Phase{warm(rate), hold("steady", rate, length(asked, 12*time.Second))},
		Assertions: []judge.Assertion{
			judge.Succeeds{AtLeast: 0.999, In: "steady"},
			judge.AnswersWithin{Quantile: 0.99, Limit: slo, In: "steady"},
			judge.Goodput{In: "steady", AtLeast: 0.9},
		},
	})
}

// SmokeKill is the loss of Redis, small: the shard closes, is rebuilt from the log, and opens.
func SmokeKill(asked time.Duration) drills.Drill {
	d := RedisKilled(asked)
	d.ID, d.Group, d.Scale = "sm-2", "smoke", 0.05
	d.Load.Name = d.ID
	return d
}
