// Package courier is the role courier: it brings every grant of the log to its game's delivery interface, one lane a
// game, never faster than the game allows, and again and again until the game has said what became of it. What recon
// asks to deliver again takes the same lanes.
package courier

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/roles/idip/delivery"
)

// askWait is how long one request to a game may take; the game's own limit is shorter.
const askWait = 6 * time.Second

// Run runs the role until ctx ends. It is healthy while it is connected to the log and reads it; whether the games
// answer shows in the backlog.
func Run(ctx context.Context, cfg config.Config) error {
	idip, err := cfg.Peer("idip")
	if err != nil {
		return err
	}
	logAddr, err := cfg.Own("log")
	if err != nil {
		return err
	}
	c := &courier{switches: control.Follow(ctx, cfg)}
	page := admin.Page{Node: cfg.Node, Metrics: admin.NewRegistry(), Healthy: c.healthy, Switches: c.switches}
	c.metrics(page.Metrics, cfg.Activity.Games)
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	l, err := grantlog.Connect(ctx, logAddr)
	if err != nil {
		return err
	}
	defer l.Close()
	lanes, err := l.Lanes(ctx, cfg.Activity)
	if err != nil {
		return err
	}
	c.open.Store(&opened{l, lanes})
	ask := delivery.NewClient(idip, int(cfg.Activity.Games), askWait)
	var parts sync.WaitGroup
	defer parts.Wait()
	if cfg.Part.Shared() {
		mirror, err := grantlog.Open(logAddr, grantlog.MirrorStream)
		if err != nil {
			return err
		}
		defer mirror.Close()
		h := &heir{c: c, cfg: cfg, log: mirror, idip: idip}
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		parts.Go(func() { _ = h.inherit(ctx) })
	}
	return c.run(ctx, lanes, cfg, ask)
}

// courier is the state that the admin port shows.
type courier struct {
	switches *control.Current
	open     atomic.Pointer[opened] // nil until the log is reached
	counts   [maxGames]counts       // by game
}

const maxGames = 1 << 8 // as many as a game's number can name

// opened is what the courier has once it has reached the log.
type opened struct {
	log   *grantlog.Log
	lanes *grantlog.Lanes
}

// counts are one game's totals.
type counts struct {
	delivered, repeats, conflicts, failures, reissues, tagless atomic.Uint64
}

// run serves all lanes until ctx ends or the log turns out to be unreadable.
func (c *courier) run(ctx context.Context, lanes *grantlog.Lanes, cfg config.Config, ask asker) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return lanes.Run(ctx) })
	say, d := &voice{}, desk{activity: cfg.Activity}
	for game := range cfg.Activity.Games {
		r := newRound(game, cfg, &c.counts[game])
		r.say, r.switches, d.rounds = say, c.switches, append(d.rounds, r)
		all.Go(func() error { return r.run(ctx, lanes.Lane(game), ask) })
	}
	if cfg.Inner != "" {
		all.Go(func() error { return d.serve(ctx, cfg.Inner) })
	}
	if err := all.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// healthy does not ask the games: a third party that is down makes deliveries late, not the courier ill.
func (c *courier) healthy() error {
	o := c.open.Load()
	if o == nil {
		return errors.New("the log has not been reached yet")
	}
	return errors.Join(o.log.Healthy(), o.lanes.Healthy())
}

// metrics shows every game from the start, with zeros until the log is reached.
func (c *courier) metrics(r admin.Registry, games uint8) {
	for game := range games {
		labels, n := admin.Labels{"game": strconv.Itoa(int(game))}, &c.counts[game]
		r.Gauge("redpacket_backlog", "Grants of the game that are logged and not delivered.", labels,
			func() float64 { grants, _ := c.backlog(game); return grants })
		r.Gauge("redpacket_backlog_age_seconds", "How long ago the oldest of them was logged.", labels,
			func() float64 { _, age := c.backlog(game); return age })
		r.Counter("redpacket_delivered_total", "Orders that the game answered with delivered.", labels,
			func() float64 { return float64(n.delivered.Load()) })
		r.Counter("redpacket_repeats_total", "Orders that the game had delivered before.", labels,
			func() float64 { return float64(n.repeats.Load()) })
		r.Counter("redpacket_conflicts_total", "Orders that the game will never deliver.", labels,
			func() float64 { return float64(n.conflicts.Load()) })
		r.Counter("redpacket_reissues_total", "Orders that were delivered again because recon asked.", labels,
			func() float64 { return float64(n.reissues.Load()) })
		r.Counter("redpacket_delivery_failures_total", "Requests without an answer that could be used.", labels,
			func() float64 { return float64(n.failures.Load()) })
	}
	r.Counter("redpacket_poisoned_total", "Grants not delivered because their user and their tag contradict each other.", admin.Labels{"at": "courier"},
		c.tagless)
	r.Counter("redpacket_strays_total", "Grants in the log that belong to no game of the activity.", nil, c.strays)
}

// backlog is a game's queue in numbers for the scrape.
func (c *courier) backlog(game uint8) (grants, age float64) {
	o := c.open.Load()
	if o == nil {
		return 0, 0
	}
	n, oldest := o.lanes.Lane(game).Backlog()
	return float64(n), oldest.Seconds()
}

// tagless should be 0 for ever, too: the log takes no such grant.
func (c *courier) tagless() (n float64) {
	for game := range c.counts {
		n += float64(c.counts[game].tagless.Load())
	}
	return n
}

// strays should be 0 for ever: each is money that nobody will deliver.
func (c *courier) strays() float64 {
	o := c.open.Load()
	if o == nil {
		return 0
	}
	return float64(o.lanes.Strays())
}

// mostLines bounds what a lane may write to the process' log.
const mostLines = 1000

// voice writes to the process' log, a bounded number of lines.
type voice struct {
	mu    sync.Mutex
	lines int
}

// line writes one line, while there are lines left.
func (v *voice) line(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.lines++; v.lines <= mostLines {
		fmt.Printf("courier: "+format+"\n", args...)
	}
}
