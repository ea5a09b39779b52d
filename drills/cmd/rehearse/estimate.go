package main

import (
	"context"

	"redpacket/loadprofiles/estimate"
	"redpacket/system/topology"
)

// estimate prints the capacity sheet.
func (a *app) estimate(context.Context, []string, options) (int, error) {
	return exitPass, estimate.Festival(topology.OneIDC()).Write(a.out)
}
