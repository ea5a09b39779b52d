// Package recon is the role recon: it compares log, Redis and ledger in bounded passes, has what was missed delivered
// again by the courier, and writes what contradicts itself into dead letters.
package recon

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/ledger"
	"redpacket/system/roles/idip/delivery"
)

// Run runs the role until ctx ends. It is healthy once it has reached the log and the ledger, and does nothing until a
// pass is asked for, on the admin port:
//
//	POST /-/recon/run?rate=50000&within=10m&from=0&reissue=10000&dry=false  202; 409 while one runs; all are optional
//	GET  /-/recon                                                           200 a recon.Result, also while a pass runs
func Run(ctx context.Context, cfg config.Config) error {
	peers := map[string]string{}
	for _, name := range []string{"log", "ledger", "courier"} {
		addr, err := cfg.Own(name)
		if err != nil {
			return err
		}
		peers[name] = addr
	}
	d := newDesk()
	page := admin.Page{Node: cfg.Node, Metrics: admin.NewRegistry(), Healthy: d.healthy, Switches: control.Follow(ctx, cfg), More: map[string]http.Handler{
		"POST /-/recon/run": http.HandlerFunc(d.serveRun), "GET /-/recon": http.HandlerFunc(d.serveResult)}}
	d.metrics(page.Metrics)
	if err := admin.Serve(ctx, cfg.Admin, page); err != nil {
		return err
	}
	dsn := fmt.Sprintf("postgres://redpacket@%s/redpacket?sslmode=disable", peers["ledger"])
	book, err := ledger.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer book.Close()
	log, err := grantlog.Connect(ctx, peers["log"])
	if err != nil {
		return err
	}
	defer log.Close()
	shelves := stores{cfg: cfg, log: log, dsn: dsn}
	if third, ok := cfg.Peers["control"]; ok && cfg.Part.Shared() {
		store, err := control.Dial(third)
		if err != nil {
			return err
		}
		defer store.Close()
		if shelves.mirror, err = grantlog.Open(peers["log"], grantlog.MirrorStream); err != nil {
			return err
		}
		defer shelves.mirror.Close()
		shelves.witness = store.Witness()
	}
	w := worker{activity: cfg.Activity, part: cfg.Part, shelves: shelves, letters: book, now: time.Now, settle: settleFor, again: againSoon,
		courier: delivery.NewClient(peers["courier"], int(cfg.Activity.Games), courierWait)}
	d.open(log.Healthy)
	return d.work(ctx, w)
}
