package keeper

import (
	"errors"
	"slices"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
)

// fresh is a world whose shard was opened on cmem-1, with cmem-2 following.
func fresh(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	w.pass(t, time.Second)
	w.is(t, 1, "cmem-1", true)
	if w.two.sight.Follows != "linkd:21" || len(w.two.orders) != 1 {
		t.Fatalf("cmem-2 was told to follow %v", w.two.orders)
	}
	if w.k.figures.rebuilds.Load() != 0 || w.k.figures.took.Load() != 0 {
		t.Error("the first filling counts as a rebuild")
	}
	return w
}

func TestFreshShardIsOpenedAndReplicated(t *testing.T) {
	w := fresh(t)
	said := w.log.said
	w.pass(t, 5*time.Second)
	if len(w.log.said) != len(said) || len(said) != 2 || said[0].Open || !said[1].Open {
		t.Errorf("announced %+v; want closed and open, once", w.log.said)
	}
}

func TestNothingIsAnnouncedWithoutANode(t *testing.T) {
	w := newWorld()
	w.one.dead, w.two.dead = true, true
	w.pass(t, 3*time.Second)
	w.is(t, 0, "", false)
	w.two.dead = false
	w.pass(t, time.Second)
	w.is(t, 0, "", false)
	w.pass(t, 2*time.Second)
	w.is(t, 1, "cmem-2", true)
}

func TestAFreshShardIsTheFirstNodesHoweverTheyCame(t *testing.T) {
	w := newWorld()
	w.one.dead = true
	w.pass(t, time.Second)
	w.one.dead = false
	w.pass(t, time.Second)
	w.is(t, 1, "cmem-1", true)
}

func TestDeadPrimaryMovesToTheReplica(t *testing.T) {
	w := fresh(t)
	w.log.grants = []api.Grant{{User: 1}, {User: 2}}
	w.one.dead = true
	w.pass(t, 800*time.Millisecond)
	w.is(t, 1, "cmem-1", true)
	w.pass(t, 700*time.Millisecond)
	w.is(t, 2, "cmem-2", true)
	if w.two.holds != 2 || w.two.sight.Follows != "" || w.k.figures.rebuilds.Load() != 1 {
		t.Errorf("cmem-2 holds %d grants, follows %q; %d rebuilds", w.two.holds, w.two.sight.Follows, w.k.figures.rebuilds.Load())
	}
	w.one.dead, w.one.sight = false, cmem.Sight{RunID: "r1b"}
	w.pass(t, time.Second)
	if w.one.sight.Follows != "linkd:12" {
		t.Errorf("cmem-1 came back and follows %q", w.one.sight.Follows)
	}
	w.is(t, 2, "cmem-2", true)
}

func TestPrimaryThatIsNotTheSame(t *testing.T) {
	for name, hurt := range map[string]func(w *world){
		"was started again, and kept its epoch":  func(w *world) { w.one.sight.RunID = "other" },
		"was started again, and lost its data":   func(w *world) { w.one.sight = cmem.Sight{RunID: "other"} },
		"was emptied":                            func(w *world) { w.one.sight.Epoch = 0 },
		"was made a replica of somebody":         func(w *world) { w.one.sight.Follows = "linkd:99" },
		"is being emptied by an old keeper":      func(w *world) { w.one.sight.Epoch, w.one.sight.Installing = 0, 1 },
		"lost its data while the keeper was off": func(w *world) { w.one.sight.Epoch = 0; w.keeper() },
	} {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			hurt(w)
			w.pass(t, 600*time.Millisecond)
			w.is(t, 2, "cmem-2", true)
		})
	}
}

func TestOnlyThePrimaryMatters(t *testing.T) {
	w := fresh(t)
	w.two.dead = true
	w.pass(t, 3*time.Second)
	w.two.dead, w.two.sight = false, cmem.Sight{RunID: "r2b"}
	w.pass(t, time.Second)
	w.is(t, 1, "cmem-1", true)
	if want := []string{"linkd:21", "linkd:21"}; !slices.Equal(w.two.orders, want) {
		t.Errorf("cmem-2 was told %v", w.two.orders)
	}
}

// TestSleepIsNoLoss: a keeper that did not run for a while has not seen the primary, and that is its own fault.
func TestSleepIsNoLoss(t *testing.T) {
	w := fresh(t)
	w.now = w.now.Add(10 * time.Second)
	if err := w.k.once(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.pass(t, 2*time.Second)
	w.is(t, 1, "cmem-1", true)
}

func TestKeeperStartedLaterTakesOverWhatItFinds(t *testing.T) {
	w := fresh(t)
	w.keeper()
	w.pass(t, 3*time.Second)
	w.is(t, 1, "cmem-1", true)
}

func TestFasterKeeperWins(t *testing.T) {
	w := fresh(t)
	w.one.dead, w.log.steal = true, true
	w.pass(t, 2*time.Second)
	if w.log.last.Epoch != 2 || len(w.log.said) != 2 || w.two.promoted != 0 {
		t.Fatalf("announced %+v after another keeper had; cmem-2 promoted %d times", w.log.said, w.two.promoted)
	}
	for range 30 { // the other keeper makes progress, and is left alone
		w.two.sight.Installing, w.two.sight.Loaded = 2, w.two.sight.Loaded+1
		w.pass(t, lookEvery)
	}
	if w.log.last.Epoch != 2 {
		t.Fatalf("took over from a keeper at work: %+v", w.log.last)
	}
	w.two.sight.Installing = 0
	w.pass(t, takeOver+time.Second)
	w.is(t, 3, "cmem-2", true)
}

func TestFailedFillingIsTriedAgainUnderANewEpoch(t *testing.T) {
	w := fresh(t)
	w.one.dead, w.two.refuse = true, errors.New("out of memory")
	w.pass(t, 2500*time.Millisecond)
	if last := w.log.last; last.Open || last.Epoch < 2 {
		t.Fatalf("the shard is %+v", last)
	}
	failed := w.log.last.Epoch
	w.two.refuse = nil
	w.pass(t, 1500*time.Millisecond)
	w.is(t, failed+1, "cmem-2", true)
	if took := time.Duration(w.k.figures.took.Load()); took < time.Second || w.k.figures.rebuilds.Load() != 1 {
		t.Errorf("one loss is shown as %d rebuilds, the last of %s", w.k.figures.rebuilds.Load(), took)
	}
}

func TestChoose(t *testing.T) {
	one, two := seen{name: "cmem-1", alive: true}, seen{name: "cmem-2", alive: true}
	gone := seen{name: "cmem-2"}
	for _, c := range []struct {
		nodes   []seen
		primary string
		want    string
	}{
		{[]seen{one, two}, "cmem-1", "cmem-2"}, {[]seen{one, two}, "cmem-2", "cmem-1"}, {[]seen{one, two}, "", "cmem-1"},
		{[]seen{one, gone}, "cmem-1", "cmem-1"}, {[]seen{gone}, "cmem-1", ""},
	} {
		if got := choose(c.nodes, c.primary); got != c.want {
			t.Errorf("of %+v, without %q: %q, want %q", c.nodes, c.primary, got, c.want)
		}
	}
}

func TestNodeNames(t *testing.T) {
	peers := map[string]string{"cmem-2": "", "cmem-1": "", "log": "", "cmem-1--cmem-2": ""}
	if got, want := nodeNames(peers), []string{"cmem-1", "cmem-2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

var _ shardLog = single{}
