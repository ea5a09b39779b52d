package volley

import "time"

const (
	tick      = 10 * time.Millisecond
	wheelSize = 1 << 12 // × tick = 41 s, more than maxWait twice
)

// wheel holds journeys until they try again, to within a tick. Its places are lists through journey.next.
type wheel struct {
	places [wheelSize]*journey
	now    uint64 // the tick that was turned to last
	count  int
}

// add holds a journey until a time; later than the wheel reaches means as late as it reaches.
func (w *wheel) add(j *journey, until time.Duration) {
	at := uint64((until + tick - 1) / tick)
	at = min(max(at, w.now+1), w.now+wheelSize-1)
	place := &w.places[at%wheelSize]
	j.next, *place = *place, j
	w.count++
}

// turn lets go every journey whose time has come.
func (w *wheel) turn(now time.Duration, let func(*journey)) {
	for to := uint64(now / tick); w.now < to; {
		w.now++
		list := w.places[w.now%wheelSize]
		w.places[w.now%wheelSize] = nil
		for list != nil {
			j := list
			list, j.next = j.next, nil
			w.count--
			let(j)
		}
	}
}
