package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"redpacket/system/ail"
	"redpacket/system/topology"
)

// Ail makes a node's process ill, and returns when it says so.
func (c *Cluster) Ail(ctx context.Context, node, name string, o ail.Order) error {
	body, err := json.Marshal(o)
	if err == nil {
		_, err = c.askHealth(ctx, http.MethodPut, node, name, body)
	}
	if err != nil {
		return fmt.Errorf("make node %s ill: %w", node, err)
	}
	return nil
}

// Well ends an illness of a node's process. A process that has ended was made well by that.
func (c *Cluster) Well(ctx context.Context, node, name string) error {
	running, _, err := c.Look(ctx, node)
	if err == nil && running {
		_, err = c.askHealth(ctx, http.MethodDelete, node, name, nil)
	}
	if err != nil {
		return fmt.Errorf("make node %s well: %w", node, err)
	}
	return nil
}

// Ails tells how a node's process is. One that does not run, or not yet, is frozen, or is no role of ours has nothing to tell.
func (c *Cluster) Ails(ctx context.Context, node string) (ail.View, error) {
	n, _ := c.plan.Topology.Node(node)
	running, frozen, err := c.Look(ctx, node)
	if err != nil || !running || frozen || !ails(n) {
		return ail.View{Node: node}, err
	}
	view, err := c.askHealth(ctx, http.MethodGet, node, "", nil)
	if errors.Is(err, syscall.ECONNREFUSED) { // its process begins, and begins well
		return ail.View{Node: node}, nil
	}
	return view, err
}

// ails says whether a node can be made ill.
func ails(n topology.Node) bool {
	switch n.Role {
	case roleGateway, "ams-light", "ams-heavy", roleIDIP, "registry", "recommend":
		return n.Image == topology.App
	}
	return false
}

// mostView bounds what a process tells of its health, in bytes.
const mostView = 64 << 10

func (c *Cluster) askHealth(ctx context.Context, method, node, name string, body []byte) (view ail.View, err error) {
	if n, _ := c.plan.Topology.Node(node); !ails(n) {
		return view, fmt.Errorf("%s cannot be made ill; of our own roles, the gateway, ams, idip, registry and recommend can", node)
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.layout.at(node, topology.AdminPort)+ail.Path+url.PathEscape(name), bytes.NewReader(body))
	if err != nil {
		return view, err
	}
	r.Header.Set("Authorization", "Bearer "+c.secret.token)
	answer, err := c.asker.Do(r)
	if err != nil {
		return view, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, mostView))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %d: %s", answer.StatusCode, strings.TrimSpace(string(said)))
	}
	if err == nil {
		err = json.Unmarshal(said, &view)
	}
	return view, err
}
