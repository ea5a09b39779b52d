package recon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"redpacket/system/admin"
	"redpacket/system/recon"
)

// order is what one pass may cost, and where it begins.
type order struct {
	rate    float64       // entries/s that it reads
	within  time.Duration // it stops then, and says how far it got
	from    int           // the first slice
	reissue int           // the most orders that it has delivered again
	dry     bool          // it repairs nothing and writes nothing
}

// The orders that a pass may be given.
const (
	usualRate, leastRate, mostRate = 50_000.0, 100.0, 2_000_000.0
	usualWithin, mostWithin        = 10 * time.Minute, 6 * time.Hour
	usualReissue                   = 10_000
)

// orderOf reads the query of POST /-/recon/run; what is not there is as usual.
func orderOf(q url.Values) (o order, err error) {
	o = order{rate: usualRate, within: usualWithin, reissue: usualReissue}
	var errs []error
	read := func(name, want string, parse func(string) (ok bool)) {
		if q.Has(name) && !parse(q.Get(name)) {
			errs = append(errs, fmt.Errorf("%s is %q; want %s", name, q.Get(name), want))
		}
		q.Del(name)
	}
	read("rate", fmt.Sprintf("entries/s, %g to %g", leastRate, mostRate), func(s string) bool {
		o.rate, err = strconv.ParseFloat(s, 64)
		return err == nil && o.rate >= leastRate && o.rate <= mostRate
	})
	read("within", fmt.Sprintf("a time such as 10m, up to %s", mostWithin), func(s string) bool {
		o.within, err = time.ParseDuration(s)
		return err == nil && o.within > 0 && o.within <= mostWithin
	})
	read("from", "a slice, counted from 0", func(s string) bool {
		o.from, err = strconv.Atoi(s)
		return err == nil && o.from >= 0
	})
	read("reissue", fmt.Sprintf("a number of orders, 0 to %d", recon.MostKept), func(s string) bool {
		o.reissue, err = strconv.Atoi(s)
		return err == nil && o.reissue >= 0 && o.reissue <= recon.MostKept
	})
	read("dry", "true or false", func(s string) bool {
		o.dry, err = strconv.ParseBool(s)
		return err == nil
	})
	if unknown := slices.Sorted(maps.Keys(q)); len(unknown) > 0 {
		errs = append(errs, fmt.Errorf("%q is not known; want rate, within, from, reissue or dry", unknown[0]))
	}
	return o, errors.Join(errs...)
}

// desk takes orders for passes, one at a time, and shows how they go.
type desk struct {
	orders chan order

	mu      sync.Mutex
	log     func() error // whether the log is reached; nil: not yet
	busy    bool
	result  recon.Result
	passes  uint64
	read    uint64 // by the passes before this one; and so on
	again   uint64
	letters uint64
}

func newDesk() *desk { return &desk{orders: make(chan order, 1), result: recon.NewResult(recon.None)} }

// open lets passes begin.
func (d *desk) open(log func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = log
}

func (d *desk) healthy() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.log == nil {
		return errors.New("the log or the ledger has not been reached yet")
	}
	return d.log()
}

// serveRun begins a pass and does not wait for it.
func (d *desk) serveRun(w http.ResponseWriter, r *http.Request) {
	o, err := orderOf(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.log == nil:
		http.Error(w, "the log or the ledger has not been reached yet", http.StatusServiceUnavailable)
	case d.busy:
		http.Error(w, fmt.Sprintf("pass %d is under way; see GET /-/recon", d.result.Pass), http.StatusConflict)
	default:
		d.busy = true
		d.passes++
		d.read, d.again, d.letters = d.read+d.result.Read, d.again+d.result.Reissued, d.letters+d.result.DeadLetters
		d.result = recon.NewResult(recon.Running)
		d.result.Pass = d.passes
		d.orders <- o // has room: nobody else was let in
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(d.result)
	}
}

func (d *desk) serveResult(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	d.mu.Lock()
	text, err := json.Marshal(d.result)
	d.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(append(text, '\n'))
}

// tell changes the result of the pass under way.
func (d *desk) tell(change func(*recon.Result)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.result)
}

// work makes the passes that are asked for until ctx ends.
func (d *desk) work(ctx context.Context, w worker) error {
	for {
		select {
		case o := <-d.orders:
			d.pass(ctx, w, o)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *desk) pass(ctx context.Context, w worker, o order) {
	began := w.now()
	d.tell(func(r *recon.Result) { r.Began, r.Activity = began.UTC(), w.activity.ID })
	p := &pass{worker: w, order: o, tell: d.tell, budget: o.reissue}
	err := p.run(ctx)
	d.tell(func(r *recon.Result) {
		r.State, r.Doing, r.Took = recon.Done, "", w.now().Sub(began).Seconds()
		if err != nil {
			r.State, r.Why = recon.Stopped, err.Error()
		}
		d.busy = false
	})
}

// metrics are over all passes, but the differences, which are the latest pass'.
func (d *desk) metrics(r admin.Registry) {
	show := func(read func() float64) func() float64 {
		return func() float64 {
			d.mu.Lock()
			defer d.mu.Unlock()
			return read()
		}
	}
	for k := range recon.Kinds {
		r.Gauge("redpacket_recon_differences", "Differences that the latest pass found.", admin.Labels{"kind": k.String()},
			show(func() float64 { return float64(d.result.Differences[k.String()]) }))
	}
	r.Gauge("redpacket_recon_running", "1 while a pass is under way.", nil, show(func() float64 {
		if d.busy {
			return 1
		}
		return 0
	}))
	r.Gauge("redpacket_recon_progress", "The share of its slices that the latest pass has compared.", nil,
		show(func() float64 { return float64(d.result.Slice) / float64(max(1, d.result.Slices)) }))
	r.Gauge("redpacket_recon_queued", "Grants that the latest pass found queued: late, not missing.", nil,
		show(func() float64 { return float64(d.result.Queued) }))
	r.Counter("redpacket_recon_passes_total", "Passes begun.", nil, show(func() float64 { return float64(d.passes) }))
	r.Counter("redpacket_recon_read_total", "Entries read from the books.", nil,
		show(func() float64 { return float64(d.read + d.result.Read) }))
	r.Counter("redpacket_recon_reissued_total", "Missed orders that were delivered because recon asked.", nil,
		show(func() float64 { return float64(d.again + d.result.Reissued) }))
	r.Counter("redpacket_recon_dead_letters_total", "Dead letters written; those written before are not.", nil,
		show(func() float64 { return float64(d.letters + d.result.DeadLetters) }))
}
