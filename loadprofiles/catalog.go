package loadprofiles

import (
	"time"

	"redpacket/system/api"
)

// The peaks of the event, in requests per second of the whole event, all ops together.
const (
	Game     = 80_000.0  // what the entry page was designed for
	Estimate = 96_000.0  // E: what was estimated
	Built    = 146_000.0 // what was built: 1.52 E
	Night    = 200_000.0 // what came: 2.08 E
)

// Game80k rises in a quarter of the hold to what the entry page was designed for, and holds it.
func Game80k(hold time.Duration) Profile { return event("game-80k", rise(Game, hold)) }

// Estimate96k rises to the estimate E and holds it.
func Estimate96k(hold time.Duration) Profile { return event("estimate-96k", rise(Estimate, hold)) }

// Built146k rises to what the system is built for and holds it: all of it should be served.
func Built146k(hold time.Duration) Profile { return event("built-146k", rise(Built, hold)) }

// Night200k is the night: half a hold at half of E, a rise within a tenth of a hold to 2.08 E, the hold, and half a
// hold back at half of E, in which a system that recovers must have recovered.
func Night200k(hold time.Duration) Profile {
	calm := Estimate / 2
	return event("night-200k", Then(Hold(calm, hold/2), Ramp(calm, Night, hold/10), Hold(Night, hold), Hold(calm, hold/2)))
}

// Burst is a steady base (requests per second of the whole event) with ten times as much for one second in the middle;
// hold is the length of the base on each side.
func Burst(base float64, hold time.Duration) Profile {
	return event("burst", Then(Hold(base, hold), Hold(10*base, time.Second), Hold(base, hold)))
}

func rise(peak float64, hold time.Duration) Curve {
	return Then(Ramp(peak/10, peak, hold/4), Hold(peak, hold))
}

// event is a curve with the clients of the case studies: impatient after a second, polite, and all after the same few
// gifts: those everybody may take, and the cash packets, of which the last sells out early.
func event(name string, curve Curve) Profile {
	gifts := []api.Gift{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 22, 23}
	return Profile{
		Name:     name,
		Curve:    curve,
		Funnel:   Festival,
		Users:    Population{Size: 50_000_000, Hot: 1000, HotShare: 0.02, GiftSkew: 1.1, Gifts: gifts},
		Retry:    Retry{Most: 2},
		Patience: time.Second,
		Conns:    Conns{Static: 1, Read: 2, Claim: 2},
		LateBy:   100 * time.Millisecond,
	}
}

// Scaled is the profile as a run of this scale fires it: rates and the numbers of users are multiplied, so that a user
// comes back as often as in the event; times and ratios stay. A scale is more than 0.
func (p Profile) Scaled(scale float64) Profile {
	p.Curve = p.Curve.Times(scale)
	p.Users.Size = max(1, uint64(float64(p.Users.Size)*scale))
	p.Users.Hot = min(p.Users.Size, max(1, uint64(float64(p.Users.Hot)*scale)))
	return p
}

// Exposures is the curve of exposures per second that bring these clicks; without an exposure stage, that of the clicks.
func (p Profile) Exposures() Curve { return p.Clicks().Times(p.Funnel.Exposed()) }

// Clicks is the curve of clicks per second that bring the curve's requests when nothing is refused.
func (p Profile) Clicks() Curve { return p.Curve.Times(1 / p.Funnel.PerClick()) }
