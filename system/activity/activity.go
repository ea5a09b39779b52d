// Package activity holds the rules of a red packet activity: its gifts, their stock split into shares beforehand, and
// who may take what. It is pure: no clock, no network, no state.
package activity

import (
	"errors"
	"fmt"

	"redpacket/system/api"
	"redpacket/system/money"
)

// Audience says who may take a gift.
type Audience uint8

// The audiences. A user whose registration is not known for certain counts as Registered: the cheap side.
const (
	Anyone   Audience = iota
	NewUsers          // users who are proven not to be registered with the game
)

// Gift is one prize: a stock of shares and the money funded for them.
type Gift struct {
	ID     api.Gift  `json:"id"`
	Name   string    `json:"name"`
	Game   uint8     `json:"game"` // whose delivery interface pays it out; games are numbered from 0
	For    Audience  `json:"for"`
	Shares uint32    `json:"shares"` // 1 … 1<<24
	Total  money.Fen `json:"total_fen"`
	Lucky  bool      `json:"lucky"` // shares of random size; otherwise equal to within one fen
}

// Activity is what users are offered: by itself, and with what else the same platform carries.
type Activity struct {
	ID    uint16 `json:"id"`
	Seed  uint64 `json:"seed"`  // decides every lucky amount
	Games uint8  `json:"games"` // 1 … 64
	Gifts []Gift `json:"gifts"` // Gifts[i].ID == i

	// The platform. Only its first activity has these; see platform.go.
	Beside []Activity `json:"beside,omitempty"` // the neighbours: activities of the same games, each with a stock of its own
	Shadow bool       `json:"shadow,omitempty"` // pressure traffic is let in: each activity has a shadow with the same stock
}

// Servers is how many servers each game offers; they are numbered from 1.
const Servers = 20

// The limits of an activity; they keep orders and packed amounts within their fields.
const (
	MaxShares = 1 << 24
	MaxGifts  = 1 << 10
	MaxGames  = 64
)

// Check returns every mistake in the activity, joined, or nil.
func (a Activity) Check() error {
	var errs []error
	if a.Games < 1 || a.Games > MaxGames {
		errs = append(errs, fmt.Errorf("activity %d: %d games; want 1 to %d", a.ID, a.Games, MaxGames))
	}
	if len(a.Gifts) == 0 || len(a.Gifts) > MaxGifts {
		errs = append(errs, fmt.Errorf("activity %d: %d gifts; want 1 to %d", a.ID, len(a.Gifts), MaxGifts))
	}
	for i, g := range a.Gifts {
		errs = append(errs, g.check(i, a.Games))
	}
	return errors.Join(append(errs, a.checkPlatform())...)
}

func (g Gift) check(place int, games uint8) error {
	switch {
	case int(g.ID) != place:
		return fmt.Errorf("gift %q: id %d stands at place %d; ids must count from 0", g.Name, g.ID, place)
	case g.Game >= games:
		return fmt.Errorf("gift %d %q: game %d of %d", g.ID, g.Name, g.Game, games)
	case g.Shares < 1 || g.Shares > MaxShares:
		return fmt.Errorf("gift %d %q: %d shares; want 1 to %d", g.ID, g.Name, g.Shares, MaxShares)
	case g.Total < money.Fen(g.Shares):
		return fmt.Errorf("gift %d %q: %s for %d shares; a share is at least one fen", g.ID, g.Name, g.Total, g.Shares)
	case g.Total/money.Fen(g.Shares) > 1<<28:
		return fmt.Errorf("gift %d %q: a mean share of more than %s", g.ID, g.Name, money.Fen(1<<28))
	}
	return nil
}

// Funded is the money of all gifts together.
func (a Activity) Funded() money.Fen {
	var sum money.Fen
	for _, g := range a.Gifts {
		sum += g.Total
	}
	return sum
}

// Gift is the gift with this id, of this activity or of the platform's; false when there is none.
func (a *Activity) Gift(id api.Gift) (Gift, bool) {
	gifts := a.Gifts
	if id >= MaxGifts { // it says of which activity
		if gifts = a.elsewhere(id); gifts == nil {
			return Gift{}, false
		}
		id = id.Own()
	}
	if int(id) >= len(gifts) {
		return Gift{}, false
	}
	return gifts[id], true
}

// MayClaim answers whether a user may ask for a gift. newcomer is true only when the user is proven not to be
// registered with the gift's game; when nobody could tell, pass false: the cheap side.
func (a *Activity) MayClaim(id api.Gift, newcomer bool) api.Code {
	g, ok := a.Gift(id)
	switch {
	case !ok:
		return api.NotFound
	case g.For == NewUsers && !newcomer:
		return api.NotEligible
	}
	return api.OK
}
