package faults

import (
	"context"
	"fmt"
	"time"

	"redpacket/system/ail"
)

// Ailer makes the process of a node behave ill. Redis, PostgreSQL and Prometheus cannot be made to.
type Ailer interface {
	Ail(ctx context.Context, node, name string, o ail.Order) error // returns when the process has it
	Well(ctx context.Context, node, name string) error             // a node that is dead is well
	Ails(ctx context.Context, node string) (ail.View, error)       // empty of a node that is dead, or cannot be ill
}

// AilsFor is how long a process stays ill when nobody heals it, the warden included: longer than any drill.
const AilsFor = 30 * time.Minute

// AilsOf is the audit's question for illnesses: those that are there and are of a kind. A node that no packet reaches cannot
// be asked; the audit names it for that.
func AilsOf(ctx context.Context, on Levers, kind func(ail.Symptoms) bool) ([]Residue, error) {
	spoilt, err := on.Spoils(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for nodes that cannot be asked: %w", err)
	}
	deaf := map[string]bool{}
	for _, s := range spoilt {
		deaf[s.Node] = deaf[s.Node] || s.Drop != nil && len(s.Drop.Links)+len(s.Drop.Peers) == 0 && !s.Drop.Front
	}
	return Each(ctx, on, func(ctx context.Context, node string) (string, error) {
		if deaf[node] {
			return "", nil
		}
		view, err := on.Ails(ctx, node)
		for name, a := range view.Ails {
			if kind(a.Symptoms) {
				return "is ill: " + name, err
			}
		}
		return "", err
	})
}

// Each asks all nodes at once what is wrong with them; empty: nothing.
func Each(ctx context.Context, on Looker, ask func(ctx context.Context, node string) (string, error)) ([]Residue, error) {
	type answer struct {
		node, what string
		err        error
	}
	nodes := on.Nodes()
	answers := make(chan answer, len(nodes))
	for _, node := range nodes {
		go func() {
			what, err := ask(ctx, node)
			answers <- answer{node, what, err}
		}()
	}
	var found []Residue
	var failed error
	for range nodes {
		a := <-answers
		if a.what != "" {
			found = append(found, Residue{Victim: a.node, What: a.what})
		}
		if a.err != nil && failed == nil {
			failed = fmt.Errorf("node %s: %w", a.node, a.err)
		}
	}
	return found, failed
}
