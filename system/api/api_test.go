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

func TestNames(t *testing.T) {
	if Claim.String() != "claim" || Ops.String() != "?" || Doubt.String() != "unknown" || Outcomes.String() != "?" {
		t.Errorf("got %s %s %s %s", Claim, Ops, Doubt, Outcomes)
	}
}
