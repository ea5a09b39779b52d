package faultstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"redpacket/faults"
)

// Memory is a system made of memory: it has the levers of nodes and their Hurts, and no other. The zero value has no nodes.
type Memory struct {
	others
	Hurts

	// Stuck is why the levers mend nothing; empty: they do.
	Stuck string
	// Weak makes every lever that hurts do nothing.
	Weak bool

	mu    sync.Mutex
	doing map[string]faults.State
}

// others are the levers that it does not have.
type others struct{ faults.Levers }

// Has makes nodes, running. It returns the system.
func (m *Memory) Has(nodes ...string) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Allow = m.allows
	if m.doing == nil {
		m.doing = map[string]faults.State{}
	}
	for _, n := range nodes {
		m.doing[n] = faults.Running
	}
	return m
}

// Nodes are the names of all nodes, sorted.
func (m *Memory) Nodes() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for n := range m.doing {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Links are none: a system of memory has no hops.
func (m *Memory) Links(victim string) ([]faults.Link, error) {
	return nil, fmt.Errorf("no link leads to %q", victim)
}

// Kill kills a node.
func (m *Memory) Kill(_ context.Context, node string) error { return m.hurt(node, faults.Dead) }

// Start starts a dead node.
func (m *Memory) Start(_ context.Context, node string) error { return m.mend(node, faults.Dead) }

// Pause freezes a node. A dead one cannot be frozen.
func (m *Memory) Pause(ctx context.Context, node string) error {
	if is, _ := m.Look(ctx, node); is == faults.Dead {
		return fmt.Errorf("node %s is dead", node)
	}
	return m.hurt(node, faults.Frozen)
}

// Resume lets a frozen node go on.
func (m *Memory) Resume(_ context.Context, node string) error { return m.mend(node, faults.Frozen) }

// Look tells what a node does.
func (m *Memory) Look(_ context.Context, node string) (faults.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	is, known := m.doing[node]
	if !known {
		return is, fmt.Errorf("there is no node %q", node)
	}
	return is, nil
}

func (m *Memory) hurt(node string, to faults.State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.doing[node]; !known {
		return fmt.Errorf("there is no node %q", node)
	}
	if !m.Weak {
		m.doing[node] = to
	}
	return nil
}

// Limit bounds a node's memory to what it uses, so that it dies.
func (m *Memory) Limit(ctx context.Context, node string, bytes uint64) error {
	if err := m.Hurts.Limit(ctx, node, bytes); err != nil || bytes == 0 {
		return err
	}
	m.recovers(node)
	return m.hurt(node, faults.Dead)
}

// allows is what a lever does that is no node's own.
func (m *Memory) allows(node string, heals bool) (skip bool, err error) {
	if _, err := m.Look(context.Background(), node); err != nil {
		return false, err
	}
	if heals && m.Stuck != "" {
		return false, errors.New(m.Stuck)
	}
	return !heals && m.Weak, nil
}

// mend ends one state of a node, and no other.
func (m *Memory) mend(node string, from faults.State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	is, known := m.doing[node]
	switch {
	case !known:
		return fmt.Errorf("there is no node %q", node)
	case m.Stuck != "":
		return errors.New(m.Stuck)
	case is == from:
		m.doing[node] = faults.Running
	}
	return nil
}
