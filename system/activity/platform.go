package activity

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"redpacket/system/api"
	"redpacket/system/money"
)

// Offer is one stock of a platform: an activity of it, or its shadow.
type Offer struct {
	Activity          // with the shadow's id if it is one; nothing stands beside it
	Place    int      // of the activity on the platform; 0 is the first
	Base     api.Gift // the number of its gift 0 on the inner links and in the store
}

// Shadowed is the platform that lets pressure traffic in.
func (a Activity) Shadowed() Activity {
	a.Shadow = true
	return a
}

// Offers are the platform's stocks in the order of their ids, which is that of their orders: the activities, then their shadows.
func (a Activity) Offers() []Offer {
	var all []Offer
	for place := range 1 + len(a.Beside) {
		of := a
		if place > 0 {
			of = a.Beside[place-1]
		}
		of.Beside, of.Shadow = nil, false
		all = append(all, Offer{of, place, api.Gift(0).In(place, false)})
		if a.Shadow {
			of.ID = api.ShadowOf(of.ID)
			all = append(all, Offer{of, place, api.Gift(0).In(place, true)})
		}
	}
	slices.SortFunc(all, func(x, y Offer) int { return int(x.ID) - int(y.ID) })
	return all
}

// Each yields every gift of the platform by its number on the inner links and in the store.
func (a Activity) Each() iter.Seq2[api.Gift, Gift] {
	return func(yield func(api.Gift, Gift) bool) {
		for _, o := range a.Offers() {
			for _, g := range o.Gifts {
				if !yield(o.Base+g.ID, g) {
					return
				}
			}
		}
	}
}

// PlaceOf is the place of the activity with an id; 0 names the first one, whatever its id.
func (a *Activity) PlaceOf(id uint16) (int, bool) {
	if id == 0 || id == a.ID {
		return 0, true
	}
	i := slices.IndexFunc(a.Beside, func(b Activity) bool { return b.ID == id })
	return i + 1, i >= 0
}

// elsewhere are the gifts of another activity of the platform, or of a shadow; nil: there is none such.
func (a *Activity) elsewhere(id api.Gift) []Gift {
	place := id.Place()
	switch {
	case id.Tagged() && !a.Shadow, place > len(a.Beside):
		return nil
	case place == 0:
		return a.Gifts
	}
	return a.Beside[place-1].Gifts
}

// OrderOf is the order of a share of one of the platform's gifts, by its number. Of a place where there is no activity it is
// an order of activity 0, which is none's.
func (a *Activity) OrderOf(gift api.Gift, index uint32) api.Order {
	id := a.ID
	if place := gift.Place(); place > len(a.Beside) {
		id = 0
	} else if place > 0 {
		id = a.Beside[place-1].ID
	}
	if gift.Tagged() {
		id = api.ShadowOf(id)
	}
	return api.OrderOf(id, gift.Own(), index)
}

// AmountsOf is the shares of one of the platform's gifts, by its number; none when there is no such gift. A shadow's lucky
// shares are others than those of its activity.
func (a *Activity) AmountsOf(gift api.Gift) []money.Fen {
	g, there := a.Gift(gift)
	if !there {
		return nil
	}
	of := Activity{ID: a.OrderOf(gift, 0).Activity(), Seed: a.Seed}
	if place := gift.Place(); place > 0 {
		of.Seed = a.Beside[place-1].Seed
	}
	return of.Amounts(g)
}

// Number is the number of the gift that an order is of; false when it is of none of the platform's.
func (a *Activity) Number(o api.Order) (api.Gift, bool) {
	place, there := a.PlaceOf(o.Real().Activity())
	if !there || o.Real().Activity() == 0 || o.Gift() >= MaxGifts {
		return 0, false
	}
	number := o.Gift().In(place, o.Shadow())
	_, there = a.Gift(number)
	return number, there
}

// GiftOf is the gift that an order is of; false when it is of none of the platform's.
func (a *Activity) GiftOf(o api.Order) (Gift, bool) {
	number, there := a.Number(o)
	if !there {
		return Gift{}, false
	}
	return a.Gift(number)
}

// checkPlatform holds the neighbours to what makes them neighbours: ids and gifts of their own, the games of all.
func (a Activity) checkPlatform() error {
	var errs []error
	if len(a.Beside) > api.MostBeside {
		errs = append(errs, fmt.Errorf("activity %d: %d beside it; want at most %d", a.ID, len(a.Beside), api.MostBeside))
	}
	if (a.Shadow || len(a.Beside) > 0) && (a.ID == 0 || a.ID != a.ID&(1<<15-1)) {
		errs = append(errs, fmt.Errorf("activity %d: on a platform ids are 1 to %d", a.ID, 1<<15-1))
	}
	seen := map[uint16]bool{a.ID: true}
	for _, b := range a.Beside {
		if b.ID == 0 || b.ID >= 1<<15 || seen[b.ID] || b.Games > a.Games || len(b.Beside) > 0 || b.Shadow {
			errs = append(errs, fmt.Errorf("activity %d beside %d: it needs an id of its own below %d, at most %d games, and nothing beside it", b.ID, a.ID, 1<<15, a.Games))
			continue
		}
		seen[b.ID] = true
		errs = append(errs, b.Check())
	}
	return errors.Join(errs...)
}
