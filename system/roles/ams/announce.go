package ams

import (
	"context"
	"fmt"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/l5"
)

// announce has the instance on its callers' lists until ctx ends, if there is a link to the store that they look into.
func announce(ctx context.Context, cfg config.Config, role string) {
	addr, linked := cfg.Peers["control"]
	if !linked {
		return
	}
	rules, err := l5.Named(cfg.Rules.L5)
	var store *control.Store
	if err == nil {
		store, err = control.Dial(addr)
	}
	if err != nil {
		fmt.Printf("%s: %v; it is on no list of instances\n", cfg.Node, err)
		return
	}
	defer store.Close()
	l5.Announce(ctx, store, rules, role, cfg.Node)
}
