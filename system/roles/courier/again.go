package courier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/roles/idip/delivery"
)

// What recon asks to deliver again goes through the lane of its game, so that one clock paces both.
const (
	againEvery  = 10                     // every so many requests to a game may be for orders asked for again
	againIdle   = 250 * time.Millisecond // or when the lane had nothing to do for so long
	mostAgain   = 64                     // requests that may wait, a game
	answerAgain = 55 * time.Second       // and how long
)

// again are the orders of one game that recon asked for. For any number of goroutines.
type again struct {
	mu   sync.Mutex
	jobs []job
	wake func() // hears of the first job while the lane is waited for; nil: it is not
}

// job is some orders, at most one request's, and who waits for their answers.
type job struct {
	ctx    context.Context
	grants []api.Grant
	done   chan []delivery.Answer // takes one value and never blocks
}

// add is false when too many wait already.
func (a *again) add(j job) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.jobs) >= mostAgain {
		return false
	}
	a.jobs = append(a.jobs, j)
	if a.wake != nil {
		a.wake()
	}
	return true
}

// take returns the oldest job that somebody still waits for.
func (a *again) take() (job, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.jobs) > 0 {
		j := a.jobs[0]
		a.jobs[0], a.jobs = job{}, a.jobs[1:]
		if j.ctx.Err() == nil {
			return j, true
		}
	}
	return job{}, false
}

// waking is a context that ends some time after there is a job. stop must be called; it ends the context, too.
func (a *again) waking(ctx context.Context) (wake context.Context, stop func()) {
	wake, cancel := context.WithCancel(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	var timer *time.Timer
	a.wake = func() {
		if timer == nil {
			timer = time.AfterFunc(againIdle, cancel)
		}
	}
	if len(a.jobs) > 0 {
		a.wake()
	}
	return wake, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.wake = nil; timer != nil {
			timer.Stop()
		}
		cancel()
	}
}

// next waits for grants of the lane; none without an error: there are orders to deliver again.
func (r *round) next(ctx context.Context, lane source, most int) ([]api.Grant, func(context.Context) error, error) {
	wake, stop := r.again.waking(ctx)
	defer stop()
	grants, done, err := lane.Next(wake, most)
	if err != nil && ctx.Err() == nil && wake.Err() != nil {
		return nil, nil, nil
	}
	return grants, done, err
}

// reissue asks the game once more for one job's orders, if there is a job, until it is answered or nobody waits for it
// any longer. Its error is ctx's.
func (r *round) reissue(ctx context.Context, ask asker) error {
	j, ok := r.again.take()
	if !ok {
		return ctx.Err()
	}
	until, cancel := context.WithCancel(j.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	answers, err := r.untilAnswered(until, ask, j.grants)
	if err == nil {
		r.count(answers)
		r.counts.reissues.Add(uint64(len(answers)))
		j.done <- answers
	}
	return ctx.Err()
}

// desk takes orders to deliver again, by the same interface as the games': POST /deliver?game=N.
type desk struct {
	activity activity.Activity
	rounds   []*round
}

// serve answers recon until ctx ends.
func (d desk) serve(ctx context.Context, addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("interface for orders to deliver again: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST "+delivery.Path, d)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: answerAgain + 10*time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("interface for orders to deliver again: %w", err)
	}
	return nil
}

// ServeHTTP answers one request: 200 with what the game answered; 400 or 404 when it is not one of ours; 503 when
// nothing was asked; 504 when the game did not answer in time, and some orders may have been delivered.
func (d desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	game, err := strconv.ParseUint(r.URL.Query().Get("game"), 10, 8)
	if err != nil || int(game) >= len(d.rounds) {
		http.Error(w, "no such game", http.StatusNotFound)
		return
	}
	grants, err := delivery.DecodeOrders(http.MaxBytesReader(w, r.Body, delivery.MaxBody), d.activity, uint8(game))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if before := len(grants); len(d.rounds[game].clean(grants)) < before {
		http.Error(w, "a user and a tag contradict each other", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerAgain)
	defer cancel()
	answers, status := d.rounds[game].askAgain(ctx, grants)
	if status != http.StatusOK {
		w.Header().Set("Retry-After", "1")
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answers) // a caller who is gone asks again
}

// askAgain puts orders into the lane, as many a request as the game takes at once, and waits for their answers.
func (r *round) askAgain(ctx context.Context, grants []api.Grant) ([]delivery.Answer, int) {
	var answers []delivery.Answer
	for len(grants) > 0 {
		n := min(len(grants), delivery.MaxOrders, delivery.NewWindow(r.limit()).Most()) // the lane's own window is the lane's
		j := job{ctx, grants[:n], make(chan []delivery.Answer, 1)}
		if !r.again.add(j) {
			return nil, http.StatusServiceUnavailable
		}
		select {
		case some := <-j.done:
			answers, grants = append(answers, some...), grants[n:]
		case <-ctx.Done():
			return nil, http.StatusGatewayTimeout
		}
	}
	return answers, http.StatusOK
}
