package l5_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/system/l5"
	"redpacket/system/l5/l5test"
	"redpacket/system/pause/pausetest"
)

func TestMemoryIsAStore(t *testing.T) { l5test.Behaves(t, &l5test.Memory{}) }

// quick is rules for tests: a lease holds for half a second.
func quick() l5.Rules {
	r := l5.Drill()
	r.Refresh, r.Lease, r.FileAge = 10*time.Millisecond, 500*time.Millisecond, time.Minute
	return r
}

// listener remembers the last list that it was told, and what was said of trouble.
type listener struct {
	mu    sync.Mutex
	names []string
	said  []string
}

func (l *listener) tell(names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names = slices.Clone(names)
}

func (l *listener) say(format string, a ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, fmt.Sprintf(format, a...))
}

func (l *listener) is(names ...string) func() bool {
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return slices.Equal(l.names, names)
	}
}

// follow runs a directory until the test or stop ends it.
func follow(t *testing.T, d *l5.Directory) (l *listener, stop func()) {
	t.Helper()
	l = &listener{}
	d.Role, d.Tell, d.Said = "ams", l.tell, l.say
	return l, goes(t, d.Run)
}

// announce keeps an instance's lease until the test or stop ends it.
func announce(t *testing.T, s l5.Store, node string) (stop func()) {
	t.Helper()
	return goes(t, func(ctx context.Context) { l5.Announce(ctx, s, quick(), "ams", node) })
}

func goes(t *testing.T, run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

func TestInstancesComeAndGo(t *testing.T) {
	store := &l5test.Memory{}
	l, _ := follow(t, &l5.Directory{Rules: quick(), Store: store})
	one := announce(t, store, "ams-1")
	pausetest.Until(t, "the first", l.is("ams-1"))
	two := announce(t, store, "ams-2")
	pausetest.Until(t, "the second", l.is("ams-1", "ams-2"))
	began := time.Now()
	one()
	pausetest.Until(t, "the first to have left", l.is("ams-2"))
	if took := time.Since(began); took > quick().Lease/2 {
		t.Errorf("one that says goodbye was listed for %s", took)
	}
	two() // the last one that leaves is kept: a list of nobody helps nobody
	if err := store.Lease(t.Context(), "l5.ams.ams-3", []byte("{not json"), time.Minute); err != nil {
		t.Fatal(err)
	}
	pausetest.Until(t, "one that cannot be read, but is there", l.is("ams-3"))
}

// A caller that starts while the store is away, and has no list on disk, begins with whom it was configured with: a store
// that comes back and knows one of them yet takes the other one off only after a lease.
func TestACallerThatStartsWithoutTheStore(t *testing.T) {
	store := &l5test.Memory{}
	store.Die()
	rules := quick()
	l, _ := follow(t, &l5.Directory{Rules: rules, Store: store, Start: []string{"ams-1", "ams-2"}})
	announce(t, store, "ams-1")
	store.Return()
	back := time.Now()
	pausetest.Until(t, "the one that is not there to be off", l.is("ams-1"))
	if took := time.Since(back); took < rules.Lease {
		t.Errorf("an instance that the store did not know was taken off after %s, before a lease was over", took)
	}
}

// TestListSurvivesTheStore: while it is away, and when it returns with nothing, nobody is taken off.
func TestListSurvivesTheStore(t *testing.T) {
	store, d := &l5test.Memory{}, &l5.Directory{Rules: quick()}
	d.Store = store
	l, _ := follow(t, d)
	announce(t, store, "ams-1")
	announce(t, store, "ams-2")
	pausetest.Until(t, "both", l.is("ams-1", "ams-2"))
	store.Die()
	pausetest.Until(t, "the list to be older than a lease", func() bool { return d.Age(time.Now()) > 2*quick().Lease })
	if !l.is("ams-1", "ams-2")() {
		t.Errorf("the store is away, and the list is %v", l.names)
	}
	store.Return()
	pausetest.Until(t, "the list to be fresh", func() bool { return d.Age(time.Now()) < quick().Lease/2 })
	pausetest.Until(t, "the leases", func() bool { held, err := store.Leases(t.Context(), "l5.ams"); return err == nil && len(held) == 2 })
	if !l.is("ams-1", "ams-2")() {
		t.Errorf("the store is back, and the list is %v", l.names)
	}
	if len(l.said) != 1 || !strings.Contains(l.said[0], "ams") || !strings.Contains(l.said[0], l5test.ErrAway.Error()) {
		t.Errorf("said of it: %q, want it once", l.said)
	}
}

func TestListSurvivesTheCaller(t *testing.T) {
	store, file := &l5test.Memory{}, filepath.Join(t.TempDir(), "ams.json")
	l, stop := follow(t, &l5.Directory{Rules: quick(), Store: store, File: file})
	announce(t, store, "ams-1")
	pausetest.Until(t, "the list", l.is("ams-1"))
	pausetest.Until(t, "the file", func() bool { _, err := os.Stat(file); return err == nil })
	stop()
	store.Die()
	d := &l5.Directory{Rules: quick(), Store: store, File: file}
	l, stop = follow(t, d)
	pausetest.Until(t, "the list from the disk", l.is("ams-1"))
	if age := d.Age(time.Now()); age <= 0 || age > 10*time.Second {
		t.Errorf("the list from the disk is %s old", age)
	}
	stop()

	old := quick()
	old.FileAge = time.Nanosecond
	for name, x := range map[string]struct {
		rules l5.Rules
		text  string
		want  string
	}{
		"too old":      {old, "", "is believed"},
		"torn":         {quick(), `{"role":"ams","saved":`, "unexpected end"},
		"another role": {quick(), `{"role":"idip","saved":"2026-01-01T00:00:00Z","nodes":["idip"]}`, `it lists "idip"`},
		"the future":   {quick(), `{"role":"ams","saved":"2226-01-01T00:00:00Z","nodes":["ams-1"]}`, "is believed"},
	} {
		if x.text != "" {
			if err := os.WriteFile(file, []byte(x.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		l, stop := follow(t, &l5.Directory{Rules: x.rules, Store: store, File: file})
		pausetest.Until(t, "it to be said", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return len(l.said) > 0
		})
		stop()
		if !l.is()() || !strings.Contains(l.said[0], x.want) {
			t.Errorf("%s: told %v, said %q", name, l.names, l.said)
		}
	}
}

// TestPeersGoByTheDirectory: the two halves of the package together.
func TestPeersGoByTheDirectory(t *testing.T) {
	store := &l5test.Memory{}
	peers, err := l5.New(quick(), []string{"ams-1", "ams-2"})
	if err != nil {
		t.Fatal(err)
	}
	d := &l5.Directory{Role: "ams", Rules: quick(), Store: store, Tell: peers.List}
	goes(t, d.Run)
	one := announce(t, store, "ams-1")
	announce(t, store, "ams-2")
	takes := func(first, second bool) func() bool {
		return func() bool {
			peers.Step(time.Now())
			return peers.Takes(0) == first && peers.Takes(1) == second
		}
	}
	pausetest.Until(t, "both to be used", takes(true, true))
	one()
	pausetest.Until(t, "the one that leaves to be spared", takes(false, true))
}
