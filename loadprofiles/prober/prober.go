// Package prober claims once every few milliseconds, each time as another user of one data centre, so that an outage has
// edges: when the last claim before it was acknowledged, and the first one after it. It shares nothing with the generator of
// the load, and keeps to its pace whatever the system does.
package prober

import (
	"context"
	"fmt"
	"iter"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/login"
	"redpacket/system/pause"
)

// Job is what one prober does.
type Job struct {
	Home     activity.IDC  // whose users it is
	Every    time.Duration // between two probes
	Patience time.Duration // a probe without an answer for so long is unknown
	Length   time.Duration // since the drill began: no probe leaves later
	Gift     api.Gift      // that they claim, one share each
	Key      string        // of the run's login tokens
	Front    string        // host:port of the front door, where there is no name service
	DNS      string        // host:port of the name service; empty: there is none
	Name     string        // that it is asked for
	Port     int           // of every front door

	// Dial connects to a front door; nil: by TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Check is nil for a job that can be done.
func (j Job) Check() error {
	switch {
	case j.Every <= 0 || j.Patience <= 0 || j.Length <= 0:
		return fmt.Errorf("prober: a probe each %s for %s, given up after %s; want more than nothing of each", j.Every, j.Length, j.Patience)
	case (j.DNS == "") == (j.Front == ""):
		return fmt.Errorf("prober: a front door %q and a name service %q; want one of the two", j.Front, j.DNS)
	}
	return nil
}

// Run probes from now until the job's length has passed since began, or ctx ends, and returns every probe by the time it
// was owed. It blocks until the last one has its answer, or is given up. The error says why it could not begin.
func Run(ctx context.Context, j Job, began time.Time) ([]loadprofiles.Probe, error) {
	if err := j.Check(); err != nil {
		return nil, err
	}
	signer, err := login.NewSigner(j.Key)
	if err != nil {
		return nil, fmt.Errorf("prober: %w", err)
	}
	d, err := newDoor(j)
	if err != nil {
		return nil, fmt.Errorf("prober: %w", err)
	}
	var work sync.WaitGroup
	asking, stop := context.WithCancel(ctx)
	work.Go(func() { d.follow(asking) })
	p := &probes{job: j, began: began, door: d, token: func(u api.User) string {
		return string(signer.Mint(nil, u, uint32(time.Now().Add(time.Hour).Unix())))
	}}
	p.pace(ctx)
	stop()
	work.Wait()
	d.client.CloseIdleConnections()
	return p.all, nil
}

// probes are those of one run.
type probes struct {
	job   Job
	began time.Time
	door  *door
	token func(api.User) string
	all   []loadprofiles.Probe // by the time they were owed; each is its own goroutine's until that ends
}

// pace sends each probe when it is owed, late rather than never, and waits for none before the next.
func (p *probes) pace(ctx context.Context) {
	next, stop := iter.Pull(activity.Probers(p.job.Home))
	defer stop()
	var flying sync.WaitGroup
	defer flying.Wait()
	first := time.Since(p.began)
	p.all = make([]loadprofiles.Probe, 0, max(0, (p.job.Length-first)/p.job.Every+1))
	for owed := first; owed < p.job.Length; owed += p.job.Every {
		if !pause.Until(ctx, p.began.Add(owed)) {
			return
		}
		user, _ := next()
		one := loadprofiles.Probe{Home: p.job.Home}
		one.Owed, one.User, one.Gift = owed, user, p.job.Gift
		p.all = append(p.all, one) // there is room: nothing moves
		mine := &p.all[len(p.all)-1]
		flying.Go(func() { p.send(ctx, mine) })
	}
}

// send is one probe, from its sending to its end.
func (p *probes) send(ctx context.Context, one *loadprofiles.Probe) {
	ctx, cancel := context.WithTimeout(ctx, p.job.Patience)
	defer cancel()
	var sent atomic.Int64 // written by who writes to the connection, perhaps after the patience is over
	got, err := p.door.claim(ctx, one.Gift, p.token(one.User), func() { sent.Store(max(1, int64(time.Since(p.began)))) })
	now := time.Since(p.began)
	one.Took, one.Sent = max(0, now-one.Owed), time.Duration(sent.Load())
	if err != nil {
		return // unknown: it may have happened
	}
	one.Answered, one.Outcome, one.Code, one.Order, one.Fen = max(now, one.Sent), got.outcome, got.code, got.order, got.fen
}
