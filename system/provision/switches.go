package provision

import (
	"context"
	"fmt"

	"redpacket/system/control"
	"redpacket/system/control/ops"
	"redpacket/system/topology"
)

// Ops is the client of the cluster's operations platform, which changes switches and activates playbooks.
func (c *Cluster) Ops() (ops.Client, error) {
	platforms := c.plan.Topology.Role(roleOps)
	if len(platforms) == 0 {
		return ops.Client{}, fmt.Errorf("topology %s has no %s to change switches with", c.plan.Topology.Name, roleOps)
	}
	return ops.Client{URL: "http://" + c.layout.at(platforms[0], topology.AdminPort), Token: c.secret.token}, nil
}

// Activate activates a playbook, and returns when every process runs with its switches; the error names those that do not
// after 4 s. An active one is left as it is.
func (c *Cluster) Activate(ctx context.Context, playbook string) error {
	return c.order("activate "+playbook, func(o ops.Client) (ops.Outcome, error) { return o.Activate(ctx, playbook) })
}

// RollBack takes a playbook back, and returns when every process runs without its switches; the error names those that do
// not after 4 s. One at rest is left as it is.
func (c *Cluster) RollBack(ctx context.Context, playbook string) error {
	return c.order("roll back "+playbook, func(o ops.Client) (ops.Outcome, error) { return o.RollBack(ctx, playbook) })
}

// Switch makes settings the ones under the active playbooks, and returns when every process runs with them.
func (c *Cluster) Switch(ctx context.Context, s control.Settings) error {
	return c.order("switch", func(o ops.Client) (ops.Outcome, error) { return o.Switch(ctx, s) })
}

func (c *Cluster) order(what string, do func(ops.Client) (ops.Outcome, error)) error {
	o, err := c.Ops()
	if err == nil {
		_, err = do(o)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Release gives a share of the users, in percent, the new version, and returns when every process runs with that.
func (c *Cluster) Release(ctx context.Context, percent int) error {
	o, err := c.Ops()
	if err != nil {
		return err
	}
	v, err := o.View(ctx)
	if err != nil {
		return fmt.Errorf("release to %d %%: %w", percent, err)
	}
	base := v.Wanted.Base
	base.GrayPercent = uint8(percent)
	return c.Switch(ctx, base)
}
