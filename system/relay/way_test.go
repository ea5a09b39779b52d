package relay

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sink takes what a way sends on, as numbers.
type sink struct {
	mu  sync.Mutex
	got []uint64
	bad bool // it takes nothing
}

func (s *sink) send(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad {
		return errors.New("no route")
	}
	s.got = append(s.got, binary.BigEndian.Uint64(b))
	return nil
}

func (s *sink) list() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// pumped is a way under hurts, until the test ends.
func pumped(t interface{ Cleanup(func()) }, hurts ...Hurt) (*way, []*inForce) {
	w := newWay()
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { w.pump(done) })
	t.Cleanup(func() { close(done); group.Wait() })
	var all []*inForce
	var dice []*dice
	for _, h := range hurts {
		f := newInForce(h, "a--node")
		all, dice = append(all, f), append(dice, f.dice[requests])
	}
	w.suffer(dice)
	return w, all
}

// pass sends so many datagrams, numbered from 0, and waits until none is held.
func pass(w *way, s *sink, n int) {
	buf := make([]byte, 8)
	for i := range n {
		binary.BigEndian.PutUint64(buf, uint64(i))
		w.take(buf, s.send)
	}
	for w.count().Held > 0 {
		<-time.After(time.Millisecond)
	}
}

func hurtOf(name string) *rapid.Generator[Hurt] {
	return rapid.Custom(func(t *rapid.T) Hurt {
		share := rapid.SampledFrom([]float64{0, 0.1, 0.5, 0.9, 1})
		h := Hurt{Name: name, Seed: rapid.Uint64().Draw(t, "seed"), Loss: share.Draw(t, "loss"), Duplicate: share.Draw(t, "duplicate"), Late: share.Draw(t, "late")}
		if h.Late > 0 {
			h.Delay = time.Duration(rapid.IntRange(1, 3).Draw(t, "ms")) * time.Millisecond
			h.Jitter = rapid.SampledFrom([]time.Duration{0, h.Delay / 2, h.Delay}).Draw(t, "jitter")
		}
		if h.Check() != nil {
			h.Loss = 0.3
		}
		return h
	})
}

// Whatever is done to a way: what came in went out, was lost, or is counted among what could not be sent; what was not
// lost arrives unchanged, once and once for each copy; and the same hurts do the same again.
func TestNothingIsLostButByAHurt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hurts := []Hurt{hurtOf("one").Draw(t, "one")}
		if rapid.Bool().Draw(t, "two hurts") {
			hurts = append(hurts, hurtOf("two").Draw(t, "two"))
		}
		n := rapid.IntRange(0, 60).Draw(t, "datagrams")
		first, again := &sink{}, &sink{}
		w, forces := pumped(t, hurts...)
		pass(w, first, n)
		c := w.count()
		if c.In != int64(n) || c.In+c.Doubled != c.Out+c.Lost+c.Overflow+c.Failed+c.Held || c.Held+c.Failed+c.Overflow != 0 {
			t.Fatalf("the counts do not add up: %+v", c)
		}
		got := first.list()
		if int64(len(got)) != c.Out {
			t.Fatalf("%d arrived; the counts say %+v", len(got), c)
		}
		different := slices.Compact(slices.Sorted(slices.Values(got)))
		if int64(len(different)) != c.In-c.Lost {
			t.Fatalf("%d different datagrams of %d arrived, and %d were lost", len(different), n, c.Lost)
		}
		if f := forces[0].force(); f.Met != int64(n) || len(hurts) == 1 && (f.Lost != c.Lost || f.Doubled != c.Doubled || f.Overtaken > f.Late) {
			t.Fatalf("the hurt says %+v, the way %+v", f, c)
		}
		w, _ = pumped(t, hurts...)
		pass(w, again, n)
		if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(again.list()))) {
			t.Fatalf("the same seed, another fate: %v, then %v", got, again.list())
		}
	})
}

func TestADatagramsFateHangsOnNoOther(t *testing.T) {
	t.Parallel()
	lossy := Hurt{Name: "x", Seed: 7, Loss: 0.5}
	both := lossy
	both.Duplicate, both.Late, both.Delay = 1, 1, time.Millisecond
	one, other := newDice(lossy, 0, &hits{}), newDice(both, 0, &hits{})
	back := newDice(lossy, 1, &hits{})
	differs := 0
	for i := range 1000 {
		a, b, c := one.next(), other.next(), back.next()
		if a.lost != b.lost {
			t.Fatalf("datagram %d is lost or not by what else is done to it", i)
		}
		if a.lost != c.lost {
			differs++
		}
	}
	if differs < 400 {
		t.Errorf("the two ways of a link differ in %d of 1000 fates", differs)
	}
}

// A share that is held back is overtaken by the rest, and counted so.
func TestReordering(t *testing.T) {
	t.Parallel()
	w, forces := pumped(t, Hurt{Name: "x", Seed: 3, Late: 0.3, Delay: 20 * time.Millisecond})
	s := &sink{}
	pass(w, s, 100)
	got := s.list()
	if slices.IsSorted(got) || len(got) != 100 {
		t.Errorf("%d arrived, in order: %v", len(got), slices.IsSorted(got))
	}
	c, f := w.count(), forces[0].force()
	if c.Overtaken == 0 || c.Overtaken != f.Overtaken || f.Late < c.Overtaken || f.Late < 15 || f.Late > 50 {
		t.Errorf("%+v, %+v", c, f)
	}
}

// When the last hurt ends, what is held leaves at once, in the order in which it was due.
func TestWhatIsHeldLeavesWithTheHurt(t *testing.T) {
	t.Parallel()
	w, _ := pumped(t, Hurt{Name: "x", Late: 1, Delay: 10 * time.Second})
	s := &sink{}
	for range 3 {
		w.take(make([]byte, 8), s.send)
	}
	if c := w.count(); c.Held != 3 {
		t.Fatalf("%+v", c)
	}
	began := time.Now()
	w.suffer(nil)
	pass(w, s, 0)
	if took := time.Since(began); took > 5*time.Second || len(s.list()) != 3 {
		t.Errorf("%d left after %s", len(s.list()), took)
	}
}

func TestWhatCannotBeHeldOrSentIsCounted(t *testing.T) {
	t.Parallel()
	w, _ := pumped(t, Hurt{Name: "x", Late: 1, Delay: 10 * time.Second})
	s := &sink{}
	for range MaxHeld + 5 {
		w.take(make([]byte, 8), s.send)
	}
	if c := w.count(); c.Held != MaxHeld || c.Overflow != 5 {
		t.Errorf("%+v", c)
	}
	big, _ := pumped(t, Hurt{Name: "x", Late: 1, Delay: 10 * time.Second})
	for range 300 {
		big.take(make([]byte, maxDatagram), s.send)
	}
	if c := big.count(); c.Held != MaxBytes/maxDatagram || c.Overflow != 300-MaxBytes/maxDatagram {
		t.Errorf("%+v", c)
	}
	bad, _ := pumped(t)
	bad.take(make([]byte, 8), (&sink{bad: true}).send)
	if c := bad.count(); c.Failed != 1 || c.Out != 0 || c.Held != 0 {
		t.Errorf("%+v", c)
	}
}

// Two links that have one hurt are hurt apart: not all of them lose their first datagram at the same time.
func TestLinksAreHurtApart(t *testing.T) {
	h := Hurt{Name: "h", Way: Requests, Seed: 1, Loss: 0.5}
	one, same, other := newInForce(h, "a--node").dice[requests], newInForce(h, "a--node").dice[requests], newInForce(h, "b--node").dice[requests]
	apart := 0
	for range 100 {
		f := one.next()
		if f != same.next() {
			t.Fatal("one link's fates are two")
		}
		if f.lost != other.next().lost {
			apart++
		}
	}
	if apart < 30 || apart > 70 {
		t.Errorf("%d of 100 fates are others on another link, want about half", apart)
	}
}
