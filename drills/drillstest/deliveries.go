package drillstest

import (
	"time"

	"redpacket/system/api"
)

// granted is a grant, and when its claim was owed.
type granted struct {
	api.Grant
	at time.Duration
}

// delivered is how many orders of each game have been delivered until now: at every moment the first half of the log, as it
// is in the books at the end.
func (s *System) delivered() map[uint8]float64 {
	all := map[uint8]float64{}
	for game := range s.Activity.Games {
		all[game] = 0
	}
	if s.began.IsZero() {
		return all
	}
	now, logged := time.Since(s.began), 0
	for _, g := range s.grants {
		if g.at <= now {
			logged++
		}
	}
	for _, g := range s.grants[:(logged+1)/2] {
		gift, _ := s.Activity.GiftOf(g.Order)
		all[gift.Game]++
	}
	return all
}
