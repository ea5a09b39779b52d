package main

import (
	"context"

	"redpacket/loadprofiles/estimate"
)

// estimate prints the capacity sheet that follows from the festival's estimate, or from a file.
func (a *app) estimate(_ context.Context, args []string, _ options) (int, error) {
	read := estimate.Festival
	if len(args) > 0 {
		read = func() (estimate.Sheet, error) { return estimate.Open(args[0]) }
	}
	s, err := read()
	if err != nil {
		return exitRig, err
	}
	return exitPass, s.Write(a.out)
}
