package main

import (
	"context"

	"redpacket/loadprofiles/estimate"
)

// estimate prints the capacity sheet.
func (a *app) estimate(context.Context, []string, options) (int, error) {
	return exitPass, estimate.Festival().Write(a.out)
}
