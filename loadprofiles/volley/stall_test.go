package volley

import (
	"context"
	"testing"
	"time"

	"redpacket/loadprofiles"
)

const (
	stallFor = 200 * time.Millisecond
	// heldUp is how late a generator may be that still tells something about a stall. On a machine that is busier than that
	// the null server and the reading of its answers are as late, by how much nobody counts.
	heldUp = stallFor / 10
)

// calmly measures, again and again while the machine holds the generator up, and skips the test when it always does: then
// nothing was learned, as in a drill whose load was late.
func calmly(t *testing.T, measure func() (late time.Duration)) {
	t.Helper()
	const tries = 5
	var late time.Duration
	for range tries {
		if late = measure(); late <= heldUp {
			return
		}
	}
	t.Skipf("the machine held the generator up by %s, and as much in %d tries", late, tries)
}

// A stall shows in p99 from the owed time, within 5 % of what arithmetic says, and what the generator itself was late.
func TestAStallShowsAsArithmeticSays(t *testing.T) {
	t.Parallel()
	j := job(t, "", nil)
	j.Profile.Curve = loadprofiles.Hold(4000, stallParts*stallFor)
	var s Stalled
	calmly(t, func() time.Duration {
		var err error
		if s, err = Stall(context.Background(), j, stallFor); err != nil {
			t.Fatal(err)
		}
		return s.LateMax
	})
	if off := max(s.Ours-s.Analytic, s.Analytic-s.Ours); off > s.Analytic/20+s.LateMax {
		t.Errorf("p99 is %s, want %s: %+v", s.Ours, s.Analytic, s)
	}
	if s.Stall < stallFor || s.Rate != 4000 || s.Stock <= 0 || s.StockOwed <= 0 || s.Left <= 0 {
		t.Errorf("%+v", s)
	}
}

// The same in journeys of one step, which nothing but the stall holds up: everything leaves all the same.
func TestAStallHoldsUpNoJourney(t *testing.T) {
	t.Parallel()
	j := job(t, "", loadprofiles.Hold(4000, stallParts*stallFor))
	j.Profile.Funnel.Select = 0
	var y loadprofiles.Yield
	var p99, was time.Duration
	calmly(t, func() time.Duration {
		var err error
		if y, p99, was, err = fireStalled(context.Background(), j, stallFor); err != nil {
			t.Fatal(err)
		}
		if y.Clicks.Launched != y.Clicks.Owed || y.Launched != y.Owed {
			t.Errorf("the stall held up the generator: %+v", y)
		}
		return y.LateMax
	})
	want := was - stallParts*stallFor/100
	if off := max(p99-want, want-p99); off > want/20+y.LateMax {
		t.Errorf("p99 is %s, want %s; clicks were up to %s late", p99, want, y.LateMax)
	}
}
