package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// Kind is what a thing on the engine is.
type Kind string

// The kinds, in the order in which they must be removed: a network in use cannot be, and nor can a volume.
const (
	Containers Kind = "container"
	Networks   Kind = "network"
	Volumes    Kind = "volume"
)

// Thing is something on the engine that carries labels.
type Thing struct {
	Kind   Kind
	ID     string
	Name   string
	Labels map[string]string
}

// String is the thing's kind and name.
func (t Thing) String() string { return string(t.Kind) + " " + t.Name }

// Things lists all containers, dead ones too, networks and volumes that carry a label ("key" or "key=value").
func (e *Engine) Things(ctx context.Context, label string) ([]Thing, error) {
	filter := make(client.Filters).Add("label", label)
	var all []Thing
	containers, err := e.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return nil, fmt.Errorf("list containers labelled %s: %w", label, err)
	}
	for _, c := range containers.Items {
		all = append(all, Thing{Containers, c.ID, strings.TrimPrefix(strings.Join(c.Names, ","), "/"), c.Labels})
	}
	networks, err := e.api.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		return nil, fmt.Errorf("list networks labelled %s: %w", label, err)
	}
	for _, n := range networks.Items {
		all = append(all, Thing{Networks, n.ID, n.Name, n.Labels})
	}
	volumes, err := e.api.VolumeList(ctx, client.VolumeListOptions{Filters: filter})
	if err != nil {
		return nil, fmt.Errorf("list volumes labelled %s: %w", label, err)
	}
	for _, v := range volumes.Items {
		all = append(all, Thing{Volumes, v.Name, v.Name, v.Labels})
	}
	return all, nil
}

// ErrMiscounted says that a network cannot be removed though nothing is in it: an engine before 28.1 that attaches and
// detaches several containers at a time may count one too many (moby/moby issue 43286). The network does nothing, and goes
// when the engine is restarted.
var ErrMiscounted = errors.New("the engine miscounts what is in it, which is nothing; it goes when the engine restarts")

// miscounted tells whether the engine refuses to remove a network that is empty.
func (e *Engine) miscounted(ctx context.Context, t Thing, refusal error) bool {
	if !strings.Contains(refusal.Error(), "active endpoints") {
		return false
	}
	found, err := e.api.NetworkInspect(ctx, t.ID, client.NetworkInspectOptions{})
	return err == nil && len(found.Network.Containers) == 0
}

// Remove removes a thing: a container is let go if frozen, killed, and its nameless volumes go with it. What is not there
// is no error, and nor is what is being removed by another. ErrMiscounted: try again, and if it stays, let it be.
func (e *Engine) Remove(ctx context.Context, t Thing) error {
	var err error
	switch t.Kind {
	case Containers:
		force := client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}
		_, err = e.api.ContainerRemove(ctx, t.ID, force)
		if errdefs.IsConflict(err) {
			_, _ = e.api.ContainerUnpause(ctx, t.ID, client.ContainerUnpauseOptions{})
			_, err = e.api.ContainerRemove(ctx, t.ID, force)
		}
		if errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress") {
			return nil
		}
	case Networks:
		if _, err = e.api.NetworkRemove(ctx, t.ID, client.NetworkRemoveOptions{}); err != nil && e.miscounted(ctx, t, err) {
			return fmt.Errorf("remove %s: %w", t, ErrMiscounted)
		}
	case Volumes:
		_, err = e.api.VolumeRemove(ctx, t.ID, client.VolumeRemoveOptions{Force: true})
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove %s: %w", t, err)
	}
	return nil
}
