package drillstest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"redpacket/drills/record"
	"redpacket/faults"
)

// Kill kills a node; the shard moves to the next epoch at once.
func (s *System) Kill(_ context.Context, node string) error {
	s.mu.Lock()
	s.epoch++
	s.dead = append(s.dead, record.Death{Node: node, Why: "killed"})
	s.mu.Unlock()
	return s.do(node, faults.Dead)
}

// Start lets a killed node run.
func (s *System) Start(_ context.Context, node string) error { return s.mend(node, faults.Dead) }

// Pause freezes a node, which hurts nobody.
func (s *System) Pause(_ context.Context, node string) error { return s.do(node, faults.Frozen) }

// Resume lets a frozen node go on.
func (s *System) Resume(_ context.Context, node string) error { return s.mend(node, faults.Frozen) }

// mend ends one state of a node, and no other.
func (s *System) mend(node string, state faults.State) error {
	if s.Stuck != "" {
		return errors.New(s.Stuck)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doing[node] == state {
		delete(s.doing, node)
	}
	return nil
}

// Nodes are those that were hurt, and the stores and the optional parts.
func (s *System) Nodes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	nodes := append([]string{"cmem-1", "cmem-2", "recommend", "registry", "report"}, slices.Collect(maps.Keys(s.doing))...)
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// Look tells what the levers made of a node.
func (s *System) Look(_ context.Context, node string) (faults.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, hurt := s.doing[node]; hurt {
		return now, nil
	}
	return faults.Running, nil
}

// Links are those that the test gave the system.
func (s *System) Links(victim string) ([]faults.Link, error) {
	if s.Hops == nil {
		return nil, fmt.Errorf("no link %q: a system of memory has none but those it is given", victim)
	}
	return s.Hops(victim)
}

func (s *System) do(node string, now faults.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doing == nil {
		s.doing = map[string]faults.State{}
	}
	s.doing[node] = now
	return nil
}
