package bench

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/drillstest"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
)

// memory is a site of systems made of memory, which shed what is above a limit, a tenth at least.
type memory struct {
	limit float64
	core  float64 // requests/s that a core of the squeezed node is good for
	stock float64 // scale of the stocks; 0: small
	lie   func(books.Shelf, books.Entry) []books.Entry
	p99   time.Duration // of a volley that meets a stall
	downs int
	fired []uint64 // the seeds
}

// remembered is such a system; stocks are small, so that a test is quick.
type remembered struct {
	*drillstest.System
	site *memory
}

var _ Site = (*memory)(nil)

func (m *memory) Stand(context.Context, drills.Stage) (Cluster, error) {
	shed := func(rate float64) float64 {
		if rate > m.limit {
			return max(0.1, 1-m.limit/rate)
		}
		return 0
	}
	return remembered{&drillstest.System{Activity: activity.Festival(1, max(0.02, m.stock)), Shed: shed, Lie: m.lie}, m}, nil
}

func (m *memory) SelfTest(context.Context, loadprofiles.Profile) (volley.Limit, error) {
	return volley.Limit{RequestsPerSecond: 1, CPUPerRequest: time.Microsecond}, nil
}

func (m *memory) Stall(_ context.Context, p loadprofiles.Profile, long time.Duration) (volley.Stalled, error) {
	return volley.Stalled{Rate: p.Curve.Peak(), Length: 5 * long, Stall: long, Analytic: 1900 * time.Millisecond,
		Ours: m.p99, Stock: 1300 * time.Millisecond}, nil
}

func (m *memory) Judge(context.Context, string) (Spent, error) {
	return Spent{}, errors.New("nobody judges here")
}

func (r remembered) Fire(ctx context.Context, l stage.Load) (loadprofiles.Yield, error) {
	r.site.fired = append(r.site.fired, l.Seed)
	return r.System.Fire(ctx, drills.Shot{Profile: l.Profile, Scale: 1, Seed: l.Seed, Dir: l.Dir}, func(drills.Progress) {})
}

func (r remembered) Squeeze(_ context.Context, node string, cores float64) error {
	if node != squeezedNode {
		return errors.New("no such node")
	}
	r.site.limit = cores * r.site.core
	return nil
}

// AtRest is dearer each time.
func (r remembered) AtRest(context.Context, time.Duration) (stage.Rest, error) {
	return stage.Rest{Share: 0.1 + 0.06*float64(r.site.downs-2), Bytes: 1 << 30}, nil
}

func (r remembered) Down(context.Context) error {
	r.site.downs++
	return nil
}

func quick(m *memory) *Bench {
	return &Bench{On: m, Warm: 100 * time.Millisecond, Hold: 100 * time.Millisecond, Runs: 2, Say: func(string) {}}
}

// What the full cluster costs at rest is that of each of its runs, the dearest shown; that it was measured on one data
// centre would be a share of 0 % and less.
func TestTheFullClusterIsWatchedAtRest(t *testing.T) {
	m := &memory{}
	r, err := quick(m).Run(t.Context(), []string{"B9"})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Finding{}
	for _, f := range r.Findings {
		found[f.Part] = f
	}
	idle, used := found["full at rest"], found["full memory"]
	if len(idle.Values) != 2 || idle.Best() != 10 || idle.Worst() != 16 || idle.Holds() || used.Worst() != 1 || !used.Holds() || m.downs != 4 {
		t.Errorf("%+v, %+v, %d clusters taken down", idle, used, m.downs)
	}
}

func TestARowIsMeasuredOnASystemOfMemory(t *testing.T) {
	m := &memory{limit: 160_000}
	r, err := quick(m).Run(t.Context(), []string{"B6"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 2 || r.Findings[0].ID != "B2" || r.Findings[1].ID != "B6" || m.downs != 1 {
		t.Fatalf("%d clusters taken down, found %+v", m.downs, r.Findings)
	}
	b2 := r.Findings[0]
	if got := b2.Seen[0].Offered; len(b2.Values) != 2 || got > m.limit || got < 0.88*m.limit {
		t.Errorf("held %g/s of %g/s, in runs %v", got, m.limit, b2.Values)
	}
	if b2.Holds() || r.Holds() {
		t.Error("180,000/s hold a gate of 200,000/s")
	}
	seeds := map[uint64]bool{}
	for _, seed := range m.fired {
		if seeds[seed] {
			t.Errorf("two volleys were fired with seed %d: users who have claimed claim again", seed)
		}
		seeds[seed] = true
	}
	var text strings.Builder
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"≥ 200,000", "NO: 0.7", "≤ 3.00", "every gate holds: false", "ams-heavy", "by itself"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, text.String())
		}
	}
}

func TestAStallThatIsHiddenFails(t *testing.T) {
	for p99, holds := range map[time.Duration]bool{1890 * time.Millisecond: true, 1300 * time.Millisecond: false, 2100 * time.Millisecond: false} {
		r, err := quick(&memory{p99: p99}).Run(t.Context(), []string{"S1"})
		if err != nil || r.Holds() != holds {
			t.Errorf("p99 %s where arithmetic says 1.9 s: holds %t, %v", p99, r.Holds(), err)
		}
		var text strings.Builder
		if err := r.Write(&text); err != nil || !strings.Contains(text.String(), "stock Vegeta prints 1.300") {
			t.Errorf("stock Vegeta's figure is not printed, %v:\n%s", err, text.String())
		}
	}
}

func TestTheLogIsHeldAgainstWhatClientsWereTold(t *testing.T) {
	for _, c := range []struct {
		name string
		lie  func(books.Shelf, books.Entry) []books.Entry
		want string
	}{
		{"the truth", nil, ""},
		{"a grant is lost", func(s books.Shelf, e books.Entry) []books.Entry {
			if s == books.Log && e.Order.Index() == 3 {
				return nil
			}
			return []books.Entry{e}
		}, "not in the log"},
		{"a grant nobody was told of", func(s books.Shelf, e books.Entry) []books.Entry {
			if s == books.Log && e.Order.Index() == 3 {
				return []books.Entry{e, e}
			}
			return []books.Entry{e}
		}, "more than anybody was told"},
	} {
		b, told, row := quick(&memory{limit: 1e9, lie: c.lie}), promises{}, finding("B5", "")
		w := work{load: stage.Load{Profile: clients()}, good: []api.Outcome{api.Done}, journals: told.read}
		w.load.Profile.Users = loadprofiles.Population{Size: 1 << 40, Gifts: []api.Gift{0}}
		err := b.with(t.Context(), open(), func(on Cluster) error {
			if _, err := b.fire(t.Context(), on, w, 10_000, b.Hold); err != nil {
				return err
			}
			return told.compare(t.Context(), on, &row)
		})
		if err != nil || told.acked < 100 {
			t.Fatalf("%s: %d claims, %v", c.name, told.acked, err)
		}
		if said := strings.Join(row.Broken, "; "); (c.want == "") != (said == "") || !strings.Contains(said, c.want) {
			t.Errorf("%s: broken %q, want %q", c.name, said, c.want)
		}
	}
}

func TestTheFloodIsMeasuredAgainstASqueezeThatBites(t *testing.T) {
	m := &memory{limit: 1e9, core: 7e5, stock: 0.1}
	b := quick(m)
	b.Runs = 1
	r, err := b.Run(t.Context(), []string{"B3"})
	if err != nil {
		t.Fatal(err)
	}
	if row := r.Findings[0]; m.limit > 1.5*third || !row.Holds() || row.Worst() > 1.1 {
		t.Errorf("squeezed to %g/s; %+v", m.limit, row)
	}
}

func TestAnInterruptedBenchTakesItsClusterDown(t *testing.T) {
	m := &memory{limit: 1e9}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := quick(m).Run(ctx, []string{"B7"}); err == nil || m.downs != 1 {
		t.Errorf("%d clusters taken down, %v", m.downs, err)
	}
}
