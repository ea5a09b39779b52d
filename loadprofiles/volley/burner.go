package volley

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Burner is processes that keep some cores busy and do nothing else: the neighbours that starve a generator, for a drill
// that must notice it.
type Burner struct{ workers []*worker }

// StartBurner starts so many processes on some cores, as taskset writes them ("": any), each busy on all of them, and
// returns when they are. Stop it when it is done with; they end with this process in any case.
func StartBurner(cores string, processes int) (*Burner, error) {
	b := &Burner{}
	for range processes {
		w, err := start(asBurner, cores)
		if err == nil {
			b.workers = append(b.workers, w)
			_, err = w.next()
		}
		if err != nil {
			b.Stop()
			return nil, fmt.Errorf("start a burner: %w", err)
		}
	}
	return b, nil
}

// Stop ends the processes.
func (b *Burner) Stop() {
	for _, w := range b.workers {
		w.kill()
	}
}

// burn keeps every core of this process busy until ctx ends.
func burn(ctx context.Context, say *speaker) {
	var busy sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		busy.Go(func() {
			for ctx.Err() == nil {
			}
		})
	}
	say.message(message{})
	busy.Wait()
}
