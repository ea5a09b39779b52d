package api

import "testing"

func TestOrderHoldsItsParts(t *testing.T) {
	o := OrderOf(65535, 1023, 1<<24-1)
	if o.Activity() != 65535 || o.Gift() != 1023 || o.Index() != 1<<24-1 {
		t.Errorf("got %d/%d/%d", o.Activity(), o.Gift(), o.Index())
	}
}

// Every code has a name of its own, a status, and an outcome; only OK is done.
func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for c := range Codes {
		if seen[c.String()] || c.String() == "?" {
			t.Errorf("code %d: name %q is no name of its own", c, c)
		}
		seen[c.String()] = true
		if (c.Outcome() == Done) != (c.Status() == 200) {
			t.Errorf("%s: outcome %s under status %d", c, c.Outcome(), c.Status())
		}
	}
	if Code(200).Status() != 500 || Code(200).Outcome() != Failed || Code(200).String() != "?" {
		t.Error("a code that does not exist must read as a failure")
	}
}

func TestTagsTravelInWhatTheyTag(t *testing.T) {
	for place := range MostBeside + 1 {
		for _, tagged := range []bool{false, true} {
			g := Gift(1023).In(place, tagged)
			if g.Own() != 1023 || g.Place() != place || g.Tagged() != tagged || g.Untagged() != Gift(1023).In(place, false) || g.In(0, false) != 1023 {
				t.Errorf("gift 1023 in %d, tagged %v: %d of %d, %v", place, tagged, g.Own(), g.Place(), g.Tagged())
			}
		}
	}
	o := OrderOf(ShadowOf(7), 3, 9)
	if !o.Shadow() || o.Real() != OrderOf(7, 3, 9) || o.Real().Shadow() || o.Real().Real() != o.Real() || o.Gift() != 3 || o.Index() != 9 {
		t.Errorf("order %d, real %d", o, o.Real())
	}
	for _, c := range []struct {
		user   User
		tagged bool
		want   bool
	}{{5, false, false}, {User(5).Pressure(), true, false}, {5, true, true}, {User(5).Pressure(), false, true}} {
		if got := Poisoned(c.user, c.tagged); got != c.want {
			t.Errorf("user %d, tagged %v: poisoned %v", c.user, c.tagged, got)
		}
		order := OrderOf(1, 0, 0)
		if c.tagged {
			order = OrderOf(ShadowOf(1), 0, 0)
		}
		if (Grant{Order: order, User: c.user}).Poisoned() != c.want {
			t.Errorf("order %d of user %d", order, c.user)
		}
	}
}

func TestNames(t *testing.T) {
	if Claim.String() != "claim" || Ops.String() != "?" || Ops.Beside().String() != "?" || Claim.Beside().String() != "neighbour's claim" || Claim.Beside().Own() != Claim || Claim.IsBeside() || Doubt.String() != "unknown" || Outcomes.String() != "?" {
		t.Errorf("got %s %s %s %s", Claim, Ops, Doubt, Outcomes)
	}
}
