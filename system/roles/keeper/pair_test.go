package keeper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/config"
	"redpacket/system/grantlog"
	"redpacket/system/money"
	"redpacket/system/pair"
	"redpacket/system/roles/logd"
)

// redis is a node in memory, for several goroutines: who holds which share.
type redis struct {
	mu    sync.Mutex
	sight cmem.Sight
	holds map[api.User]api.Grant
}

func (r *redis) Look(context.Context) (cmem.Sight, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sight, nil
}

func (r *redis) Promote(context.Context) error        { return nil }
func (r *redis) Follow(context.Context, string) error { return nil }
func (r *redis) Close()                               {}

func (r *redis) Install(_ context.Context, stock cmem.Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error {
	holds := map[api.User]api.Grant{}
	for g, err := range grants {
		if err != nil {
			return err
		}
		if foreign := !stock.Part.Has(stock.Activity.Gifts[0], g.Order); foreign && !stock.Marks {
			return fmt.Errorf("%w: order %d", cmem.ErrConflict, g.Order)
		}
		if had, known := holds[g.User]; known && had.Order != g.Order {
			return fmt.Errorf("%w: user %d has orders %d and %d", cmem.ErrConflict, g.User, had.Order, g.Order)
		}
		holds[g.User] = g
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if epoch <= r.sight.Epoch {
		return cmem.ErrEpoch
	}
	r.holds, r.sight.Epoch = holds, epoch
	return nil
}

func (r *redis) Mark(_ context.Context, _ cmem.Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error {
	for g, err := range grants {
		if err != nil {
			return err
		}
		r.mu.Lock()
		if had, known := r.holds[g.User]; epoch != r.sight.Epoch || known && had.Order != g.Order {
			r.mu.Unlock()
			return cmem.ErrConflict
		}
		r.holds[g.User] = g
		r.mu.Unlock()
	}
	return nil
}

// of is what a user holds.
func (r *redis) of(user api.User) api.Grant {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holds[user]
}

// users lists who holds something, in order.
func (r *redis) users() []api.User {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.holds))
}

func (r *redis) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sight.Epoch, r.sight.RunID, r.holds = 0, r.sight.RunID+"'", nil
}

// third is the witness.
type third struct {
	mu     sync.Mutex
	values map[string]string
	revs   map[string]uint64
	away   bool
}

func (w *third) Read(_ context.Context, key string) (string, uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return "", 0, errors.New("the witness is away")
	}
	return w.values[key], w.revs[key], nil
}

func (w *third) CAS(_ context.Context, key, value string, revision uint64) (uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away || w.revs[key] != revision {
		return 0, pair.ErrMoved
	}
	w.values[key], w.revs[key] = value, revision+1
	return revision + 1, nil
}

func (w *third) set(idc, mode string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.values[pair.Key(idc)] = mode
	w.revs[pair.Key(idc)]++
}

func (w *third) is(idc string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.values[pair.Key(idc)]
}

// site is one IDC of the test: a log server, a keeper, a Redis and a spool.
type site struct {
	idc   string
	addr  string
	dir   string
	log   *logd.Server
	redis *redis
	twin  grantlog.Twin
	spool *grantlog.Spool
	k     *keeper
	stop  func()
	batch uint64
	next  uint32
}

// region is two sites and the witness.
type region struct {
	witness *third
	sites   [2]*site
	mu      sync.Mutex
	said    []string
}

func offer() activity.Activity {
	return activity.Activity{ID: 1, Games: 1, Gifts: []activity.Gift{{Shares: 1000, Total: 100_000}}}
}

func newRegion(t *testing.T) *region {
	t.Helper()
	r := &region{witness: &third{values: map[string]string{}, revs: map[string]uint64{}}}
	for i, idc := range []string{"a", "b"} {
		s := &site{idc: idc, dir: t.TempDir(), redis: &redis{sight: cmem.Sight{RunID: idc}}}
		s.start(t, "127.0.0.1:0")
		s.addr = s.log.Addr()
		r.sites[i] = s
	}
	for i, s := range r.sites {
		var err error
		if s.twin, err = grantlog.OpenTwin(s.idc, s.addr, r.sites[1-i].addr); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.twin.Close)
		if s.spool, err = grantlog.OpenSpool(t.TempDir()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.spool.Close() })
		r.keeper(t, s)
	}
	t.Cleanup(func() {
		if t.Failed() {
			r.mu.Lock()
			defer r.mu.Unlock()
			t.Log(strings.Join(r.said, "\n"))
		}
	})
	return r
}

func (s *site) start(t *testing.T, listen string) {
	t.Helper()
	other := map[string]string{"a": "b", "b": "a"}[s.idc]
	var err error
	if s.log, err = logd.Start(logd.Options{Name: "log-" + s.idc, Listen: listen, Data: s.dir, Games: 1, IDC: s.idc, Mirror: other}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.log.Stop)
	if err := s.log.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// keeper starts a keeper that knows nothing yet.
func (r *region) keeper(t *testing.T, s *site) {
	t.Helper()
	part, err := activity.PartOf(s.idc, 2)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Node: "keeper-" + s.idc, IDC: s.idc, Part: part, Activity: offer()}
	twin, err := grantlog.OpenTwin(s.idc, s.addr, r.other(s).addr)
	if err != nil {
		t.Fatal(err)
	}
	other, err := grantlog.Open(s.addr, grantlog.MirrorStream)
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{cfg: cfg, clock: time.Now, orders: make(chan request), say: func(line string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.said = append(r.said, line)
	}}
	d := newDuo(cfg, twin, other, r.witness)
	d.say = func(format string, args ...any) { k.say("keeper " + s.idc + ": " + fmt.Sprintf(format, args...)) }
	k.log, k.duo = d, d
	n := &node{name: "cmem-" + s.idc + "1", store: s.redis, clock: time.Now}
	k.nodes = []*node{n}
	ctx, stop := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() { n.watch(ctx) })
	for i := range d.logs {
		parts.Go(func() { d.watch(ctx, i) })
	}
	parts.Go(func() { k.loop(ctx) })
	s.k, s.stop = k, sync.OnceFunc(func() { stop(); parts.Wait(); twin.Close(); other.Close() })
	t.Cleanup(s.stop)
}

func (r *region) other(s *site) *site {
	if s == r.sites[0] {
		return r.sites[1]
	}
	return r.sites[0]
}

// order tells a keeper to do something.
func (s *site) order(t *testing.T, what command) error {
	t.Helper()
	ask := request{what, make(chan error, 1)}
	select {
	case s.k.orders <- ask:
		return <-ask.done
	case <-time.After(30 * time.Second):
		return errors.New("the keeper does not listen")
	}
}

// shard is what both logs say; a log that is away says what it said last to the watcher.
func (s *site) shard() grantlog.Shard {
	own, mirror := s.k.duo.sights()
	return grantlog.Join(own.said, mirror.said)
}

// eventually waits until ok says so.
func (r *region) eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(60 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("never: %s; a is %+v, b is %+v", what, r.sites[0].shard(), r.sites[1].shard())
		}
	}
}

// in waits until a shard is open in a mode.
func (r *region) in(t *testing.T, s *site, m pair.Mode) {
	t.Helper()
	r.eventually(t, fmt.Sprintf("%s open, %s", s.idc, m), func() bool { now := s.shard(); return now.Open && now.Mode == m })
}

// grant is what an ams does: decide, make durable. It is nil when the user would be told.
func (s *site) grant(t *testing.T, user api.User) error {
	t.Helper()
	now := s.shard()
	if !now.Open {
		return errors.New("closed")
	}
	s.redis.mu.Lock()
	g, known := s.redis.holds[user]
	if !known {
		from, _ := s.k.cfg.Part.Range(1000)
		g = api.Grant{Order: api.OrderOf(1, 0, from+s.next), User: user, Fen: money.Fen(100)}
		s.next++
		s.redis.holds[user] = g
	}
	s.redis.mu.Unlock()
	s.batch++
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return s.twin.Places(s.spool, now).Append(ctx, grantlog.Batch{Epoch: now.Epoch, Writer: "ams-" + s.idc, Number: s.batch, Grants: []api.Grant{g}})
}

// grants insists until the user would be told.
func (r *region) grants(t *testing.T, s *site, users ...api.User) {
	t.Helper()
	for _, user := range users {
		var err error
		r.eventually(t, fmt.Sprintf("a grant to user %d by %s", user, s.idc), func() bool {
			// The writer's own connections know an announcement only once they have seen it.
			_, _ = s.twin.Said(within(t), pair.Own)
			_, _ = s.twin.Said(within(t), pair.Mirror)
			err = s.grant(t, user)
			return err == nil
		})
	}
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
