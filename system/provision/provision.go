// Package provision makes a topology run: every node a container with a fixed address, every hop through its linkd, and
// everything labelled, so that whatever ends the harness, nothing is left. It returns the running cluster and its levers.
package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/images"
	"redpacket/system/mutant"
	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// ErrNoDocker is wrapped by the error of everything here that needs a Docker Engine and finds none.
var ErrNoDocker = docker.ErrNoDocker

// Plan is a system to be made to run.
type Plan struct {
	Topology topology.Topology
	Activity activity.Activity
	Rules    config.Rules
	Say      func(string) // hears a line for each long step; nil: nobody does
	Cores    string       // the cores that the containers may use, such as "1" or "0-2"; empty: all of the machine
	Beside   string       // the cores of the stores and of the delivery side instead; empty: Cores

	// Mutant, unless empty, asks for the app image that can have a deliberate bug, and names the bug; see system/mutant.
	Mutant string
	// MutantOn names the nodes that have the bug; none: all.
	MutantOn []string

	// Tune, unless nil, may change the orders of an app node before it starts.
	Tune func(node topology.Node, c *config.Config)
}

// The bounds of coming and going.
const (
	healthyWithin = 60 * time.Second // from the start of the containers until all are healthy
	giveUpWithin  = 30 * time.Second // for removing what a failed Up had made
)

// Up makes the plan run and returns when every node is healthy: from cached images that takes seconds, else minutes.
// When it fails, or ctx ends first, what it had made is removed. The program must call BecomeReaper first in main.
func Up(ctx context.Context, p Plan) (*Cluster, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Say == nil {
		p.Say = func(string) {}
	}
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c, err := newCluster(engine, p)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	if err := c.raise(ctx); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpWithin)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("stand up %s: %w", p.Topology.Name, err), c.Down(ctx))
	}
	c.raised = true
	return c, nil
}

func (p Plan) check() error {
	_, cores := coreCount(p.Cores)
	_, beside := coreCount(p.Beside)
	errs := []error{cores, beside, p.Topology.Check(), p.Activity.Check()}
	if p.Mutant != "" {
		errs = append(errs, mutant.Check(p.Mutant))
	}
	idcs := p.Topology.IDCs()
	for _, idc := range idcs {
		if _, err := activity.PartOf(idc, len(idcs)); err != nil {
			errs = append(errs, fmt.Errorf("topology %s: %w", p.Topology.Name, err))
		}
	}
	if n := len(p.Topology.Nodes); n > maxNodes {
		errs = append(errs, fmt.Errorf("topology %s: %d nodes; a network has room for %d", p.Topology.Name, n, maxNodes))
	}
	return errors.Join(errs...)
}

// ensure makes the images that the plan asks for.
func (p Plan) ensure() func(context.Context, func(string)) (images.Images, error) {
	if p.Mutant != "" {
		return images.EnsureMutant
	}
	return images.Ensure
}

// raise brings the cluster up: images, networks and volumes side by side, then all containers at once. Nobody waits for
// a peer to be there first: every role dials until it is answered.
func (c *Cluster) raise(ctx context.Context) error {
	if err := c.reaper.start(c.run, c.owner); err != nil {
		return err
	}
	ready, within := errgroup.WithContext(ctx)
	ready.Go(func() (err error) {
		if c.images, err = c.plan.ensure()(within, c.plan.Say); err != nil {
			return err
		}
		return c.gather(within)
	})
	ready.Go(func() error {
		if _, err := sweep(within, c.engine, false); err != nil && !onlyMiscounted(err) {
			c.plan.Say("could not remove what earlier runs left: " + err.Error())
		}
		return c.lay(within)
	})
	if err := ready.Wait(); err != nil {
		return err
	}
	configs, err := render(c.plan, c.layout, c.secret)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, healthyWithin, fmt.Errorf("not healthy within %s", healthyWithin))
	defer cancel()
	if err := c.holdDisks(ctx); err != nil {
		return err
	}
	nodes, within := errgroup.WithContext(ctx)
	for _, n := range c.plan.Topology.Nodes {
		nodes.Go(func() error { return c.launch(within, n, configs[n.Name]) })
	}
	return nodes.Wait()
}

// lay makes the networks and the volumes.
func (c *Cluster) lay(ctx context.Context) error {
	front, inner, err := c.connectNetworks(ctx)
	if err != nil {
		return err
	}
	c.layout = place(c.plan.Topology, front, inner)
	volumes, ctx := errgroup.WithContext(ctx)
	for _, n := range c.plan.Topology.Nodes {
		if n.Data {
			volumes.Go(func() error {
				return c.engine.CreateVolume(ctx, docker.Volume{Name: c.name(n.Name), Labels: c.labels(n.Name), MiB: n.DiskMiB})
			})
		}
	}
	return volumes.Wait()
}

// startsAtOnce bounds how many containers the engine is asked to start at a time: more are not sooner, since it works at
// the limit of two cores, and what it was asked for when we die must be waited for before it can be removed.
const startsAtOnce = 4

// launch starts one node and waits until it is healthy; its error tells the node's last words.
func (c *Cluster) launch(ctx context.Context, n topology.Node, cfg config.Config) error {
	container, err := c.container(n, cfg)
	if err != nil {
		return err
	}
	c.starting <- struct{}{}
	id, err := c.engine.Run(ctx, container)
	<-c.starting
	c.remember(n.Name, id)
	if err != nil {
		return err
	}
	if err := c.await(ctx, n); err != nil {
		return fmt.Errorf("node %s: %w%s", n.Name, err, c.lastWords(n.Name))
	}
	return nil
}

// Down kills and removes everything of the run, and returns when it is gone. A second call does nothing. When it fails,
// it may be called again; what is left then goes when the process ends.
func (c *Cluster) Down(ctx context.Context) error {
	quiet := quietAtRest
	if !c.raised {
		quiet = quietAfter
	}
	switch _, err := removeRuns(ctx, c.engine, []string{c.run}, quiet); {
	case onlyMiscounted(err):
		c.plan.Say(err.Error())
	case err != nil:
		return fmt.Errorf("take down %s: %w", c.plan.Topology.Name, err)
	}
	c.reaper.dismiss()
	return c.hangUp()
}

// Nodes are the names of the plan's nodes, sorted.
func (c *Cluster) Nodes() []string {
	var names []string
	for _, n := range c.plan.Topology.Nodes {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return names
}
