package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"redpacket/system/pause"
	"redpacket/system/recon"
	"redpacket/system/topology"
)

// How a pass of reconciliation is asked for.
const (
	reconEvery = 100 * time.Millisecond
	reconBytes = 1 << 20
)

// Reconcile runs one pass of reconciliation and returns what it came to, when it has ended or ctx has. how is the query
// of POST /-/recon/run, such as "rate=200000&dry=true"; empty: as usual. A pass that stopped early is no error: its
// result says so. One pass may run at a time.
func (c *Cluster) Reconcile(ctx context.Context, how string) (recon.Result, error) {
	return c.ReconcileIn(ctx, "", how)
}

// ReconcileIn is Reconcile in one data centre (a or b): each compares the shares that it gives out, and everybody's while it has the
// other one's users. Of one whose users are taken the pass stops.
func (c *Cluster) ReconcileIn(ctx context.Context, idc, how string) (recon.Result, error) {
	var r recon.Result
	n, err := c.first(roleRecon, idc)
	if err != nil {
		return r, fmt.Errorf("reconcile: %w", err)
	}
	if r, err = c.beginPass(ctx, n.Name, how); err != nil {
		return r, fmt.Errorf("reconcile: node %s: %w", n.Name, err)
	}
	for pass := r.Pass; r.State == recon.Running; {
		if !pause.For(ctx, reconEvery) {
			return r, fmt.Errorf("reconcile: node %s: %s, slice %d of %d: %w", n.Name, r.Doing, r.Slice, r.Slices, context.Cause(ctx))
		}
		text, err := c.get(ctx, n.Name, "/-/recon", reconBytes)
		if err == nil {
			r = recon.Result{}
			err = json.Unmarshal(text, &r)
		}
		if err == nil && r.Pass != pass {
			err = fmt.Errorf("it runs pass %d, and %d was asked for: it was restarted, or somebody else asked, too", r.Pass, pass)
		}
		if err != nil {
			return r, fmt.Errorf("reconcile: node %s: %w", n.Name, err)
		}
	}
	return r, nil
}

func (c *Cluster) beginPass(ctx context.Context, node, how string) (r recon.Result, err error) {
	url := "http://" + c.layout.at(node, topology.AdminPort) + "/-/recon/run?" + how
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return r, err
	}
	answer, err := c.asker.Do(ask)
	if err != nil {
		return r, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, reconBytes))
	switch {
	case err != nil:
		return r, err
	case answer.StatusCode != http.StatusAccepted:
		return r, fmt.Errorf("it answers %d: %s", answer.StatusCode, strings.TrimSpace(string(text)))
	}
	return r, json.Unmarshal(text, &r)
}
