package gslb

import (
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/control"
)

const subnets = 64

// sent is how many of the subnets of a region go to data centre b.
func sent(t *table, region int) (toB int) {
	for i := range subnets {
		toB += t.pick(region, bucketOf(netip.AddrFrom4([4]byte{10, 200, byte(i), 0})))
	}
	return toB
}

func must(t *testing.T, from *table, region string, w Weights) *table {
	t.Helper()
	next, err := from.weigh(region, w)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestWeightsMoveTheShareTheySay(t *testing.T) {
	home := newTable([]string{"a", "b"})
	if sent(home, 0) != 0 || sent(home, 1) != subnets {
		t.Errorf("at home: %d and %d of %d in b", sent(home, 0), sent(home, 1), subnets)
	}
	for _, back := range []int{10, 30, 60, 100} {
		next := must(t, home, "a", Weights{"a": back, "b": 100 - back})
		got, want := float64(sent(next, 0))/subnets, 1-float64(back)/100
		if got < want-0.03 || got > want+0.03 {
			t.Errorf("with %d %% back, %.3f of region a are in b, want %.2f", back, got, want)
		}
		if sent(next, 1) != subnets {
			t.Error("region b moved too")
		}
	}
	all := must(t, home, "", Weights{"b": 1})
	if sent(all, 0) != subnets || sent(all, 1) != subnets {
		t.Error("a drain left somebody in a")
	}
	if sent(home, 0) != 0 {
		t.Error("a change changed the table it came from")
	}
}

// A weight that grows takes users over and sends none away: a staged return moves each user once.
func TestAStagedReturnMovesEachUserOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		less := rapid.IntRange(0, 100).Draw(t, "less")
		more := rapid.IntRange(less, 100).Draw(t, "more")
		bucket := rapid.Uint32().Draw(t, "bucket")
		home := newTable([]string{"a", "b"})
		first, err := home.weigh("a", Weights{"a": less, "b": 100 - less})
		if err != nil {
			t.Fatal(err)
		}
		second, _ := home.weigh("a", Weights{"a": more, "b": 100 - more})
		if first.pick(0, bucket) == 0 && second.pick(0, bucket) != 0 {
			t.Fatalf("bucket %d was sent away from a when its weight grew from %d to %d", bucket, less, more)
		}
	})
}

func TestHealthTakesADataCentreOut(t *testing.T) {
	home := newTable([]string{"a", "b"})
	half := must(t, home, "a", Weights{"a": 1, "b": 1})
	for name, c := range map[string]struct {
		table    *table
		fromA, b int // of region a's and of region b's subnets in b
	}{
		"a is ill: its users go to b":               {home.mark(0, false), subnets, subnets},
		"b is ill: its users go to a":               {home.mark(1, false), 0, 0},
		"a is ill, and had half of its region":      {half.mark(0, false), subnets, subnets},
		"none is healthy: the weights alone decide": {home.mark(0, false).mark(1, false), 0, subnets},
		"a is back": {home.mark(0, false).mark(0, true), 0, subnets},
	} {
		if got := sent(c.table, 0); got != c.fromA {
			t.Errorf("%s: %d of region a in b, want %d", name, got, c.fromA)
		}
		if got := sent(c.table, 1); got != c.b {
			t.Errorf("%s: %d of region b in b, want %d", name, got, c.b)
		}
	}
}

func TestWeightsThatCannotBe(t *testing.T) {
	home := newTable([]string{"a", "b"})
	for _, c := range []struct {
		region string
		w      Weights
	}{{"c", Weights{"a": 1}}, {"a", Weights{"c": 1}}, {"a", Weights{"a": -1}}, {"a", Weights{"a": 1001}}, {"a", nil}, {"", Weights{"a": 0, "b": 0}}} {
		if _, err := home.weigh(c.region, c.w); !errors.Is(err, ErrWeights) {
			t.Errorf("region %q, %v: %v", c.region, c.w, err)
		}
	}
}

func TestAStreakDecides(t *testing.T) {
	s := streak{fall: 3, rise: 2, healthy: true}
	for i, step := range []struct{ ok, healthy bool }{
		{false, true}, {false, true}, {true, true}, {false, true}, {false, true}, {false, false},
		{true, false}, {false, false}, {true, false}, {true, true}, {true, true},
	} {
		if s.note(step.ok); s.healthy != step.healthy {
			t.Fatalf("after probe %d (%v): healthy %v", i+1, step.ok, s.healthy)
		}
	}
}

// What is drained goes to the others, in steps and back, and each step moves each user at most once and one way.
func TestDrainMovesTheShareItSays(t *testing.T) {
	home := newTable([]string{"a", "b"})
	before := sent(home, 0)
	for _, drained := range []uint8{10, 40, 70, 100} {
		next := home.drain(control.Drained{A: drained}.Weight)
		got, want := float64(sent(next, 0))/subnets, float64(drained)/100
		if got < want-0.03 || got > want+0.03 || sent(next, 0) < before || sent(next, 1) != subnets {
			t.Errorf("%d %% drained: %.3f of region a, and %d of %d of region b, are in b", drained, got, sent(next, 1), subnets)
		}
		before = sent(next, 0)
	}
	gone := home.drain(control.Drained{A: 100}.Weight)
	if back := gone.drain(control.Drained{}.Weight); sent(back, 0) != 0 || sent(home, 0) != 0 {
		t.Error("rolled back, and not all are home")
	}
	if ill := gone.mark(1, false); sent(ill, 0) != 0 {
		t.Error("drained towards a data centre that is not healthy: users must still go somewhere")
	}
	if moved := must(t, gone, "", Weights{"a": 100}); sent(moved, 0) != subnets {
		t.Error("weights brought users to a data centre that is drained")
	}
	one := newTable([]string{"a"}).drain(control.Drained{A: 100}.Weight)
	if one.pick(0, 7) != 0 {
		t.Error("the only data centre was drained")
	}
}

func TestRowsKeepTheirSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := newTable([]string{"a", "b", "c"})
		w := Weights{"a": rapid.IntRange(1, MaxWeight).Draw(t, "a"), "b": rapid.IntRange(0, MaxWeight).Draw(t, "b"), "c": rapid.IntRange(0, MaxWeight).Draw(t, "c")}
		weighed, err := from.weigh("", w)
		if err != nil {
			t.Fatal(err)
		}
		next := weighed.drain(func(string) int { return rapid.IntRange(0, 100).Draw(t, "kept") })
		sum := 0
		for i, v := range next.rows[0] {
			if sum += v; v < 0 {
				t.Fatalf("row %v at %d", next.rows[0], i)
			}
		}
		if want := 100 * 100 * (w["a"] + w["b"] + w["c"]); sum != want {
			t.Fatalf("%v kept %v: row %v sums to %d, want %d", w, next.kept, next.rows[0], sum, want)
		}
	})
}
