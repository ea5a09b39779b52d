// Package catalog lists the drills that are kept, in the order in which their groups run them.
package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"redpacket/drills"
)

// All is every drill, with its main phases held for the given time; 0 or less: as long as each drill says itself.
func All(hold time.Duration) []drills.Drill {
	return []drills.Drill{
		Smoke(hold),
		SmokeKill(hold),
		SmokeShift(hold),

		ModelTrue(hold),
		ModelWrong(hold),
		VersionGray(hold),
		PackageMissing(hold),
		TaggedBeside(hold),

		EstimateHeld(hold),
		BuiltHeld(hold),
		RealNight(hold),
		TenfoldBurst(hold),
		RejectsOnly(hold),
		RedisKilled(hold),

		InstanceKilled(hold),
		NodeFlaps(hold),
		NodeSlow(hold),
		PoolDead(hold),
		HalfOpen(hold),
		ControlGone(hold),
		RoomsParted(hold),
		RecommendSilent(hold),
		RecommendFrozen(hold),
		RegistryDead(hold),
		StoreKilled(hold),
		StoreDisabled(hold),
		StoreFrozen(hold),
		StoreUnreachable(hold),
		ColdRestart(hold),
		GameSlow(hold),
		ReplyLost(hold),
		LogDown(hold),
		SpoolFull(hold),
		ReportDead(hold),
		ReportsLost(hold),
		LedgerErrors(hold),
		CrashBetweenSteps(hold),
		ClockWrong(hold),
		PressedWithoutStore(hold),
		RoomMissesPlan(hold),
		PromotionStopped(hold),
		NeighbourUnhurt(hold),

		IDCDead(hold),
		IDCSecluded(hold),
		IDCParted(hold),
		StoreLost(hold),
		LogLost(hold),
		LedgerLost(hold),
		ControlLost(hold),
		StoreAndLogLost(hold),
		IDCGone(hold),

		NightAsPlanned(hold),
		NightCorrected(hold),

		Quiet(hold),
	}
}

// Groups are the names of the groups, in the order of a rehearsal.
func Groups() []string {
	var groups []string
	for _, d := range All(0) {
		if !slices.Contains(groups, d.Group) {
			groups = append(groups, d.Group)
		}
	}
	return groups
}

// Find returns the drill of an id, or all drills of a group. The error names what there is.
func Find(name string, hold time.Duration) ([]drills.Drill, error) {
	var found []drills.Drill
	var known []string
	for _, d := range All(hold) {
		if d.ID == name || d.Group == name {
			found = append(found, d)
		}
		known = append(known, d.ID)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no drill or group is called %q; the drills are %s, the groups %s", name,
			strings.Join(known, ", "), strings.Join(Groups(), ", "))
	}
	return found, nil
}

// length is what the caller asked for, or the drill's own.
func length(hold, own time.Duration) time.Duration {
	if hold > 0 {
		return hold
	}
	return own
}
