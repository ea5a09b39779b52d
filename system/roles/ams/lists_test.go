package ams

import (
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/optional"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire"
)

func lighted(t *testing.T, recommend *part, within time.Duration) *light {
	t.Helper()
	l := newLight(config.Config{Node: "ams-light-1", Activity: activity.Festival(1, 0.001), Rules: config.Default()}, since(time.Now()))
	if recommend != nil {
		l.lists.dial(t.Context(), []string{recommend.addr}, within)
		pausetest.Until(t, "a link to recommend", func() bool { return l.lists.asker.Ask(nil) })
	}
	return l
}

// show has one batch of lists answered, and returns what their users heard.
func show(t *testing.T, l *light, n int) []wire.Reply {
	t.Helper()
	e := &ear{}
	var batch []waiting
	for i := range n {
		batch = append(batch, waiting{call: wire.Call{ID: uint64(i), Op: api.List, User: api.User(i + 1)}, from: e, at: l.now()})
	}
	if reads := l.answer(batch, nil); len(reads) != 0 {
		t.Fatalf("%d lists were taken for receipts", len(reads))
	}
	l.pump.out.send()
	pausetest.Until(t, "every list", func() bool { return len(e.codes()) == n })
	return e.heard
}

type shown struct {
	Code     string
	Degraded []string
	Gifts    []api.Gift
	Fen      []int64
}

func read(t *testing.T, r wire.Reply) (s shown) {
	t.Helper()
	if err := json.Unmarshal(r.Body, &s); err != nil || s.Code != "ok" || r.Code != api.OK || len(s.Gifts) != len(s.Fen) || len(s.Gifts) != 24 {
		t.Fatalf("%s %s: %v", r.Code, r.Body, err)
	}
	return s
}

// tasteful is recommend.
func tasteful(a activity.Activity) func(wire.Call) (wire.Reply, bool) {
	return func(c wire.Call) (wire.Reply, bool) {
		return wire.Reply{Code: api.OK, Body: strconv.AppendInt(nil, int64(a.TasteOf(c.User)), 10)}, true
	}
}

func TestListsAreInTheRecommendedOrder(t *testing.T) {
	a := activity.Festival(1, 0.001)
	l := lighted(t, startPart(t, tasteful(a)), unhurried)
	for _, r := range show(t, l, 200) {
		s := read(t, r)
		for i, g := range a.Ordered(a.TasteOf(api.User(r.ID + 1))) {
			if s.Gifts[i] != g.ID || s.Fen[i] != int64(g.Total)/int64(g.Shares) || s.Degraded != nil {
				t.Fatalf("user %d is shown %s", r.ID+1, r.Body)
			}
		}
	}
	if l.lists.doubted.Load() != 0 {
		t.Errorf("%d lists are counted as degraded", l.lists.doubted.Load())
	}
}

// However recommend fails, the list is there, in the default order, and says what is missing. Its wait is no queue.
func TestListsWithoutRecommendAreTheDefaultAndSaySo(t *testing.T) {
	dead := startPart(t, tasteful(activity.Festival(1, 0.001)))
	for name, l := range map[string]*light{
		"silent":               lighted(t, startPart(t, func(wire.Call) (wire.Reply, bool) { return wire.Reply{}, false }), optional.Deadline),
		"busy":                 lighted(t, startPart(t, func(wire.Call) (wire.Reply, bool) { return wire.Reply{Code: api.Busy}, true }), optional.Deadline),
		"nonsense":             lighted(t, startPart(t, func(wire.Call) (wire.Reply, bool) { return wire.Reply{Code: api.OK, Body: []byte("first")}, true }), optional.Deadline),
		"a taste that is none": lighted(t, startPart(t, func(wire.Call) (wire.Reply, bool) { return wire.Reply{Code: api.OK, Body: []byte("32")}, true }), optional.Deadline),
		"dead":                 lighted(t, dead, optional.Deadline),
	} {
		if name == "dead" {
			dead.stop()
			pausetest.Until(t, "the end of the link", func() bool { return !l.lists.asker.Ask(nil) })
		}
		for _, r := range show(t, l, 20) {
			s := read(t, r)
			if !slices.Equal(s.Degraded, []string{"recommend"}) || !slices.IsSorted(s.Gifts) {
				t.Fatalf("%s: shown %s", name, r.Body)
			}
			if r.Queued > 15_000 {
				t.Errorf("%s: the gateway is told of %d µs in line", name, r.Queued)
			}
		}
		if l.lists.doubted.Load() != 20 {
			t.Errorf("%s: %d of 20 are counted as degraded", name, l.lists.doubted.Load())
		}
	}
	for _, r := range show(t, lighted(t, nil, 0), 3) {
		if s := read(t, r); s.Degraded != nil || !slices.IsSorted(s.Gifts) {
			t.Errorf("a system without recommend shows %s; nothing is missing there", r.Body)
		}
	}
}

// What a list costs ams-light with the question, the answer and the other side of the link, in batches of 512.
func BenchmarkRecommendedList(b *testing.B) {
	a := activity.Festival(1, 0.001)
	l := newLight(config.Config{Activity: a, Rules: config.Default()}, since(time.Now()))
	l.lists.dial(b.Context(), []string{startPart(b, tasteful(a)).addr}, unhurried)
	pausetest.Until(b, "a link", func() bool { return l.lists.asker.Ask(nil) })
	heard := make(counter, 1<<10)
	batch := make([]waiting, readBatch)
	b.ReportAllocs()
	b.ResetTimer()
	for range (b.N + readBatch - 1) / readBatch {
		for i := range batch {
			batch[i] = waiting{call: wire.Call{Op: api.List, User: api.User(i + 1)}, from: heard, at: l.now()}
		}
		l.answer(batch, nil)
		for n := 0; n < len(batch); n += <-heard {
		}
	}
}

// counter is an answerer that only counts.
type counter chan int

func (c counter) Owed() int            { return 0 }
func (c counter) Reply(r []wire.Reply) { c <- len(r) }
