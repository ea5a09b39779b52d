package activity

import (
	"strings"
	"testing"

	"redpacket/system/api"
)

// platform is the festival with a neighbour, and pressure traffic let in.
func platform() Activity {
	a := Festival(1, 0.001)
	a.Beside, a.Shadow = []Activity{Neighbour(1, 0.001)}, true
	return a
}

// Every gift of a platform has a number of its own, its orders have no other's, and each leads back to the other.
func TestNumbersAndOrdersAreOneToOne(t *testing.T) {
	a := platform()
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	seen, last, n := map[api.Gift]bool{}, api.Order(0), 0
	for number, g := range a.Each() {
		o := a.OrderOf(number, g.Shares-1)
		back, ok := a.Number(o)
		got, there := a.GiftOf(o)
		if sum := Sum(a.AmountsOf(number)); sum != g.Total {
			t.Errorf("gift %d: its shares are %s of %s", number, sum, g.Total)
		}
		if seen[number] || !ok || back != number || !there || got.Name != g.Name || o.Shadow() != number.Tagged() || o < last {
			t.Errorf("gift %d (%q): order %d, back to %d, %v", number, g.Name, o, back, ok)
		}
		seen[number], last = true, o
		n++
	}
	if n != 2*(24+2) {
		t.Errorf("%d gifts", n)
	}
	for _, o := range []api.Order{0, api.OrderOf(3, 0, 0), api.OrderOf(1, 24, 0), api.OrderOf(2, 2, 0), api.OrderOf(1, 1024, 0), api.OrderOf(api.ShadowOf(3), 0, 0)} {
		if number, ok := a.Number(o); ok {
			t.Errorf("order %d is of gift %d", o, number)
		}
	}
	for _, g := range []api.Gift{24, api.Gift(2).In(1, false), api.Gift(0).In(2, false), api.Gift(0).In(2, true)} {
		if _, ok := a.Gift(g); ok {
			t.Errorf("gift %d is there", g)
		}
	}
	if o := a.OrderOf(api.Gift(0).In(9, false), 1); o.Activity() != 0 {
		t.Errorf("an order of activity %d, where there is none", o.Activity())
	}
	a.Shadow = false
	if _, ok := a.Gift(api.Gift(0).In(0, true)); ok || len(a.Offers()) != 2 {
		t.Error("a shadow, where no pressure traffic is let in")
	}
}

func TestPlacesAreFoundByID(t *testing.T) {
	a := platform()
	for id, want := range map[uint16]int{0: 0, 1: 0, 2: 1} {
		if place, ok := a.PlaceOf(id); place != want || !ok {
			t.Errorf("activity %d at %d, %v", id, place, ok)
		}
	}
	if _, ok := a.PlaceOf(3); ok {
		t.Error("there is no activity 3")
	}
}

func TestCheckNamesBadNeighbours(t *testing.T) {
	good := Neighbour(1, 0.001)
	for want, spoil := range map[string]func(a *Activity){
		"activity 1 beside 1":      func(a *Activity) { a.Beside[0].ID = 1 },
		"activity 40000 beside":    func(a *Activity) { a.Beside[0].ID = 40000 },
		"at most 11 games":         func(a *Activity) { a.Beside[0].Games = 12 },
		"nothing beside it":        func(a *Activity) { a.Beside[0].Shadow = true },
		"want at most 31":          func(a *Activity) { a.Beside = make([]Activity, 32) },
		"ids are 1 to 32767":       func(a *Activity) { a.ID = 0 },
		"activity 2: 0 games":      func(a *Activity) { a.Beside[0].Games = 0 },
		"beside 1: it needs an id": func(a *Activity) { a.Beside = []Activity{good, good} },
	} {
		a := platform()
		spoil(&a)
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
}
