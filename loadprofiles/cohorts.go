package loadprofiles

import (
	"redpacket/system/api"
	"redpacket/system/gray"
)

// Cells is how many kinds of answered requests the cohorts tell apart: each cohort's by the old version, or by none, and by the new.
func (p Profile) Cells() int { return 2 * len(p.Cohorts) }

// CellOf is the place among them of the cohort at place cohort (0 …) whose answer the new version gave, or did not.
func CellOf(cohort int, byNew bool) int {
	if byNew {
		return 2*cohort + 1
	}
	return 2 * cohort
}

// CohortOf is the place of each bucket's cohort.
func (p Profile) CohortOf() (places [gray.Buckets]uint8) {
	cohort := 0
	for bucket := range places {
		for cohort < len(p.Cohorts)-1 && bucket >= p.Cohorts[cohort] {
			cohort++
		}
		places[bucket] = uint8(cohort)
	}
	return places
}

// Cohort is the place of a user's cohort; 0 where users are not told apart.
func (p Profile) Cohort(user api.User) int { return int(p.CohortOf()[gray.Bucket(user)]) }
