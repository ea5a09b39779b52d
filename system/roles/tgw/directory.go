package tgw

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/l5"
)

// discover keeps the pools' lists of instances by what those say of themselves in the control store, until ctx ends. The
// instances of the configuration are the start; without a link to a store they stay. Both data centres' instances of a
// role are in one list: each pool knows its own by their names.
func (g *gateway) discover(ctx context.Context, cfg config.Config) {
	addr, linked := cfg.Peers["control"]
	if !linked {
		return
	}
	store, err := control.Dial(addr)
	if err != nil {
		fmt.Printf("%s: %v; the instances are those it was configured with\n", cfg.Node, err)
		return
	}
	defer store.Close()
	var lists sync.WaitGroup
	defer lists.Wait()
	for i := range near {
		own, far := &g.pools[i], &g.pools[near+i]
		start := append(own.peers.Names(), far.peers.Names()...)
		d := &l5.Directory{Role: own.name, Rules: g.l5, Store: store, Start: start, Tell: func(names []string) {
			own.peers.List(names)
			far.peers.List(names)
		}, Said: func(format string, a ...any) { fmt.Printf(cfg.Node+": "+format+"\n", a...) }}
		if cfg.Data != "" {
			d.File = filepath.Join(cfg.Data, "l5-"+own.name+".json")
		}
		lists.Go(func() { d.Run(ctx) })
	}
}
