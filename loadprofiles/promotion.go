package loadprofiles

import (
	"fmt"
	"time"
)

// Promotion is the part of a load that a promotion brings: pushes, banners, advertisements. The profile's curve is that of
// the users who come when it runs; each of those it brings was shown it some time before.
type Promotion struct {
	// Share is the part of the hits (exposures, or clicks where there is no exposure stage) that are the promotion's, 0 … 1;
	// the others are organic: they come whatever it does. 0: there is no promotion.
	Share float64 `json:",omitempty"`
	// Lag is the longest time from being shown the promotion to coming: until a push has reached everybody, and while a page
	// is looked at. Users come evenly within it.
	Lag time.Duration `json:",omitempty"`
}

// Pushed is the promotion of the event. No source tells its share or its lag: three of four users come by it, and the lag
// is as short as a drill needs it.
var Pushed = Promotion{Share: 0.75, Lag: 10 * time.Second}

// maxLag bounds how long users may take to come.
const maxLag = time.Hour

func (p Promotion) check(name string) error {
	if !(p.Share >= 0 && p.Share <= 1) || p.Lag < 0 || p.Lag > maxLag || p.Share == 0 && p.Lag > 0 {
		return fmt.Errorf("profile %q: a promotion brings %g of the users within %s; want 0 to 1, and 0s to %s", name, p.Share, p.Lag, maxLag)
	}
	return nil
}

// Turn is a promotion's valve being closed or opened, as the users' side heard of it.
type Turn struct {
	At     time.Duration `json:"at"` // since the volley began
	Closed bool          `json:"closed"`
}

// Turns are all that was heard of a valve, in order of time. The first is how it was found, and was before.
type Turns []Turn

// Closed says whether nobody was shown the promotion at a time, which may lie before the volley.
func (t Turns) Closed(at time.Duration) (closed bool) {
	for i, turn := range t {
		if i > 0 && turn.At > at {
			break
		}
		closed = turn.Closed
	}
	return closed
}

// Withheld says whether hit number n (1 …), owed at a time, is one of a user whom the promotion would have brought and who
// was not shown it, for its valve was closed then. It depends on the profile, the seed, n and the turns until that time
// alone, so nobody needs to count what a closed valve keeps away: it can be worked out again.
func (c *Crowd) Withheld(n uint64, owed time.Duration, valve Turns) bool {
	draw := Draw(mix(c.seed ^ mix(n) ^ pushed))
	if draw.Next()>>1 >= c.promoted {
		return false
	}
	lag := time.Duration(float64(draw.Next()>>11) / (1 << 53) * float64(c.lag))
	return valve.Closed(owed - lag)
}

// pushed keeps the draws that say who comes by the promotion, and when he was shown it, apart from the click's own.
const pushed = 0x7075_73686564
