package docker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// Image is the id (sha256:…) of a local image, or "" when there is none of that name.
func (e *Engine) Image(ctx context.Context, name string) (string, error) {
	found, err := e.api.ImageInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for image %s: %w", name, err)
	}
	return found.ID, nil
}

// Pull fetches an image from its registry. The registry must begin to answer within the given time, so that a machine
// without one is not kept waiting; the rest may take as long as ctx allows.
func (e *Engine) Pull(ctx context.Context, name string, answerWithin time.Duration) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(answerWithin, func() { cancel(fmt.Errorf("no answer within %s", answerWithin)) })
	defer late.Stop()
	answer, err := e.api.ImagePull(ctx, name, client.ImagePullOptions{})
	if err != nil {
		return fmt.Errorf("pull %s: %w", name, cmp.Or(context.Cause(ctx), err))
	}
	defer answer.Close()
	if err := follow(answer, func() { late.Stop() }); err != nil {
		return fmt.Errorf("pull %s: %w", name, cmp.Or(context.Cause(ctx), err))
	}
	return nil
}

// Recipe is an image to be built: a build context as a tar that holds a Dockerfile.
type Recipe struct {
	Tag     string
	Labels  map[string]string
	Context []byte
}

// Build builds an image and returns its id; the error holds the last lines that the build said. Its steps use the
// machine's own network, because a build that installs packages needs the machine's names and routes, not a bridge's.
func (e *Engine) Build(ctx context.Context, r Recipe) (string, error) {
	done, err := e.api.ImageBuild(ctx, bytes.NewReader(r.Context), client.ImageBuildOptions{
		Tags: []string{r.Tag}, Labels: r.Labels, Remove: true, ForceRemove: true, NetworkMode: "host"})
	if err != nil {
		return "", fmt.Errorf("build %s: %w", r.Tag, err)
	}
	defer done.Body.Close()
	if err := follow(done.Body, func() {}); err != nil {
		return "", fmt.Errorf("build %s: %w", r.Tag, err)
	}
	id, err := e.Image(ctx, r.Tag)
	if err == nil && id == "" {
		err = fmt.Errorf("build %s: the engine said it was built, but it is not there", r.Tag)
	}
	return id, err
}

// follow reads the engine's account of a long job, calling heard at each message; on failure it returns the error with
// the last things said before it.
func follow(account io.Reader, heard func()) error {
	const keep = 12
	var said []string
	messages := json.NewDecoder(account)
	for {
		var m jsonstream.Message
		err := messages.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the engine's account: %w", err)
		case m.Error != nil:
			return fmt.Errorf("%w; it last said: %s", m.Error, strings.Join(said, " | "))
		}
		heard()
		if line := strings.TrimSpace(m.Stream); line != "" {
			said = append(said, line)
		}
		said = said[max(0, len(said)-keep):]
	}
}

// Import makes an image of a root file system's tar.
func (e *Engine) Import(ctx context.Context, name string, rootfs io.Reader) error {
	source := client.ImageImportSource{Source: rootfs, SourceName: "-"}
	done, err := e.api.ImageImport(ctx, source, name, client.ImageImportOptions{Changes: []string{`CMD ["/bin/bash"]`}})
	if err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	defer done.Close()
	if err := follow(done, func() {}); err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	return nil
}

// ImagesWith lists the ids of the images that carry a label, the newest first.
func (e *Engine) ImagesWith(ctx context.Context, label string) ([]string, error) {
	found, err := e.api.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("label", label)})
	if err != nil {
		return nil, fmt.Errorf("list images labelled %s: %w", label, err)
	}
	slices.SortStableFunc(found.Items, func(a, b image.Summary) int { return cmp.Compare(b.Created, a.Created) })
	ids := make([]string, 0, len(found.Items))
	for _, i := range found.Items {
		ids = append(ids, i.ID)
	}
	return ids, nil
}

// RemoveImage removes an image with all its tags. An image that a container uses stays, and that is no error.
func (e *Engine) RemoveImage(ctx context.Context, id string) error {
	_, err := e.api.ImageRemove(ctx, id, client.ImageRemoveOptions{PruneChildren: true})
	if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
		return fmt.Errorf("remove image %s: %w", id, err)
	}
	return nil
}
