package delivery

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Whoever waits as long as Wait says is never above the rate in any window, and loses little.
func TestWindowHoldsInEveryWindow(t *testing.T) {
	for _, rate := range []float64{1, 2.5, 400, 7777} {
		w := NewWindow(rate)
		draw := rand.New(rand.NewPCG(1, uint64(rate)))
		start := time.Unix(0, 0)
		now, total := start, 0
		var passed []moment
		for now.Sub(start) < 20*time.Second {
			n := 1 + draw.IntN(min(200, w.Most()))
			if wait := w.Wait(now, n); wait > 0 {
				now = now.Add(wait)
				if again := w.Wait(now, n); again != 0 {
					t.Fatalf("rate %v: waited %v, then %v more", rate, wait, again)
				}
			}
			w.Add(now, n)
			passed, total = append(passed, moment{now, n}), total+n
			now = now.Add(time.Duration(draw.IntN(int(3 * time.Millisecond))))
		}
		if peak := densest(passed); peak > int(rate) || peak != w.Peak() {
			t.Errorf("rate %v: %d in one window, Peak says %d", rate, peak, w.Peak())
		}
		if least := int(0.6 * 20 * float64(w.Most())); total < least {
			t.Errorf("rate %v: %d in 20 s; want at least %d", rate, total, least)
		}
	}
}

// densest counts by another way: the most in any second that ends at a moment.
func densest(passed []moment) (most int) {
	for i, last := range passed {
		n := 0
		for _, m := range passed[:i+1] {
			if last.at.Sub(m.at) < time.Second {
				n += m.n
			}
		}
		most = max(most, n)
	}
	return most
}

// What passed at one rate counts at the next.
func TestWindowOfAnotherRate(t *testing.T) {
	now := time.Unix(0, 0)
	w := NewWindow(200)
	w.Add(now, 150)
	w.SetRate(50)
	if w.Most() != 50 || w.Wait(now.Add(900*time.Millisecond), 50) != 100*time.Millisecond {
		t.Errorf("slower: most %d, wait %v", w.Most(), w.Wait(now.Add(900*time.Millisecond), 50))
	}
	if w.SetRate(200); w.Wait(now.Add(900*time.Millisecond), 51) == 0 || w.Wait(now.Add(900*time.Millisecond), 50) != 0 {
		t.Error("faster again: 50 more fit into that second, not 51")
	}
}

func TestWindowOfOddRates(t *testing.T) {
	now := time.Unix(0, 0)
	slow := NewWindow(0.25)
	slow.Add(now, 1)
	if wait := slow.Wait(now.Add(time.Second), 1); slow.Most() != 1 || wait != 3*time.Second {
		t.Errorf("one in 4 s: most %d, wait %v after a second", slow.Most(), wait)
	}
	free := NewWindow(0)
	for range 1000 {
		free.Add(now, 200)
	}
	if free.Wait(now, 200) != 0 || free.Peak() != 200_000 {
		t.Errorf("no limit: wait %v, peak %d", free.Wait(now, 200), free.Peak())
	}
	if tooMany := NewWindow(10); tooMany.Wait(now, 11) == 0 {
		t.Error("11 passed a window of 10")
	}
}
