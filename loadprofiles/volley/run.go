package volley

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/login"
)

const (
	// drainTime is how long, beyond patience, the requests under way and the users who will try again are waited for
	// when the curve has ended.
	drainTime = 3 * time.Second
	// stopTime is the same when the volley is stopped.
	stopTime = 200 * time.Millisecond
	// meetTime is how long the front door may take to accept all connections.
	meetTime = 5 * time.Second
	tellTime = 500 * time.Millisecond
)

// volley is a run of a job in this process.
type volley struct {
	job     Job
	profile loadprofiles.Profile // scaled
	curve   loadprofiles.Curve   // of hits
	shards  []*shard
	paper   *paper
	cells   *cellsPaper // nil where users are not told apart
	valve   *valve      // nil where nobody comes by a promotion
	zero    time.Time
	missed  uint64         // progress reports that nobody took
	hired   sync.WaitGroup // the connections' goroutines, the guide's and the valve's

	moved, unresolved uint64 // the guide's, until it has ended
}

// run fires a checked job from this process, with so many shards, and leaves its files.
func run(ctx context.Context, job Job, shards int, tell func(Progress)) (loadprofiles.Yield, error) {
	if job.Style == Stock {
		shards = 1 // anybody would run one Vegeta
	}
	v := &volley{job: job, profile: job.Profile.Scaled(job.Scale)}
	v.curve = job.hits()
	var err error
	if v.paper, err = openPaper(job.Dir); err != nil {
		return loadprofiles.Yield{}, err
	}
	if v.cells, err = openCells(job.Dir, v.profile); err != nil {
		return loadprofiles.Yield{}, errors.Join(err, v.paper.close())
	}
	online, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer v.hired.Wait()
	defer hangUp()
	if err := v.meet(online, shards, meetTime); err != nil {
		hangUp()
		return loadprofiles.Yield{}, errors.Join(err, v.paper.close(), v.closeCells())
	}
	before, ready := cpuTime(), waited()
	v.begin()
	if v.valve != nil {
		v.hired.Go(func() { v.valve.follow(online, v.zero) })
	}
	stopped, err := v.fire(ctx, tell)
	hungry := starved(ready, waited(), time.Since(v.zero), shards)
	for _, s := range v.shards {
		s.engine.close()
	}
	hangUp()
	v.hired.Wait()
	if err := errors.Join(err, v.paper.close(), v.closeCells()); err != nil {
		return loadprofiles.Yield{}, err
	}
	y, all := v.yield(stopped)
	y.CPU, y.Starved, y.Held, y.Untold = cpuTime()-before, hungry, v.paper.waited(), v.missed
	return y, leave(job.Dir, y, all)
}

// meet makes the shards and opens their connections.
func (v *volley) meet(ctx context.Context, shards int, within time.Duration) error {
	signer, err := login.NewSigner(v.job.Key)
	if err != nil {
		return err
	}
	crowd, texts := v.profile.Crowd(v.job.Seed), newRequests(v.job.Tag)
	texts.neighbour = v.profile.Users.Neighbour.Activity
	expires := uint32(time.Now().Add(v.curve.Length() + time.Hour).Unix())
	g, err := newGuide(ctx, v, within)
	if err != nil {
		return err
	}
	if v.valve, err = newValve(ctx, v.job); err != nil {
		return err
	}
	for i := range shards {
		e := &engine{profile: v.profile, crowd: crowd, valve: v.valve, signer: signer, texts: texts, expires: expires, zero: time.Now(),
			paper: v.paper, tally: newTally(v.profile), cohorts: newCohorts(v.profile)}
		s := newShard(plan{curve: v.curve, index: uint64(i), of: uint64(shards)}, e)
		v.shards = append(v.shards, s)
		if v.job.Style != Journeys {
			e.deal = newDeal(v.profile, crowd)
		}
		if v.job.Style == Stock {
			s.stock = newStock(s.plan, e, v.job)
		}
	}
	if v.job.Style == Stock {
		return nil
	}
	if err := v.connect(ctx, g, within); err != nil {
		return err
	}
	if g.client != nil {
		v.hired.Go(func() { g.run(ctx) })
	}
	return nil
}

// connect opens the connections to every place that users are sent to at first; it gives up when for as long as within none
// more was taken.
func (v *volley) connect(ctx context.Context, g *guide, within time.Duration) error {
	var all []*conn
	for _, s := range v.shards {
		for _, addr := range distinct(g.at) {
			all = slices.AppendSeq(all, v.open(ctx, s.engine, addr, g.lost).conns())
		}
		s.engine.route(g.at)
	}
	late := time.NewTimer(within)
	defer late.Stop()
	for i, c := range all {
		select {
		case <-c.ready:
			late.Reset(within)
		case <-late.C:
			return fmt.Errorf("the front door at %s took no connection within %s (%d of %d connections stand); is it running?", c.place.addr, within, i, len(all))
		}
	}
	return nil
}

// newTally keeps the slots open in which an answer may still come.
func newTally(p loadprofiles.Profile) *tally.Tally { return tally.New(p.Patience + time.Second) }

// begin is the zero of all times.
func (v *volley) begin() {
	v.zero = time.Now()
	for _, s := range v.shards {
		s.engine.mu.Lock()
		s.engine.zero = v.zero
		s.engine.mu.Unlock()
	}
}

// fire runs the attacks and the clock until all is done, and returns when the volley was stopped, or 0.
func (v *volley) fire(ctx context.Context, tell func(Progress)) (stopped time.Duration, err error) {
	attacks := make(chan error, len(v.shards))
	for _, s := range v.shards {
		go func() { attacks <- s.attack(ctx) }()
	}
	clock, listener := time.NewTicker(tick), newTeller(tell)
	defer func() {
		clock.Stop()
		listener.close()
		v.missed = listener.missed
	}()
	running, told, written := len(v.shards), time.Duration(0), time.Duration(0)
	deadline := v.curve.Length() + overtime + v.profile.Patience + drainTime
	for stop := ctx.Done(); ; {
		select {
		case failed := <-attacks:
			running--
			err = errors.Join(err, failed)
			continue
		case <-stop:
			stopped, stop = time.Since(v.zero), nil
			deadline = stopped + stopTime
		case <-clock.C:
		}
		now := time.Since(v.zero)
		for _, s := range v.shards {
			s.engine.turn(now)
		}
		if now-written >= tellTime {
			v.tellCells(func(c *cohorts, dst []byte) []byte { return c.piece(dst, now) })
			written = now
		}
		if tell != nil && now-told >= tellTime {
			listener.tell(v.progress(now))
			told = now
		}
		if running == 0 && (v.idle() || now > deadline) {
			return stopped, err
		}
	}
}

func (v *volley) idle() bool {
	for _, s := range v.shards {
		if !s.engine.idle() {
			return false
		}
	}
	return true
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
