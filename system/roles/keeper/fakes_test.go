package keeper

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/config"
	"redpacket/system/grantlog"
)

// fakeLog is a log in memory: compare-and-set by fence, as the real one.
type fakeLog struct {
	last   grantlog.Shard
	said   []grantlog.Shard
	grants []api.Grant
	steal  bool // another keeper announces before the next Announce
}

func (f *fakeLog) Shard(context.Context, string) (grantlog.Shard, error) { return f.last, nil }

func (f *fakeLog) Announce(_ context.Context, s grantlog.Shard) (grantlog.Shard, error) {
	if f.steal {
		f.steal = false
		f.last = grantlog.Shard{IDC: "a", Epoch: f.last.Epoch + 1, Fence: f.last.Fence + 1}
	}
	if s.Fence != f.last.Fence {
		return grantlog.Shard{}, grantlog.ErrFenced
	}
	s.Fence++
	f.last, f.said = s, append(f.said, s)
	return s, nil
}

func (f *fakeLog) Read(context.Context, grantlog.Shard) iter.Seq2[grantlog.Logged, error] {
	return func(yield func(grantlog.Logged, error) bool) {
		yield(grantlog.Logged{Batch: grantlog.Batch{Grants: f.grants}}, nil)
	}
}

// fakeRedis is a node in memory.
type fakeRedis struct {
	sight    cmem.Sight
	dead     bool
	refuse   error // what Install answers
	holds    int
	promoted int
	orders   []string
	marks    []api.Grant
}

var errDead = errors.New("connection refused")

func (f *fakeRedis) Look(context.Context) (cmem.Sight, error) {
	if f.dead {
		return cmem.Sight{}, errDead
	}
	return f.sight, nil
}

func (f *fakeRedis) Promote(context.Context) error {
	f.sight.Follows = ""
	f.promoted++
	return nil
}

func (f *fakeRedis) Follow(_ context.Context, addr string) error {
	f.sight.Follows = addr
	f.orders = append(f.orders, addr)
	return nil
}

func (f *fakeRedis) Install(_ context.Context, _ cmem.Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error {
	if f.refuse != nil || f.dead {
		return errors.Join(f.refuse, errDead)
	}
	f.holds = 0
	for _, err := range grants {
		if err != nil {
			return err
		}
		f.holds++
	}
	f.sight.Epoch = epoch
	return nil
}

func (f *fakeRedis) Mark(_ context.Context, _ cmem.Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error {
	if epoch != f.sight.Epoch {
		return cmem.ErrEpoch
	}
	for g, err := range grants {
		if err != nil {
			return err
		}
		f.marks = append(f.marks, g)
	}
	return nil
}

func (f *fakeRedis) Close() {}

// world is a keeper, two nodes and a log, and the time.
type world struct {
	k    *keeper
	log  *fakeLog
	one  *fakeRedis
	two  *fakeRedis
	now  time.Time
	said []string
}

func newWorld() *world {
	w := &world{log: &fakeLog{last: grantlog.Shard{IDC: "a"}}, now: time.Unix(1000, 0),
		one: &fakeRedis{sight: cmem.Sight{RunID: "r1"}}, two: &fakeRedis{sight: cmem.Sight{RunID: "r2"}}}
	w.keeper()
	return w
}

// keeper starts a keeper that knows nothing yet.
func (w *world) keeper() {
	clock := func() time.Time { return w.now }
	w.k = &keeper{cfg: config.Config{Node: "keeper", IDC: "a", Peers: map[string]string{"cmem-1--cmem-2": "linkd:12", "cmem-2--cmem-1": "linkd:21"}},
		log: w.log, clock: clock, say: func(line string) { w.said = append(w.said, line) }}
	for name, r := range map[string]*fakeRedis{"cmem-1": w.one, "cmem-2": w.two} {
		w.k.nodes = append(w.k.nodes, &node{name: name, store: r, clock: clock})
	}
	slices.SortFunc(w.k.nodes, func(a, b *node) int { return strings.Compare(a.name, b.name) })
}

// pass lets time pass, looking as the real keeper does.
func (w *world) pass(t *testing.T, d time.Duration) {
	t.Helper()
	for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(lookEvery) {
		for _, n := range w.k.nodes {
			n.look(t.Context())
		}
		if err := w.k.once(t.Context()); err != nil {
			w.said = append(w.said, err.Error())
		}
	}
}

// is checks the shard as the log has it, and that Redis agrees when it is open.
func (w *world) is(t *testing.T, epoch uint32, primary string, open bool) {
	t.Helper()
	if got := w.log.last; got.Epoch != epoch || got.Primary != primary || got.Open != open {
		t.Fatalf("the shard is %+v; want epoch %d on %s, open %v\n%s", got, epoch, primary, open, strings.Join(w.said, "\n"))
	}
	if w.k.figures.epoch.Load() != epoch || w.k.figures.open.Load() != open {
		t.Errorf("the metrics say epoch %d, open %v", w.k.figures.epoch.Load(), w.k.figures.open.Load())
	}
}
