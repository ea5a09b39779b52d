package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"redpacket/system/inside"
	"redpacket/system/pause"
	"redpacket/system/provision/docker"
	"redpacket/system/spoil"
	"redpacket/system/topology"
)

// labelSpoil is on the helper of a spoil: what it spoils, as JSON. The helper is there from before the first rule is set
// until the last one is seen gone, so whoever finds no helper knows that nothing is spoilt.
const labelSpoil = "redpacket.spoil"

// The bounds of a helper.
const (
	spoilFor  = 30 * time.Minute // it undoes its own after this, if nobody told it to: longer than any drill
	hearEvery = 20 * time.Millisecond

	restoreWithin = 3 * time.Second // after a spoil that was seen to hurt nothing
	spoiltPath    = "/spoilt"       // where a helper finds the volume: no image has anything there
)

// Spoil spoils something of a node by a helper beside it, and returns when that has been seen to hurt. What is spoilt
// already stays so.
func (c *Cluster) Spoil(ctx context.Context, s spoil.Spoil) error {
	id, err := c.id(s.Node)
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		return fmt.Errorf("spoil: %w", err)
	}
	helper, err := c.helper(s, id)
	if err != nil {
		return fmt.Errorf("spoil node %s: %w", s.Node, err)
	}
	if helper.Image, err = c.appImage(ctx); err != nil {
		return err
	}
	if there, err := c.helpers(ctx, s.Name()); err != nil || len(there) > 0 {
		if len(there) > 0 && c.heard(ctx, there[0].ID) == nil {
			return nil
		}
		if err := errors.Join(err, c.Restore(ctx, s)); err != nil {
			return err
		}
	}
	ran, err := c.engine.Run(ctx, helper)
	if err == nil {
		err = c.heard(ctx, ran)
	}
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreWithin)
	defer cancel()
	return fmt.Errorf("spoil node %s: %w", s.Node, errors.Join(err, c.Restore(ctx, s)))
}

// Restore undoes exactly one spoil; nothing where there is nothing to undo.
func (c *Cluster) Restore(ctx context.Context, s spoil.Spoil) error {
	there, err := c.helpers(ctx, s.Name())
	if err != nil {
		return fmt.Errorf("restore node %s: %w", s.Node, err)
	}
	for _, helper := range there {
		code, err := c.engine.End(ctx, helper.ID)
		if err == nil && code != 0 && !strings.Contains(c.saidBy(ctx, helper.ID), inside.Undone) {
			err = c.undo(ctx, s)
		}
		if err == nil {
			err = c.engine.Remove(ctx, helper)
		}
		if err != nil {
			return fmt.Errorf("restore node %s: %w", s.Node, err)
		}
	}
	return nil
}

// undo has another helper undo what one left that did not end well. A network that is gone took its rules along.
func (c *Cluster) undo(ctx context.Context, s spoil.Spoil) error {
	id, err := c.id(s.Node)
	if err != nil {
		return err
	}
	if state, err := c.engine.State(ctx, id); err != nil || !state.Running && !s.Full {
		return err
	}
	helper, err := c.helper(s, id)
	if err == nil {
		helper.Image, err = c.appImage(ctx)
	}
	if err != nil {
		return err
	}
	helper.Name += "-undo"
	helper.Command[1] = inside.Undo
	ran, err := c.engine.Run(ctx, helper)
	if err != nil {
		return err
	}
	code, err := c.engine.Wait(ctx, ran)
	if err == nil && code != 0 {
		err = fmt.Errorf("the helper could not undo it: %s", c.saidBy(ctx, ran))
	}
	if err != nil {
		return err
	}
	return c.engine.Remove(ctx, docker.Thing{Kind: docker.Containers, ID: ran, Name: helper.Name})
}

// Spoils are all that is spoilt of any node.
func (c *Cluster) Spoils(ctx context.Context) ([]spoil.Spoil, error) {
	there, err := c.helpers(ctx, "")
	var all []spoil.Spoil
	for _, helper := range there {
		var s spoil.Spoil
		if err := json.Unmarshal([]byte(helper.Labels[labelSpoil]), &s); err != nil {
			return nil, fmt.Errorf("what %s spoils: %w", helper, err)
		}
		all = append(all, s)
	}
	return all, err
}

// helpers are the run's helpers of one spoil, by its name, or all of them.
func (c *Cluster) helpers(ctx context.Context, name string) ([]docker.Thing, error) {
	things, err := c.engine.Things(ctx, labelSpoil)
	if err != nil {
		return nil, err
	}
	var all []docker.Thing
	for _, t := range things {
		if t.Labels[labelRun] == c.run && (name == "" || strings.Contains(t.Name, name)) {
			all = append(all, t)
		}
	}
	return all, nil
}

// helper is the container that spoils, beside the node's.
func (c *Cluster) helper(s spoil.Spoil, node string) (docker.Container, error) {
	o, err := c.resolve(s)
	if err != nil {
		return docker.Container{}, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return docker.Container{}, err
	}
	what, err := json.Marshal(s)
	if err != nil {
		return docker.Container{}, err
	}
	h := docker.Container{Name: c.name("spoil-" + s.Name()), Labels: c.labels(""), Command: []string{inside.Command, inside.Hurt, string(text)}}
	h.Labels[labelSpoil] = string(what)
	if s.Full {
		h.Volumes, h.Rights = map[string]string{c.name(s.Node): spoiltPath}, []string{"DAC_OVERRIDE"}
	} else {
		h.Beside, h.Rights = node, []string{"NET_ADMIN"}
	}
	return h, nil
}

// heard waits until a helper says that its hurt can be seen; the error is what it said instead.
func (c *Cluster) heard(ctx context.Context, id string) error {
	for {
		said := c.saidBy(ctx, id)
		if strings.Contains(said, inside.On) {
			return nil
		}
		if state, err := c.engine.State(ctx, id); err != nil || !state.Running {
			return errors.Join(err, errors.New(strings.TrimPrefix(c.saidBy(ctx, id), "redpacket: ")))
		}
		if !pause.For(ctx, hearEvery) {
			return context.Cause(ctx)
		}
	}
}

// saidBy is a helper's log in one line.
func (c *Cluster) saidBy(ctx context.Context, id string) string {
	var lines []string
	_ = c.engine.Logs(ctx, id, 0, func(line string) { lines = append(lines, line) })
	return strings.Join(lines, "; ")
}

// appImage is the image of our binary that this run has.
func (c *Cluster) appImage(ctx context.Context) (string, error) {
	if image, there := c.images[topology.App]; there {
		return image.Tag, nil
	}
	for _, n := range c.plan.Topology.Nodes {
		if id, err := c.id(n.Name); err == nil && n.Image == topology.App {
			return c.engine.ImageOf(ctx, id)
		}
	}
	return "", fmt.Errorf("topology %s has no node with our binary, so there is none for a helper", c.plan.Topology.Name)
}

// holdDisks starts a helper for each volume of a stated size, so that it outlives a kill of its node.
func (c *Cluster) holdDisks(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, n := range c.plan.Topology.Nodes {
		if n.DiskMiB == 0 {
			continue
		}
		all.Go(func() error {
			image, err := c.appImage(ctx)
			if err == nil {
				_, err = c.engine.Run(ctx, docker.Container{Name: c.name("hold-" + n.Name), Image: image, Labels: c.labels(""),
					Command: []string{inside.Command, inside.Hold}, Volumes: map[string]string{c.name(n.Name): spoiltPath}})
			}
			return err
		})
	}
	return all.Wait()
}
