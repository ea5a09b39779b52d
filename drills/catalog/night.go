package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// The real night again, as it happened and as it should have: the load rises in 40 s from half of what is built to 2.08 E,
// and the platform has what it is told is the capacity to measure P1's trigger by.
const (
	sampling  = "P1"
	samplesAt = 0.85 // of the capacity, P1's trigger
	offWithin = 120 * time.Second
)

// NightAsPlanned is IR-1: sampling was to begin at the peak that came, 2.08 E, above what is built. The system sheds
// before it, which the drill must show: the finding is a trigger above the capacity.
func NightAsPlanned(asked time.Duration) drills.Drill {
	d := incident(asked, loadprofiles.Night/samplesAt, 10*time.Second)
	d.ID, d.Name = "ir-1", "the night as it was planned: the trigger lies above the capacity"
	d.Why = "a trigger that can only be met when the system is full already is not told from one that helps"
	// Twice what the corrected night may lose; it was 3.3 % at scale 0.2.
	d.Assertions = append(d.Assertions, judge.ShedBefore{Playbook: sampling, AtLeast: 0.02, AtMost: 1, In: "rise"})
	return event(d)
}

// NightCorrected is IR-2: sampling begins at 0.85 of what is built, of itself, before anything is shed, and ends of itself.
func NightCorrected(asked time.Duration) drills.Drill {
	d := incident(asked, loadprofiles.Built, 90*time.Second)
	d.ID, d.Name = "ir-2", "the night corrected: the trigger at 0.85 C"
	d.Why = "the playbook for too many users comes too late, does nothing, or stays when they are gone"
	d.Assertions = append(d.Assertions,
		judge.Triggered{Playbook: sampling, In: "rise", Off: offWithin, After: "night"},
		judge.ShedBefore{Playbook: sampling, AtMost: 0.01, In: "rise"},
		// One in ten users' lists is carried out; selects are sampled with them, eight to ten lists.
		judge.Degraded{Part: "sampled", Op: api.List, From: 0, To: 0, In: "calm"},
		judge.Degraded{Part: "sampled", Op: api.List, From: 0.85, To: 1.8, In: "night"},
		judge.Goodput{In: "night", AtLeast: 0.9 * loadprofiles.Built / loadprofiles.Night},
		judge.RecoversWithin{AtLeast: 0.99, Limit: 30 * time.Second, After: "night"})
	return event(d)
}

// incident is the night's load on a system that takes believed requests/s for its capacity, and a calm time after it.
func incident(asked time.Duration, believed float64, after time.Duration) drills.Drill {
	calm := loadprofiles.Built / 2
	d := drills.Drill{Group: "night", Phases: []drills.Phase{
		warm(calm),
		hold("calm", calm, 6*time.Second),
		{Name: "rise", Curve: loadprofiles.Ramp(calm, loadprofiles.Night, 40*time.Second)},
		hold("night", loadprofiles.Night, length(asked, 15*time.Second)),
		hold("after", 0.3*loadprofiles.Estimate, after),
	}}
	d.Rules.Capacity.Requests = believed
	return d
}
