package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Death is a node that ended though nobody killed it, or that panicked.
type Death struct {
	Node string `json:"node"`
	Why  string `json:"why"`
	Exit int    `json:"exit"`           // the container's exit code; 0 when it runs
	Said string `json:"said,omitempty"` // the line of its log that tells
}

// mostSaid bounds the lines of one node's log that are reported.
const mostSaid = 5

// Autopsy looks at every node: did it end though none of our levers ended it, was it killed for memory, does its log
// hold a panic? Deaths that a later lever hid are there too. Reading the logs takes some 10 ms a node.
func (c *Cluster) Autopsy(ctx context.Context) ([]Death, error) {
	var mu sync.Mutex
	c.mu.Lock()
	deaths := slices.Clone(c.deaths)
	c.mu.Unlock()
	err := c.eachNode(ctx, func(ctx context.Context, node string) error {
		found, err := c.dissect(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		deaths = append(deaths, found...)
		return err
	})
	slices.SortStableFunc(deaths, func(a, b Death) int { return strings.Compare(a.Node, b.Node) })
	return deaths, err
}

func (c *Cluster) dissect(ctx context.Context, node string) ([]Death, error) {
	id, err := c.id(node)
	if err != nil {
		return nil, err
	}
	var found []Death
	c.mu.Lock()
	ours := c.killed[node]
	c.mu.Unlock()
	death, dead := c.examine(ctx, node)
	if dead && !ours {
		found = append(found, death)
	}
	err = c.engine.Logs(ctx, id, 0, func(line string) {
		if why := fatal(line); why != "" && len(found) < mostSaid && !traced(found, why) {
			found = append(found, Death{Node: node, Why: why, Exit: death.Exit, Said: line})
		}
	})
	return found, err
}

// traced says that a line is the stack of the panic that was found before it.
func traced(found []Death, why string) bool {
	return why == leftStack && len(found) > 0 && found[len(found)-1].Why == panicked
}

// examine says whether a node's container has ended, and how. One that cannot be looked at has not been seen dead.
func (c *Cluster) examine(ctx context.Context, node string) (Death, bool) {
	id, err := c.id(node)
	if err != nil {
		return Death{}, false
	}
	state, err := c.engine.State(ctx, id)
	if err != nil || state.Running && !state.OutOfMem {
		return Death{}, false
	}
	why := "ended by itself"
	if state.OutOfMem {
		why = "was killed for its memory"
	}
	return Death{Node: node, Why: why, Exit: state.ExitCode}, true
}

// What a line of a log may tell, where more than one place asks for it.
const (
	panicked  = "panicked"
	leftStack = "left the stack of a panic"
)

// fatal says what a line of a log tells of its process' end, or of a panic that somebody swallowed; empty: nothing. Go's
// own last words, net/http's about a handler that panicked, the head of any stack that Go prints, those of our roles (the
// binary prints its name before the error that ends it), Redis' and PostgreSQL's.
func fatal(line string) string {
	switch {
	case strings.HasPrefix(line, "panic:"), strings.HasPrefix(line, "fatal error:"), strings.Contains(line, "http: panic serving "):
		return panicked
	case strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:"):
		return leftStack
	case strings.HasPrefix(line, "redpacket: "):
		return "ended with an error"
	case strings.Contains(line, "REDIS BUG REPORT START"), strings.Contains(line, " PANIC:  "):
		return "crashed"
	}
	return ""
}

// eachNode does something for all nodes at once; the error joins what went wrong, by node.
func (c *Cluster) eachNode(ctx context.Context, do func(ctx context.Context, node string) error) error {
	names := c.Nodes()
	errs := make([]error, len(names))
	var all sync.WaitGroup
	for i, node := range names {
		all.Go(func() {
			if err := do(ctx, node); err != nil {
				errs[i] = fmt.Errorf("node %s: %w", node, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
