// Package gslb is the role gslb: it answers users' DNS queries with the data centre that they are to use, by the weights of
// their region and the health of the data centres' gateways.
package gslb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/names"
)

// Run answers on cfg.Front, UDP and TCP, until ctx ends. Weights are changed over the admin port; see change.
func Run(ctx context.Context, cfg config.Config) error {
	b, err := newBalancer(cfg)
	if err != nil {
		return err
	}
	server, err := names.Listen(cfg.Front, b.lookup)
	if err != nil {
		return err
	}
	return b.run(ctx, cfg, server)
}

// balancer is the role's memory.
type balancer struct {
	token string
	rules config.Balance
	sites []config.Site
	addrs []netip.Addr // of the sites' front doors
	now   atomic.Pointer[table]

	mu      sync.Mutex // of whoever changes the table
	found   []bool     // by site: it was healthy once
	changes atomic.Uint64
	answers [][]atomic.Uint64 // by region and data centre
	unknown atomic.Uint64     // queries for a region that there is not
}

func newBalancer(cfg config.Config) (*balancer, error) {
	rules := cfg.Rules.Balance
	if len(cfg.Sites) == 0 || rules.TTL <= 0 || rules.Every <= 0 || rules.Within <= 0 || rules.Fall < 1 || rules.Rise < 1 {
		return nil, fmt.Errorf("node %s has %d sites and the balance %+v; it needs a site at least, and all of the balance above 0", cfg.Node, len(cfg.Sites), rules)
	}
	b := &balancer{token: cfg.Token, rules: rules, sites: cfg.Sites, found: make([]bool, len(cfg.Sites))}
	var idcs []string
	for _, s := range cfg.Sites {
		front, err := netip.ParseAddrPort(s.Front)
		if err != nil || !front.Addr().Is4() || slices.Contains(idcs, s.IDC) {
			return nil, fmt.Errorf("node %s: the site of data centre %q at %q: want one IPv4 address and port for each data centre", cfg.Node, s.IDC, s.Front)
		}
		idcs, b.addrs = append(idcs, s.IDC), append(b.addrs, front.Addr())
		b.answers = append(b.answers, make([]atomic.Uint64, len(cfg.Sites)))
	}
	b.now.Store(newTable(idcs))
	return b, nil
}

// run serves until ctx ends.
func (b *balancer) run(ctx context.Context, cfg config.Config, server *names.Server) error {
	ctx, stop := context.WithCancel(ctx)
	var probes sync.WaitGroup
	defer probes.Wait()
	defer stop()
	switches := control.Follow(ctx, cfg)
	switches.OnChange(b.drained)
	page := admin.Page{Node: cfg.Node, Metrics: b.metrics(server), Healthy: b.healthy, More: b.handlers(), Switches: switches}
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	for i, site := range b.sites {
		p := newProber(site, b.rules, func(healthy bool, why error) { b.told(i, healthy, why) })
		probes.Go(func() { p.run(ctx) })
	}
	return server.Serve(ctx)
}

// lookup answers one query: the data centre's address, and how long to keep it.
func (b *balancer) lookup(q names.Question) (names.Answer, bool) {
	ttl := b.rules.TTL.D()
	t := b.now.Load()
	name, _ := names.Region(q.Name)
	region := slices.Index(t.idcs, name)
	if region < 0 {
		b.unknown.Add(1)
		return names.Answer{TTL: ttl}, false
	}
	idc := t.pick(region, bucketOf(q.From))
	b.answers[region][idc].Add(1)
	return names.Answer{Addrs: b.addrs[idc : idc+1], TTL: ttl}, true
}

// told takes in a gateway's health.
func (b *balancer) told(site int, healthy bool, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.found[site] = b.found[site] || why == nil
	if t := b.now.Load(); t.healthy[site] != healthy {
		b.now.Store(t.mark(site, healthy))
		if healthy {
			fmt.Printf("gslb: gateway %s is healthy again\n", b.sites[site].Node)
		} else {
			fmt.Printf("gslb: gateway %s is out: %v\n", b.sites[site].Node, why)
		}
	}
}

// weigh changes a region's weights, or all regions'.
func (b *balancer) weigh(region string, w Weights) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next, err := b.now.Load().weigh(region, w)
	if err != nil {
		return err
	}
	b.now.Store(next)
	b.changes.Add(1)
	fmt.Printf("gslb: weights of region %q are now %v\n", region, w)
	return nil
}

// drained goes by the switches: what a data centre is drained of goes to the others, whatever the weights.
func (b *balancer) drained(s control.Settings) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now.Store(b.now.Load().drain(s.Drained.Weight))
}

// healthy is nil once every gateway has been seen healthy. A gateway that fails later makes the gslb do its work, not ill.
func (b *balancer) healthy() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.now.Load()
	var errs []error
	for i, s := range b.sites {
		if !b.found[i] {
			errs = append(errs, fmt.Errorf("gateway %s of data centre %s was not seen healthy yet", s.Node, t.idcs[i]))
		}
	}
	return errors.Join(errs...)
}

func (b *balancer) metrics(server *names.Server) admin.Registry {
	r := admin.NewRegistry()
	for i, region := range b.now.Load().idcs {
		r.Gauge("redpacket_gslb_healthy", "1 while users are sent to the data centre.", admin.Labels{"idc": region}, func() float64 {
			if b.now.Load().healthy[i] {
				return 1
			}
			return 0
		})
		for j, idc := range b.now.Load().idcs {
			labels := admin.Labels{"region": region, "idc": idc}
			r.Counter("redpacket_gslb_answers_total", "Queries of a region answered with a data centre.", labels,
				func() float64 { return float64(b.answers[i][j].Load()) })
			r.Gauge("redpacket_gslb_weight", "Weight of a data centre for a region.", labels, func() float64 { return float64(b.now.Load().weights[i][j]) })
		}
	}
	r.Counter("redpacket_gslb_unknown_total", "Queries for a region that there is not.", nil, func() float64 { return float64(b.unknown.Load()) })
	r.Counter("redpacket_gslb_refused_total", "Queries that were none of this zone.", nil, func() float64 { return float64(server.Refused()) })
	r.Counter("redpacket_gslb_changes_total", "Changes of weights.", nil, func() float64 { return float64(b.changes.Load()) })
	r.Gauge("redpacket_gslb_ttl_seconds", "How long clients keep an answer.", nil, func() float64 { return b.rules.TTL.D().Round(time.Second).Seconds() })
	return r
}
