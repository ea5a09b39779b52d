package volley

import "sync"

// teller hands progress on without ever waiting for whoever listens: what is not taken until the next report is missed.
type teller struct {
	next   chan Progress
	missed uint64
	done   sync.WaitGroup
}

func newTeller(tell func(Progress)) *teller {
	t := &teller{next: make(chan Progress, 1)}
	t.done.Go(func() {
		for p := range t.next {
			if tell != nil {
				tell(p)
			}
		}
	})
	return t
}

// tell is called by one goroutine.
func (t *teller) tell(p Progress) {
	select {
	case t.next <- p:
	default:
		t.missed++
	}
}

// close waits until what was handed on is told.
func (t *teller) close() {
	close(t.next)
	t.done.Wait()
}
