package provision

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"redpacket/system/images"
	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// Cluster is a running system with the levers that a drill may pull. Its methods may be called from any goroutine.
type Cluster struct {
	plan    Plan
	run     string // names everything of this run
	secret  secrets
	owner   owner
	engine  *docker.Engine
	reaper  *reaper
	layout  layout
	images  images.Images
	asker   *http.Client
	tellers tellers
	raised  bool // Up has ended well: nothing is being made any more

	starting chan struct{} // holds a place for each container that is being started

	mu     sync.Mutex
	ids    map[string]string // node -> container
	killed map[string]bool   // nodes that our own lever killed and that were not started since
	frozen map[string]bool   // nodes that our own lever froze and that were not resumed since
	rising map[string]bool   // nodes that our own lever started and that have not answered since
	deaths []Death           // found by a lever that came too late
}

// runBytes is how much chance is in a run's name; the name is part of container names, so it is short.
const runBytes = 4

// keyBytes is the length of the key that signs the run's login tokens, and of the token for changes.
const keyBytes = 16

func newCluster(engine *docker.Engine, p Plan) (*Cluster, error) {
	me, err := thisOwner()
	if err != nil {
		return nil, err
	}
	return &Cluster{plan: p, run: randomHex(runBytes), secret: secrets{randomHex(keyBytes), randomHex(keyBytes)}, owner: me, engine: engine, reaper: &reaper{},
		asker:    &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, DisableCompression: true}},
		starting: make(chan struct{}, startsAtOnce),
		ids:      map[string]string{}, killed: map[string]bool{}, frozen: map[string]bool{}, rising: map[string]bool{}}, nil
}

// randomHex is n bytes of the system's randomness: two runs on one machine must not share a name or a key, so no seed
// may decide it.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return hex.EncodeToString(b)
}

// Run names the run; Attach finds it by that.
func (c *Cluster) Run() string { return c.run }

// Front is where users connect, host:port: the first access gateway; empty in a topology without one, such as that of a
// store by itself.
func (c *Cluster) Front() string {
	gateways := c.plan.Topology.Role(roleGateway)
	if len(gateways) == 0 {
		return ""
	}
	n, _ := c.plan.Topology.Node(gateways[0])
	return c.layout.frontOf(n)
}

// Key signs the run's login tokens: 32 hex digits.
func (c *Cluster) Key() string { return c.secret.key }

// Images are the image ids (sha256:…) that the roles run, by role; a node whose image is another than that of its role's
// first one is there by its name.
func (c *Cluster) Images() map[string]string {
	ids := map[string]string{}
	for _, n := range c.plan.Topology.Nodes {
		id := c.images[n.Image].ID
		if first, there := ids[n.Role]; there && first != id {
			ids[n.Name] = id
			continue
		}
		ids[n.Role] = id
	}
	return ids
}

// pullWithin is how long a registry may take to begin to answer.
const pullWithin = 5 * time.Second

// gather adds the images that the topology names beside ours: the engine's own, and what it does not have, the registry's.
func (c *Cluster) gather(ctx context.Context) error {
	for _, n := range c.plan.Topology.Nodes {
		if _, there := c.images[n.Image]; there {
			continue
		}
		name := string(n.Image)
		id, err := c.engine.Image(ctx, name)
		if err == nil && id == "" {
			c.plan.Say("the engine has no image " + name + "; pulling it")
			if err = c.engine.Pull(ctx, name, pullWithin); err == nil {
				id, err = c.engine.Image(ctx, name)
			}
		}
		if err != nil {
			return fmt.Errorf("node %s is to run the image %q, which is neither here nor to be had; build or load it first: %w", n.Name, name, err)
		}
		c.images[n.Image] = images.Image{Tag: name, ID: id}
	}
	return nil
}

// Address is where a node's own port is, past every link, host:port: for reading its books, and for tests of a store.
func (c *Cluster) Address(node string) (string, error) {
	n, ok := c.plan.Topology.Node(node)
	if !ok || n.Port == 0 {
		return "", fmt.Errorf("topology %s has no node %q that listens; it has %s", c.plan.Topology.Name, node, strings.Join(c.Nodes(), ", "))
	}
	return c.direct(n), nil
}

// direct is where a node's own port is, past every link.
func (c *Cluster) direct(n topology.Node) string { return c.layout.at(n.Name, n.Port) }

func (c *Cluster) remember(node, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != "" {
		c.ids[node] = id
	}
}

func (c *Cluster) id(node string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.ids[node]; ok {
		return id, nil
	}
	return "", fmt.Errorf("topology %s has no node %q; it has %s", c.plan.Topology.Name, node, strings.Join(c.Nodes(), ", "))
}

// lastWords is the end of a node's log, as a clause of an error: from the line that tells of its end, if there is one.
func (c *Cluster) lastWords(node string) string {
	const lines, within = 200, 3 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), within) // the caller's has often ended
	defer cancel()
	id, err := c.id(node)
	if err != nil {
		return ""
	}
	var said []string
	_ = c.engine.Logs(ctx, id, lines, func(line string) { said = append(said, line) })
	return quote(said)
}

// quote picks the lines of a log that tell most.
func quote(said []string) string {
	const few = 3
	if len(said) == 0 {
		return "; it said nothing"
	}
	from := max(0, len(said)-few)
	if i := slices.IndexFunc(said, func(line string) bool { return fatal(line) != "" }); i >= 0 {
		from = i
	}
	return "; it last said: " + strings.Join(said[from:min(from+few, len(said))], " | ")
}
