package drills

import (
	"testing"
	"time"
)

// Too little success breaks a rule when it lasts, when no fault is there or was there lately, and when the load was on time.
func TestTooLittleSuccessHasItsExcuses(t *testing.T) {
	const second = time.Second
	rule := SuccessBelow{Share: 0.5, For: 3 * second, Grace: 2 * second}
	bad := Progress{Answered: 100, Succeeded: 49}
	late := bad
	late.Late = 200 * time.Millisecond
	good := Progress{Answered: 100, Succeeded: 51}
	for name, c := range map[string]struct {
		ticks          []Progress // one a second
		hurt, healedAt time.Duration
		want           bool
	}{
		"it lasts":                          {[]Progress{bad, bad, bad}, 0, 0, true},
		"it lasts, after better times":      {[]Progress{good, good, bad, bad, bad}, 0, 0, true},
		"it has just begun":                 {[]Progress{bad, bad}, 0, 0, false},
		"it is enough on the whole":         {[]Progress{bad, good, good}, 0, 0, false},
		"nobody was answered":               {[]Progress{{}, {}, {}}, 0, 0, false},
		"a fault is there":                  {[]Progress{bad, bad, bad, bad}, second, 0, false},
		"a fault was there lately":          {[]Progress{bad, bad, bad, bad}, second, 2 * second, false},
		"a fault was there long ago":        {[]Progress{bad, bad, bad, bad, bad, bad, bad}, second, 2 * second, true},
		"the load was late":                 {[]Progress{late, late, late}, 0, 0, false},
		"the load was late in the end":      {[]Progress{bad, bad, late}, 0, 0, false},
		"the load was late, and is no more": {[]Progress{late, bad, bad, bad}, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			var g guards
			for i, p := range c.ticks {
				p.At = time.Duration(i+1) * second
				switch p.At {
				case c.hurt:
					g.hurt(+1, p.At)
				case c.healedAt:
					g.hurt(-1, p.At)
				}
				g.hear(p)
			}
			if broken, why := g.ask([]AbortRule{rule}, ""); (broken != nil) != c.want {
				t.Errorf("%q; want it broken: %v", why, c.want)
			}
		})
	}
}
