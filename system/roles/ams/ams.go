// Package ams is the activity platform in two pools that cannot starve each other: light answers the pages' data, heavy
// decides claims and makes them durable before anyone hears of them.
package ams

import (
	"context"
	"fmt"
	"sync"
	"time"

	"redpacket/system/admin"
	"redpacket/system/ail"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/optional"
	"redpacket/system/report"
	"redpacket/system/wire"
)

// How many of what a process has. They are fixed: more work waits in line, where it is bounded and can be dropped.
const (
	claimWorkers   = 8
	receiptWorkers = 2
	claimBatch     = 512 // claims that are decided, logged and answered together
	readBatch      = 512
	claimLine      = 1 << 14
	readLine       = 1 << 15
	callerShare    = 2                    // a caller may have one part in so many of a line
	claimLinger    = 8 * time.Millisecond // how long the first claim of a batch waits for company
)

// Light serves lists, server lists and receipts on cfg.Inner until ctx ends. It needs cmem only for receipts.
func Light(ctx context.Context, cfg config.Config) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	l, health := newLight(cfg, since(time.Now())), ail.New(cfg.Node, cfg.Token)
	l.switches.Follow(ctx, cfg)
	l.lists.dial(ctx, cfg.PeersOf("recommend"), optional.Deadline)
	metrics := l.metrics()
	reporting(ctx, cfg, metrics, told{"ams-light", &l.answers, l.switches})
	if err := admin.Serve(ctx, cfg.Admin, admin.Page{Node: cfg.Node, Metrics: metrics, Healthy: l.shard.known, Switches: l.switches, Ail: health}); err != nil {
		return err
	}
	var parts sync.WaitGroup
	parts.Go(func() { l.shard.reach(ctx, cfg.Peers) })
	parts.Go(func() {
		if logs, err := connect(ctx, cfg); err == nil {
			defer logs.Close()
			l.shard.follow(ctx, cfg.IDC, logs)
		}
	})
	parts.Go(func() { l.run(ctx) })
	parts.Go(func() { announce(ctx, cfg, "ams-light") })
	err := wire.ListenCalls(ctx, cfg.Inner, health.Calls((&brake{share: slowReads}).serve(l.take)))
	stop()
	parts.Wait()
	return err
}

// Heavy serves claims on cfg.Inner until ctx ends. Until the log answers and the shard is open, it refuses them.
func Heavy(ctx context.Context, cfg config.Config) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	h, health := newHeavy(cfg, since(time.Now())), ail.New(cfg.Node, cfg.Token)
	h.desk.switches.Follow(ctx, cfg)
	h.newcomers.dial(ctx, cfg.PeersOf("registry"), optional.Deadline)
	metrics := h.metrics()
	reporting(ctx, cfg, metrics, told{"ams-heavy", &h.desk.answers, h.desk.switches})
	if err := admin.Serve(ctx, cfg.Admin, admin.Page{Node: cfg.Node, Metrics: metrics, Healthy: h.healthy, Switches: h.desk.switches, Ail: health, Data: cfg.Data}); err != nil {
		return err
	}
	spool, err := grantlog.OpenSpool(cfg.Data)
	if err != nil {
		return err
	}
	defer spool.Close()
	var parts sync.WaitGroup
	parts.Go(func() { h.shard.reach(ctx, cfg.Peers) })
	parts.Go(func() {
		if logs, err := connect(ctx, cfg); err == nil {
			defer logs.Close()
			h.begin(ctx, &places{spool: spool, logs: logs})
		}
	})
	parts.Go(func() { announce(ctx, cfg, "ams-heavy") })
	err = wire.ListenCalls(ctx, cfg.Inner, health.Calls((&brake{share: slowClaims}).serve(h.take)))
	stop()
	parts.Wait()
	return err
}

// told is what a pool reports, and the switches that may keep it from reporting.
type told struct {
	pool     string
	answers  *tallies
	switches *control.Current
}

// reporting sends what a pool answers to the collector, if there is one, until ctx ends.
func reporting(ctx context.Context, cfg config.Config, m admin.Registry, of told) {
	r := report.New(cfg.Node, cfg.PeersOf("report"), func(add func(series string, total uint64)) {
		for code := range api.Codes {
			add(of.pool+"."+code.String(), uint64(of.answers[code].Load()))
		}
	})
	r.Withhold(func() bool { return of.switches.Now().DropReports })
	r.Publish(m)
	r.Start(ctx)
}

// connect waits for the log, if it is the only one. Where there is a link to the other data centre's log, the log has a
// mirror there, and neither is waited for: one of them is enough to begin with, and which one is the shard's mode to say.
func connect(ctx context.Context, cfg config.Config) (grantlog.Twin, error) {
	addr, err := cfg.Own("log")
	if err != nil {
		fmt.Printf("%s: %v\n", cfg.Node, err)
		return grantlog.Twin{}, err
	}
	if mirror := cfg.Peers["log-"+cfg.Part.Other().String()]; cfg.Part.Shared() && mirror != "" {
		return grantlog.OpenTwin(cfg.IDC, addr, mirror)
	}
	log, err := grantlog.Connect(ctx, addr)
	return grantlog.Twin{IDC: cfg.IDC, Own: log}, err
}

// clock is the time since the process began; it never goes back.
type clock func() time.Duration

func since(begun time.Time) clock { return func() time.Duration { return time.Since(begun) } }

// answerer is where a call's answer goes: a wire.Caller.
type answerer interface {
	Reply(replies []wire.Reply)
	Owed() int // calls of this caller that are not answered yet
}

// bounded parts a batch that has just come from one caller: what is served, and what is refused because we owe the caller
// share answers already. So no caller, however it behaves, takes more than its share of a line from the others.
func bounded(batch []wire.Call, from answerer, share int) (served, over []wire.Call) {
	before := max(0, from.Owed()-len(batch)) // the batch is owed since it was read
	fit := min(len(batch), max(0, share-before))
	return batch[:fit], batch[fit:]
}

// waiting is a call in line.
type waiting struct {
	call wire.Call
	from answerer
	at   time.Duration // when it came
	left time.Duration // when it left this process' own line to wait for what another one does; 0: it has not
}

// refuse answers a call with a code alone; tgw has the words.
func refuse(c wire.Call, code api.Code) wire.Reply { return wire.Reply{ID: c.ID, Code: code} }
