package docker

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// End asks a container's process to end, and waits for it; the code is 0 when it ended well. One that has ended tells the
// same, and one that is not there any more is well.
func (e *Engine) End(ctx context.Context, id string) (code int, err error) {
	_, err = e.api.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "TERM"})
	if err != nil && !errdefs.IsConflict(err) && !errdefs.IsNotFound(err) {
		return 0, fmt.Errorf("end container %.12s: %w", id, err)
	}
	return e.Wait(ctx, id)
}

// Wait waits until a container's process has ended; one that is not there any more has, and well.
func (e *Engine) Wait(ctx context.Context, id string) (code int, err error) {
	gone := e.api.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case end := <-gone.Result:
		return int(end.StatusCode), nil
	case err := <-gone.Error:
		if errdefs.IsNotFound(err) {
			return 0, nil
		}
		return 0, fmt.Errorf("wait for container %.12s: %w", id, err)
	}
}

// ImageOf is the id of the image that a container was made from.
func (e *Engine) ImageOf(ctx context.Context, id string) (string, error) {
	found, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return "", fmt.Errorf("inspect container %.12s: %w", id, err)
	}
	return found.Container.Image, nil
}
