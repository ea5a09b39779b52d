package idip

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/ledger"
	"redpacket/system/mutant"
	"redpacket/system/roles/idip/delivery"
)

// desk takes the requests of all games.
type desk struct {
	activity   activity.Activity
	games      []*game
	jobs       chan job
	open       atomic.Bool
	statements atomic.Uint64
	tagless    atomic.Uint64 // orders refused here because their user and their tag contradict each other
}

// game is one game's side of the interface.
type game struct {
	delivered, repeats, conflicts, refused, tagless atomic.Uint64

	mu     sync.Mutex
	window *delivery.Window
}

// How much may wait for the ledger, and for how long. The courier's patience is longer.
const (
	maxJobs    = 64
	answerWait = 4 * time.Second
)

// newDesk opens one side a game. Their limits are apart; the queue to the ledger is one.
func newDesk(a activity.Activity, rate float64) *desk {
	d := &desk{activity: a, jobs: make(chan job, maxJobs)}
	for range a.Games {
		d.games = append(d.games, &game{window: delivery.NewWindow(rate)})
	}
	return d
}

// healthy does not ask the ledger each time: a ledger that is down shows in the answers.
func (d *desk) healthy() error {
	if !d.open.Load() {
		return errors.New("the ledger has not been reached yet")
	}
	return nil
}

// pass counts n orders against the game's limit, or says how long they must wait.
func (g *game) pass(now time.Time, n int) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait := g.window.Wait(now, n)
	if wait == 0 {
		g.window.Add(now, n)
	}
	return wait
}

// peak is the most that the game took in any window.
func (g *game) peak() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.window.Peak()
}

// taglessInLedger is how many orders the ledger refused because they had lost their tag behind this door.
func (d *desk) taglessInLedger() (n uint64) {
	for _, g := range d.games {
		n += g.tagless.Load()
	}
	return n
}

// count counts the results of one request.
func (g *game) count(results []ledger.Result) {
	for _, r := range results {
		switch r {
		case ledger.Delivered:
			g.delivered.Add(1)
		case ledger.Repeat:
			g.repeats.Add(1)
		case ledger.Conflict:
			g.conflicts.Add(1)
		case ledger.Tagless:
			g.tagless.Add(1)
		}
	}
}

// ServeHTTP answers one request: 200 with the answers; 400, 404, 413 when it is not one of ours; 429 when the game
// takes no more just now; 503 when nothing was done; 504 when the ledger's answer is not known.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.ParseUint(r.URL.Query().Get("game"), 10, 8)
	if err != nil || int(number) >= len(d.games) {
		http.Error(w, "no such game", http.StatusNotFound)
		return
	}
	grants, err := delivery.DecodeOrders(http.MaxBytesReader(w, r.Body, delivery.MaxBody), d.activity, uint8(number))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		d.deliver(w, r, d.games[number], grants)
	}
}

// deliver counts orders against the limit before they wait for the ledger: the limit is on what the game is asked, and
// what it is asked twice it is asked twice.
func (d *desk) deliver(w http.ResponseWriter, r *http.Request, g *game, grants []api.Grant) {
	if wait := g.pass(time.Now(), len(grants)); wait > 0 {
		g.refused.Add(uint64(len(grants)))
		refuse(w, http.StatusTooManyRequests, wait)
		return
	}
	if mutant.Is(mutant.PanicServed) && len(grants)%8 == 3 {
		_ = grants[len(grants)]
	}
	clean := d.clean(grants)
	if len(clean) == 0 {
		answer(w, grants, nil)
		return
	}
	j := job{g, clean, make(chan []ledger.Result, 1)}
	select {
	case d.jobs <- j:
	default:
		refuse(w, http.StatusServiceUnavailable, time.Second)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerWait)
	defer cancel()
	select {
	case results := <-j.done:
		if results == nil {
			refuse(w, http.StatusGatewayTimeout, 0)
			return
		}
		answer(w, grants, results)
	case <-ctx.Done():
		refuse(w, http.StatusGatewayTimeout, 0)
	}
}

// refuse rounds the wait up: coming back early only costs another refusal.
func refuse(w http.ResponseWriter, status int, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	http.Error(w, http.StatusText(status), status)
}

// clean is the orders without those whose user and tag contradict each other, which it counts: they are never asked of
// the ledger.
func (d *desk) clean(grants []api.Grant) []api.Grant {
	clean := make([]api.Grant, 0, len(grants))
	for _, g := range grants {
		if g.Poisoned() {
			d.tagless.Add(1)
			continue
		}
		if mutant.Is(mutant.TagDroppedAtIDIP) {
			g.Order = g.Order.Real()
		}
		clean = append(clean, g)
	}
	return clean
}

// answer writes one result an order, in the request's order. There are results for the clean ones.
func answer(w http.ResponseWriter, grants []api.Grant, results []ledger.Result) {
	answers := make([]delivery.Answer, len(grants))
	for i, g := range grants {
		answers[i] = delivery.Answer{Order: g.Order, Result: delivery.Tagless}
		if !g.Poisoned() {
			answers[i].Result, results = results[0].String(), results[1:]
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answers) // a caller who is gone asks again
}
