package loadprofiles

import (
	"fmt"
	"time"

	"redpacket/system/api"
)

// Packages are the offline packages of an app, which hold a page's static parts.
type Packages struct {
	Changes []Package
	// TTL is how long an app trusts what it last knew of its package: of a change, users take notice evenly spread over it.
	TTL time.Duration
}

// Package says that from a time on, since the load began, a share of the users has the package. A larger share is always
// more of the same users.
type Package struct {
	From  time.Duration
	Share float64 // 0 … 1
}

// maxChanges bounds how often packages may change.
const maxChanges = 1000

func (p Packages) check(name string) error {
	if len(p.Changes) > maxChanges || p.TTL < 0 || p.TTL > maxLength {
		return fmt.Errorf("profile %q: %d changes of packages, whose TTL is %s; want at most %d, and 0s to %s", name, len(p.Changes), p.TTL, maxChanges, maxLength)
	}
	for i, c := range p.Changes {
		if !(c.Share >= 0 && c.Share <= 1) || c.From < 0 || c.From > maxLength || i > 0 && c.From <= p.Changes[i-1].From {
			return fmt.Errorf("profile %q: from %s on %g of the users have the offline package; want 0 to 1, in order of time", name, c.From, c.Share)
		}
	}
	return nil
}

// has says whether a user has the package at a time.
func (p Packages) has(user api.User, at time.Duration) bool {
	draw := Draw(mix(uint64(user) ^ packed))
	who, when := draw.Next()>>1, float64(draw.Next()>>11)/(1<<53)
	share := 0.0
	for _, c := range p.Changes {
		noticed := c.From
		if c.From > 0 {
			noticed += time.Duration(when * float64(p.TTL))
		}
		if noticed <= at {
			share = c.Share
		}
	}
	return who < portion(share)
}

// packed keeps the draw that gives packages apart from those of clicks.
const packed = 0x7061_636b6564

// Statics is how many static parts the user of a click asks the system for, when it is owed at a time.
func (c *Crowd) Statics(click Click, owed time.Duration) int {
	if len(c.packages.Changes) > 0 && c.packages.has(click.User, owed) {
		return 0
	}
	return c.statics
}
