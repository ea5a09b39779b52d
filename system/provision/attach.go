package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"redpacket/system/config"
	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// Attach takes the levers of a run that another process stood up, by what the engine knows of it alone: the topology that
// its front network carries, its containers' labels, and one process' orders. It may pull levers, read gauges and books; it
// cannot take the run down. Leave it.
func Attach(ctx context.Context, run string) (*Cluster, error) {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c, err := attach(ctx, engine, run)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("attach to run %s: %w", run, err), engine.Close())
	}
	return c, nil
}

// Leave ends the connection of a cluster that was attached to; everything goes on.
func (c *Cluster) Leave() error { return c.hangUp() }

func attach(ctx context.Context, engine *docker.Engine, run string) (*Cluster, error) {
	c, err := newCluster(engine, Plan{})
	if err != nil {
		return nil, err
	}
	c.run, c.raised = run, true
	networks, err := engine.Networks(ctx, labelRun+"="+run)
	if err != nil {
		return nil, err
	}
	if c.plan.Topology, err = topologyOf(networks); err != nil {
		return nil, err
	}
	inner := map[string]netip.Prefix{}
	for _, n := range networks {
		inner[strings.TrimPrefix(n.Name, c.name(""))] = n.Subnet
	}
	c.layout = place(c.plan.Topology, inner[networkFront], inner)
	things, err := engine.Things(ctx, labelRun+"="+run)
	if err != nil {
		return nil, err
	}
	for _, t := range things {
		if t.Kind == docker.Containers {
			c.remember(t.Labels[labelNode], t.ID)
		}
	}
	return c, c.learn(ctx)
}

// topologyOf reads the topology that one of a run's networks carries.
func topologyOf(networks []docker.Network) (t topology.Topology, err error) {
	for _, n := range networks {
		if text, there := n.Labels[labelTopology]; there {
			if err := json.Unmarshal([]byte(text), &t); err != nil {
				return t, fmt.Errorf("the topology on network %s: %w", n.Name, err)
			}
			return t, t.Check()
		}
	}
	return t, errors.New("none of its networks carries a topology; it stands no more, or not yet")
}

// learn takes what the run was given from the orders of one of its processes: they are the same in all.
func (c *Cluster) learn(ctx context.Context) error {
	for _, n := range c.plan.Topology.Nodes {
		id, err := c.id(n.Name)
		if err != nil || !n.Told() {
			continue
		}
		env, err := c.engine.Env(ctx, id)
		if err != nil {
			return err
		}
		orders, err := config.Parse([]byte(env[config.Variable]))
		if err != nil {
			return fmt.Errorf("the orders of %s: %w", n.Name, err)
		}
		c.secret = secrets{orders.Key, orders.Token}
		c.plan.Activity, c.plan.Rules = orders.Activity, orders.Rules
		return nil
	}
	return nil // a store by itself was told nothing
}
