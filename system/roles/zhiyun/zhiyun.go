// Package zhiyun is the role zhiyun, the operations platform: it keeps the switches, brings every change of them to every
// process and says who has not taken it, and activates playbooks, by hand or by their triggers.
package zhiyun

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/control/playbook"
	"redpacket/system/pause"
)

// Run runs the role until ctx ends. It is healthy once it knows what the system runs with. It needs the control store for
// nothing but company: without it, it asks and pushes to the processes directly.
func Run(ctx context.Context, cfg config.Config) error {
	books := playbook.Register()
	if err := playbook.CheckAll(books); err != nil {
		return err
	}
	if len(cfg.Instances) == 0 || cfg.Token == "" {
		return fmt.Errorf("zhiyun %s: it was told of %d processes, and a token of %d letters; it needs both", cfg.Node, len(cfg.Instances), len(cfg.Token))
	}
	own := control.Follow(ctx, cfg)
	p := newPlatform(cfg, books)
	if addr, linked := cfg.Peers["control"]; linked {
		store, err := control.Dial(addr)
		if err != nil {
			return err
		}
		defer store.Close()
		p.store = store
	}
	w := &watcher{platform: p, watch: playbook.NewWatch(books), capacity: cfg.Rules.Capacity}
	page := admin.Page{Node: cfg.Node, Metrics: metrics(p), Healthy: p.healthy, Switches: own, More: routes(p, w, cfg.Token)}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	p.learn(ctx)
	var calls sync.WaitGroup
	defer calls.Wait()
	calls.Go(func() { p.callAll(ctx) })
	w.run(ctx)
	return nil
}

// metrics shows which version is wanted and which playbooks are in force.
func metrics(p *platform) admin.Registry {
	r := admin.NewRegistry()
	r.Gauge("redpacket_switches_wanted", "The version of the switches that every process should run with.", nil,
		func() float64 { return float64(p.wanted.Load().Version) })
	r.Gauge("redpacket_switches_missing", "Processes that did not run with it when they were last asked.", nil,
		func() float64 { return float64(p.missing.Load()) })
	for _, b := range p.books {
		r.Gauge("redpacket_playbook_active", "1 while the playbook is in force.", admin.Labels{"playbook": b.ID}, func() float64 {
			for _, a := range p.wanted.Load().Active {
				if a.Playbook == b.ID {
					return 1
				}
			}
			return 0
		})
	}
	return r
}

// The platform's clock.
const (
	every       = time.Second            // scrapes, and looks who lags behind
	askWithin   = time.Second            // for one answer of one process
	againAfter  = 100 * time.Millisecond // before a process that did not take a push is tried again
	reachWithin = 4 * time.Second        // until every process must echo a change; then those missing are named
	storeWithin = 500 * time.Millisecond // for each word with the store: a change does not wait longer for it
	learnWithin = 3 * time.Second        // to find the store and the processes when the platform starts
)

// platform is the desired state, and the way to everyone.
type platform struct {
	node  string
	token string
	books []playbook.Playbook
	store *control.Store // nil: there is no link to one
	all   []config.Instance
	asker *http.Client

	turn    chan struct{} // has one place: whose change it is
	calls   chan playbook.Call
	wanted  box
	missing counter
	learned counter // 1 once the platform knows
}

func newPlatform(cfg config.Config, books []playbook.Playbook) *platform {
	p := &platform{node: cfg.Node, token: cfg.Token, books: books, all: cfg.Instances, turn: make(chan struct{}, 1), calls: make(chan playbook.Call, 1),
		asker: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, DisableCompression: true}}}
	p.wanted.Store(&control.Switches{})
	return p
}

func (p *platform) healthy() error {
	if p.learned.Load() == 0 {
		return errors.New("it does not know yet what the system runs with")
	}
	return nil
}

// learn finds out what the system runs with: the newest version that the store or any process has. It waits for them, but
// not for ever: after an outage of everything the platform must come up first.
func (p *platform) learn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, learnWithin)
	defer cancel()
	for ctx.Err() == nil {
		answered := p.adopt(ctx)
		if answered == len(p.all) && (p.store == nil || p.inStore(ctx)) {
			break
		}
		pause.For(ctx, againAfter)
	}
	p.learned.Store(1)
}

// adopt takes over the newest switches that a process runs with, and returns how many answered.
func (p *platform) adopt(ctx context.Context) (answered int) {
	echoes, errs := p.each(ctx, p.all, p.echo)
	for i, e := range echoes {
		if errs[i] != nil {
			continue
		}
		answered++
		p.newer(e.Switches)
	}
	return answered
}

// newer makes switches the wanted ones if they are newer than those.
func (p *platform) newer(s control.Switches) {
	for {
		old := p.wanted.Load()
		if s.Version <= old.Version || p.wanted.CompareAndSwap(old, &s) {
			return
		}
	}
}

// each asks some processes at once and returns their echoes, and errors, in their order.
func (p *platform) each(ctx context.Context, of []config.Instance, ask func(context.Context, config.Instance) (control.Echo, error)) ([]control.Echo, []error) {
	echoes, errs := make([]control.Echo, len(of)), make([]error, len(of))
	var group sync.WaitGroup
	for i, instance := range of {
		group.Go(func() { echoes[i], errs[i] = ask(ctx, instance) })
	}
	group.Wait()
	return echoes, errs
}
