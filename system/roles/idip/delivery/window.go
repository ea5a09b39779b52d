package delivery

import (
	"math"
	"time"
)

// Window counts orders over the last stretch of time, exactly: the limit holds in every window, wherever it begins. It
// is for one goroutine.
type Window struct {
	most int
	span time.Duration
	seen []moment // the last span's, oldest first
	sum  int
	peak int
}

// moment is n orders at one time.
type moment struct {
	at time.Time
	n  int
}

// NewWindow is a window of a rate in orders per second; 0 is without limit. Whole orders only: 2.5 lets 2 through in
// 1 s, and a rate below one lets one order through in as many seconds as it takes.
func NewWindow(rate float64) *Window {
	w := &Window{}
	w.SetRate(rate)
	return w
}

// SetRate is another rate from now on; what passed under the one before still counts, as far as it is remembered.
func (w *Window) SetRate(rate float64) {
	switch {
	case rate <= 0:
		w.most, w.span = math.MaxInt, time.Second
	case rate < 1:
		w.most, w.span = 1, time.Duration(float64(time.Second)/rate)
	default:
		w.most, w.span = int(rate), time.Second
	}
}

// Most is the most orders that can pass at once at this rate.
func (w *Window) Most() int { return w.most }

// Wait is how long from now on n orders must wait to pass; 0: they may pass now. n above Most never passes.
func (w *Window) Wait(now time.Time, n int) time.Duration {
	w.forget(now)
	over := w.sum + n - w.most
	if w.most == math.MaxInt || over <= 0 {
		return 0
	}
	for _, m := range w.seen {
		if over -= m.n; over <= 0 {
			return m.at.Add(w.span).Sub(now)
		}
	}
	return w.span
}

// Add counts n orders that passed at a time not before the last one's.
func (w *Window) Add(at time.Time, n int) {
	w.forget(at)
	w.seen = append(w.seen, moment{at, n})
	w.sum += n
	w.peak = max(w.peak, w.sum)
}

// Peak is the most that was ever in one window.
func (w *Window) Peak() int { return w.peak }

// forget drops what is a whole span old or older: the window is half open, as the game's is.
func (w *Window) forget(now time.Time) {
	old := 0
	for old < len(w.seen) && now.Sub(w.seen[old].at) >= w.span {
		w.sum -= w.seen[old].n
		old++
	}
	w.seen = append(w.seen[:0], w.seen[old:]...)
}
