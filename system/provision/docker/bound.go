package docker

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Bounds are what a container may use; 0 is no bound.
type Bounds struct {
	Cores  float64
	Memory uint64 // bytes
}

// Bounds tells how a container is bounded, running or not; 0 is no bound. A container that is not there is an error.
func (e *Engine) Bounds(ctx context.Context, id string) (b Bounds, err error) {
	found, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return b, fmt.Errorf("inspect container %.12s: %w", id, err)
	}
	host := found.Container.HostConfig
	if host == nil {
		return b, fmt.Errorf("inspect container %.12s: the engine gave no bounds", id)
	}
	if host.CPUQuota > 0 && host.CPUPeriod > 0 {
		b.Cores = float64(host.CPUQuota) / float64(host.CPUPeriod)
	}
	if host.Memory > 0 {
		all, err := e.memory(ctx)
		if err != nil {
			return b, err
		}
		if host.Memory < all {
			b.Memory = uint64(host.Memory)
		}
	}
	return b, nil
}

// Limit bounds the memory of a container, and lets go with 0. An engine takes no bound away again once there was one, so
// letting go is a bound of all the memory that the machine has.
func (e *Engine) Limit(ctx context.Context, id string, bytes uint64) error {
	limit := int64(bytes)
	if bytes == 0 {
		now, err := e.Bounds(ctx, id)
		if err != nil || now.Memory == 0 {
			return err
		}
		if limit, err = e.memory(ctx); err != nil {
			return err
		}
	}
	_, err := e.api.ContainerUpdate(ctx, id, client.ContainerUpdateOptions{Resources: &container.Resources{Memory: limit, MemorySwap: limit}})
	return err
}

// memory is how much the engine's machine has, in bytes.
func (e *Engine) memory(ctx context.Context) (int64, error) {
	about, err := e.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return 0, fmt.Errorf("ask the engine for its machine's memory: %w", err)
	}
	return about.Info.MemTotal, nil
}
