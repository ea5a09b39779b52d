package faults

import (
	"context"
	"fmt"

	"redpacket/system/spoil"
)

// Spoiler does what can only be done from inside a node's network or on its disk.
type Spoiler interface {
	Spoil(ctx context.Context, s spoil.Spoil) error   // returns when it has been seen to hurt, or with an error when it hits nothing
	Restore(ctx context.Context, s spoil.Spoil) error // removes exactly what Spoil did; nothing where there is nothing
	Spoils(ctx context.Context) ([]spoil.Spoil, error)
}

// SpoilsOf is the audit's question for spoils: those that are there and are of a kind.
func SpoilsOf(ctx context.Context, on Spoiler, kind func(spoil.Spoil) bool) ([]Residue, error) {
	all, err := on.Spoils(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for what is spoilt: %w", err)
	}
	var found []Residue
	for _, s := range all {
		if kind(s) {
			found = append(found, Residue{Victim: s.Node, What: s.String()})
		}
	}
	return found, nil
}
