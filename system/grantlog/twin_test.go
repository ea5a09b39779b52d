package grantlog_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"redpacket/system/grantlog"
	"redpacket/system/pair"
	"redpacket/system/pause/pausetest"
	"redpacket/system/roles/logd"
)

// idcs are two log servers, a and b, and a's twin of logs: in a, and mirrored in b.
type idcs struct {
	twin    grantlog.Twin
	a, b    *logd.Server
	dirs    [2]string
	toB     *link // what leads from a to b
	spool   *grantlog.Spool
	decided int
}

func startIDC(t *testing.T, dir, listen, idc string) *logd.Server {
	t.Helper()
	mirror := map[string]string{"a": "b", "b": "a"}[idc]
	s, err := logd.Start(logd.Options{Name: "log-" + idc, Listen: listen, Data: dir, Games: 3, IDC: idc, Mirror: mirror})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func newIDCs(t *testing.T) *idcs {
	t.Helper()
	p := &idcs{dirs: [2]string{t.TempDir(), t.TempDir()}}
	p.a, p.b = startIDC(t, p.dirs[0], "127.0.0.1:0", "a"), startIDC(t, p.dirs[1], "127.0.0.1:0", "b")
	p.toB = newLink(t, p.b.Addr())
	var err error
	if p.twin, err = grantlog.OpenTwin("a", p.a.Addr(), p.toB.addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.twin.Close)
	if p.spool, err = grantlog.OpenSpool(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.spool.Close() })
	return p
}

// look is the shard by both logs.
func (p *idcs) look(t *testing.T) grantlog.Shard {
	t.Helper()
	own, err := p.twin.Said(t.Context(), pair.Own)
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := p.twin.Said(t.Context(), pair.Mirror)
	if err != nil {
		t.Fatal(err)
	}
	return grantlog.Join(own, mirror)
}

// say announces in some of the logs, and returns the shard with the new fences.
func (p *idcs) say(t *testing.T, s grantlog.Shard, where pair.Places) grantlog.Shard {
	t.Helper()
	p.decided++
	s.By, s.Primary = fmt.Sprintf("decision-%d-%p", p.decided, p), "cmem-a1"
	if where.Has(pair.Mirror) {
		m := s
		m.Fence = s.Mirror
		s.Mirror = announce(t, p.twin.Mirror, m).Fence
	}
	if where.Has(pair.Own) {
		s.Fence = announce(t, p.twin.Own, s).Fence
	}
	return s
}

// open opens the shard in a mode.
func (p *idcs) open(t *testing.T, epoch uint32, m pair.Mode) grantlog.Shard {
	t.Helper()
	s := p.look(t)
	s.Epoch, s.Open, s.Mode = epoch, true, m
	return p.say(t, s, m.Needs()&(pair.Own|pair.Mirror))
}

// has is the numbers of the batches in a log, in order.
func has(t *testing.T, l *grantlog.Log, void grantlog.Seqs) (numbers []uint64) {
	t.Helper()
	for b, err := range l.ReadBelieved(t.Context(), void) {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, b.Number)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func (p *idcs) are(t *testing.T, own, mirror []uint64, void grantlog.Seqs) {
	t.Helper()
	if got := has(t, p.twin.Own, ""); !slices.Equal(got, own) {
		t.Errorf("the own log has batches %v; want %v", got, own)
	}
	if got := has(t, p.twin.Mirror, void); !slices.Equal(got, mirror) {
		t.Errorf("the mirror has batches %v; want %v", got, mirror)
	}
}

func (p *idcs) append(t *testing.T, s grantlog.Shard, b grantlog.Batch) error {
	t.Helper()
	return p.twin.Places(p.spool, s).Append(within(t, 3*time.Second), b)
}

func TestMirroredNeedsBothLogs(t *testing.T) {
	t.Parallel()
	p := newIDCs(t)
	s := p.open(t, 1, pair.Mirrored)
	if got := p.look(t); got != s || !got.Open {
		t.Fatalf("announced %+v, seen %+v", s, got)
	}
	if err := p.append(t, s, batch("w", 1, 5)); err != nil {
		t.Fatal(err)
	}
	p.are(t, []uint64{1}, []uint64{1}, "")

	// b says that the users are taken: a batch of the old announcement is in no log, and the shard is closed by one of them.
	taken := s
	taken.Mode, taken.Open, taken.Epoch = pair.Taken, false, 2
	p.say(t, taken, pair.Mirror)
	if err := p.append(t, s, batch("w", 2, 5)); !errors.Is(err, grantlog.ErrNowhere) || !errors.Is(err, grantlog.ErrFenced) {
		t.Errorf("behind a take-over: %v", err)
	}
	p.are(t, []uint64{1}, []uint64{1}, "")
	if got := p.look(t); got.Open || got.Mode != pair.Taken || got.Epoch != 2 {
		t.Errorf("taken, and seen as %+v", got)
	}
}

func TestTheMirrorIsAway(t *testing.T) {
	t.Parallel()
	p := newIDCs(t)
	s := p.open(t, 1, pair.Mirrored)
	addr := p.b.Addr()
	p.b.Stop()
	pausetest.Until(t, "unhealthy", func() bool { return p.twin.Healthy(pair.Mirrored) != nil })
	if err := p.append(t, s, batch("w", 1, 5)); !errors.Is(err, grantlog.ErrNowhere) {
		t.Errorf("without the mirror: %v", err)
	}
	alone := s
	alone.Mode = pair.Alone
	s = p.say(t, alone, pair.Own)
	if err := p.append(t, s, batch("w", 2, 5)); err != nil {
		t.Fatal("alone:", err)
	}
	startIDC(t, p.dirs[1], addr, "b")
	pausetest.Until(t, "back", func() bool { return p.twin.Healthy(pair.Mirrored) == nil })
	p.are(t, []uint64{2}, nil, "")
	s = p.look(t)
	if !s.Open || s.Mode != pair.Alone {
		t.Fatalf("seen %+v", s)
	}
	if n, err := p.twin.CopyTo(t.Context(), pair.Mirror, s); n != 1 || err != nil {
		t.Errorf("copied %d, %v", n, err)
	}
	if n, err := p.twin.CopyTo(t.Context(), pair.Mirror, s); n != 0 || err != nil {
		t.Errorf("copied %d more, %v", n, err)
	}
	p.are(t, []uint64{2}, []uint64{2}, "")
}

// The own log is away in the middle: the batch is in the mirror, so it is neither durable nor given back, until the mode
// says that spool and mirror are enough.
func TestTheOwnLogIsAway(t *testing.T) {
	t.Parallel()
	p := newIDCs(t)
	s := p.open(t, 1, pair.Mirrored)
	addr := p.a.Addr()
	p.a.Stop()
	pausetest.Until(t, "unhealthy", func() bool { return p.twin.Own.Healthy() != nil })
	b := batch("w", 1, 5)
	if err := p.append(t, s, b); !errors.Is(err, grantlog.ErrDoubt) || errors.Is(err, grantlog.ErrNowhere) {
		t.Fatalf("without the own log: %v", err)
	}
	leaning := s
	leaning.Mode = pair.Leaning
	lean := p.say(t, leaning, pair.Mirror)
	// Behind the old announcement it cannot be published any more; but it is in.
	if err := p.twin.Mirror.Publish(t.Context(), s.Mirror, b); err != nil {
		t.Errorf("asked again behind the old announcement: %v", err)
	}
	if err := p.twin.Places(p.spool, lean).Again(t.Context(), b); err != nil {
		t.Errorf("leaning: %v", err)
	}
	if err := p.append(t, lean, batch("w", 2, 5)); err != nil {
		t.Errorf("leaning, the next: %v", err)
	}
	startIDC(t, p.dirs[0], addr, "a")
	pausetest.Until(t, "back", func() bool { return p.twin.Healthy(pair.Mirrored) == nil })
	s = p.look(t)
	if !s.Open || s.Mode != pair.Leaning {
		t.Fatalf("seen %+v", s)
	}
	s.Mode, s.Open = pair.Refilling, false
	s = p.say(t, s, pair.Own|pair.Mirror)
	s, err := p.twin.Level(t.Context(), s)
	if err != nil || s.Even.Own == 0 || s.Even.Mirror == 0 {
		t.Fatalf("level: %+v, %v", s, err)
	}
	p.are(t, []uint64{1, 2}, []uint64{1, 2}, "")
}

// The mirror's answer is lost, the shard goes on alone, and is rebuilt without the batch; when the mirror comes back it
// must not be believed. One of the epoch that goes on must be.
func TestWhatTheMirrorAloneHas(t *testing.T) {
	t.Parallel()
	for epoch, name := range map[uint32]string{1: "of this epoch", 2: "of an older one"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDCs(t)
			s := p.open(t, 1, pair.Mirrored)
			p.toB.down.Store(true)
			if err := p.twin.Places(p.spool, s).Append(within(t, 200*time.Millisecond), batch("w", 1, 5)); !errors.Is(err, grantlog.ErrDoubt) {
				t.Fatalf("unheard: %v", err)
			}
			p.toB.cut()
			s.Epoch, s.Mode = epoch, pair.Alone
			s = p.say(t, s, pair.Own)
			if err := p.append(t, s, batch("w", 2, 5)); err != nil {
				t.Fatal(err)
			}
			s.Mode, s.Open = pair.Rejoining, false
			s = p.say(t, s, pair.Mirror|pair.Own)
			s, err := p.twin.Level(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if epoch == 1 {
				p.are(t, []uint64{1, 2}, []uint64{1, 2}, s.Void)
			} else {
				p.are(t, []uint64{2}, []uint64{2}, s.Void)
			}
			s.Mode, s.Open = pair.Mirrored, true
			s = p.say(t, s, pair.Mirror|pair.Own)
			if got := p.look(t); got != s {
				t.Errorf("announced %+v, seen %+v", s, got)
			}
			again, err := p.twin.Level(t.Context(), s)
			if err != nil || again.Void != s.Void || len(again.Void.List()) != int(epoch)-1 {
				t.Errorf("level again: void %v, then %v, %v", s.Void.List(), again.Void.List(), err)
			}
			if got := p.truth(t, s); !slices.Contains(got, 2) || slices.Contains(got, 1) != (epoch == 1) {
				t.Errorf("the truth is %v", got)
			}
		})
	}
}

func (p *idcs) truth(t *testing.T, s grantlog.Shard) (numbers []uint64) {
	t.Helper()
	for b, err := range p.twin.Truth(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, b.Number)
	}
	return numbers
}

func TestWatchHearsBothLogs(t *testing.T) {
	t.Parallel()
	p := newIDCs(t)
	seen := make(chan grantlog.Shard, 64)
	go func() { _ = p.twin.Watch(t.Context(), "a", func(s grantlog.Shard) { seen <- s }) }()
	want := p.open(t, 1, pair.Mirrored)
	wait := func(what string, ok func(grantlog.Shard) bool) {
		for ctx := within(t, 10*time.Second); ; {
			select {
			case s := <-seen:
				if ok(s) {
					return
				}
			case <-ctx.Done():
				t.Fatalf("never: %s", what)
			}
		}
	}
	wait("open", func(s grantlog.Shard) bool { return s == want })
	p.b.Stop()
	want.Mode = pair.Alone
	want = p.say(t, want, pair.Own)
	wait("alone", func(s grantlog.Shard) bool { return s.Open && s.Mode == pair.Alone && s.Fence == want.Fence })
}
