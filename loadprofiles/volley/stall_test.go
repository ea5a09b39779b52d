package volley

import (
	"context"
	"testing"
	"time"

	"redpacket/loadprofiles"
)

// A stall shows in p99 from the owed time, within 5 % of what arithmetic says, and what the generator itself was late.
func TestAStallShowsAsArithmeticSays(t *testing.T) {
	t.Parallel()
	const long = 200 * time.Millisecond
	j := job(t, "", nil)
	j.Profile.Curve = loadprofiles.Hold(4000, stallParts*long)
	s, err := Stall(context.Background(), j, long)
	if err != nil {
		t.Fatal(err)
	}
	if off := max(s.Ours-s.Analytic, s.Analytic-s.Ours); off > s.Analytic/20+s.LateMax {
		t.Errorf("p99 is %s, want %s: %+v", s.Ours, s.Analytic, s)
	}
	if s.Stall < long || s.Rate != 4000 || s.Stock <= 0 || s.StockOwed <= 0 || s.Left <= 0 {
		t.Errorf("%+v", s)
	}
}

// The same in journeys of one step, which nothing but the stall holds up: everything leaves all the same.
func TestAStallHoldsUpNoJourney(t *testing.T) {
	t.Parallel()
	const long = 200 * time.Millisecond
	j := job(t, "", loadprofiles.Hold(4000, stallParts*long))
	j.Profile.Funnel.Select = 0
	y, p99, was, err := fireStalled(context.Background(), j, long)
	if err != nil {
		t.Fatal(err)
	}
	want := was - stallParts*long/100
	if off := max(p99-want, want-p99); off > want/20+y.LateMax {
		t.Errorf("p99 is %s, want %s; clicks were up to %s late", p99, want, y.LateMax)
	}
	if y.Clicks.Launched != y.Clicks.Owed || y.Launched != y.Owed {
		t.Errorf("the stall held up the generator: %+v", y)
	}
}
