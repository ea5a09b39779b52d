package provision

import (
	"context"
	"fmt"

	"redpacket/system/provision/docker"
)

// Kill ends a node's process as a crash would: no warning, nothing flushed that was not. It returns when the node is
// dead. Killing a dead node is no error.
func (c *Cluster) Kill(ctx context.Context, node string) error {
	return c.pull(ctx, "kill", node, func(ctx context.Context, id string) error {
		c.mark(ctx, node, true)
		return c.engine.Kill(ctx, id)
	})
}

// Start starts a node that is dead, with its old address and volume, and returns when its process runs, which is before
// it is healthy. Starting a running node does nothing.
func (c *Cluster) Start(ctx context.Context, node string) error {
	return c.pull(ctx, "start", node, func(ctx context.Context, id string) error {
		c.mark(ctx, node, false)
		c.rise(node, true)
		return c.engine.Start(ctx, id)
	})
}

// Pause freezes a node: its connections stay open and nobody answers on them. Freezing a frozen node is no error.
func (c *Cluster) Pause(ctx context.Context, node string) error {
	return c.pull(ctx, "pause", node, func(ctx context.Context, id string) error {
		c.freeze(node, true)
		return c.engine.Pause(ctx, id)
	})
}

// Resume lets a frozen node go on. A node that is not frozen is no error.
func (c *Cluster) Resume(ctx context.Context, node string) error {
	return c.pull(ctx, "resume", node, func(ctx context.Context, id string) error {
		err := c.engine.Resume(ctx, id)
		if err == nil {
			c.freeze(node, false)
		}
		return err
	})
}

// Look tells what can be seen of a node from outside: whether its process runs, and whether it is frozen.
func (c *Cluster) Look(ctx context.Context, node string) (running, frozen bool, err error) {
	err = c.pull(ctx, "look at", node, func(ctx context.Context, id string) error {
		s, err := c.engine.State(ctx, id)
		running, frozen = s.Running, s.Paused
		return err
	})
	return running, frozen, err
}

// Squeeze bounds the processor time of a node to so many cores (0.01 or more) until it is called with 0, which lets go.
func (c *Cluster) Squeeze(ctx context.Context, node string, cores float64) error {
	return c.pull(ctx, "squeeze", node, func(ctx context.Context, id string) error { return c.engine.Squeeze(ctx, id, cores) })
}

// Squeezed is how many cores a node may use; 0: there is no bound.
func (c *Cluster) Squeezed(ctx context.Context, node string) (cores float64, err error) {
	b, err := c.bounds(ctx, node)
	return b.Cores, err
}

// Limit bounds the memory of a node, in bytes, until it is called with 0, which lets go. What dies while it is bounded was
// killed by us. It is an error when the node holds more already and the kernel cannot take it back.
func (c *Cluster) Limit(ctx context.Context, node string, bytes uint64) error {
	return c.pull(ctx, "limit", node, func(ctx context.Context, id string) error {
		if bytes > 0 {
			c.mark(ctx, node, true)
		} else if state, err := c.engine.State(ctx, id); err == nil && state.Running {
			c.mark(ctx, node, false)
		}
		return c.engine.Limit(ctx, id, bytes)
	})
}

// Limited is how much memory a node may use, in bytes; 0: there is no bound.
func (c *Cluster) Limited(ctx context.Context, node string) (bytes uint64, err error) {
	b, err := c.bounds(ctx, node)
	return b.Memory, err
}

// Weigh is how much memory a node uses that the kernel cannot take back, in bytes.
func (c *Cluster) Weigh(ctx context.Context, node string) (bytes uint64, err error) {
	err = c.pull(ctx, "weigh", node, func(ctx context.Context, id string) (err error) {
		bytes, err = c.engine.Memory(ctx, id)
		return err
	})
	return bytes, err
}

func (c *Cluster) bounds(ctx context.Context, node string) (b docker.Bounds, err error) {
	err = c.pull(ctx, "look at", node, func(ctx context.Context, id string) (err error) {
		b, err = c.engine.Bounds(ctx, id)
		return err
	})
	return b, err
}

func (c *Cluster) pull(ctx context.Context, what, node string, lever func(context.Context, string) error) error {
	id, err := c.id(node)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := lever(ctx, id); err != nil {
		return fmt.Errorf("%s node %s: %w", what, node, err)
	}
	return nil
}

func (c *Cluster) freeze(node string, frozen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen[node] = frozen
}

// rise notes that a node was started, or that it has answered.
func (c *Cluster) rise(node string, rising bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rising[node] = rising
}

// starts says that a node was started by our own lever and has not answered yet.
func (c *Cluster) starts(node string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rising[node]
}

// silenced says that a node says nothing because our own lever took care of it.
func (c *Cluster) silenced(node string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed[node] || c.frozen[node]
}

// mark notes that the node's coming death, or life, is our doing. A node that was already dead by itself is written
// down first: the lever would hide that.
func (c *Cluster) mark(ctx context.Context, node string, killed bool) {
	death, dead := c.examine(ctx, node)
	c.mu.Lock()
	defer c.mu.Unlock()
	if dead && !c.killed[node] {
		c.deaths = append(c.deaths, death)
	}
	c.killed[node] = killed
}
