// Package images makes the images that the system's containers run: the one binary alone, and Redis, PostgreSQL and
// Prometheus from Debian's packages. It needs a Docker Engine, Go, and either a registry or Debian's archive; what was made is kept.
package images

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

//go:embed app.Dockerfile
var appRecipe string

//go:embed redis.Dockerfile
var redisRecipe string

//go:embed postgres.Dockerfile
var postgresRecipe string

//go:embed prometheus.Dockerfile
var prometheusRecipe string

// Image is an image that is there.
type Image struct {
	Tag string // redpacket/<image>:<hash of what it was made from>
	ID  string // sha256:…
}

// Images are the images of a topology.
type Images map[topology.Image]Image

// Ensure sees that every image is there and returns them. When all are, it takes a second or two, most of it Go's look
// at whether the binary is still the newest; from nothing it takes minutes, and say hears one line for each long step. Two
// processes may call it at once: the second waits for the first.
func Ensure(ctx context.Context, say func(string)) (Images, error) {
	return ensured(ctx, normal(), say)
}

// EnsureMutant is Ensure with an app that can be told to have a deliberate bug; see system/mutant. Its image has a name
// of its own, so that no normal run can take it.
func EnsureMutant(ctx context.Context, say func(string)) (Images, error) {
	return ensured(ctx, withBugs(), say)
}

func ensured(ctx context.Context, b build, say func(string)) (Images, error) {
	engine, err := docker.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	unlock, err := lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return ensure(ctx, maker{engine, say}, b)
}

// maker makes images on one engine.
type maker struct {
	engine *docker.Engine
	say    func(string)
}

func ensure(ctx context.Context, m maker, b build) (Images, error) {
	var app, redis, postgres, prometheus Image
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		app, err = m.app(ctx, b)
		return err
	})
	all.Go(func() error {
		base, err := m.base(ctx)
		if err != nil {
			return err
		}
		three, ctx := errgroup.WithContext(ctx)
		three.Go(func() (err error) {
			redis, err = m.debian(ctx, topology.Redis, redisRecipe, base)
			return err
		})
		three.Go(func() (err error) {
			postgres, err = m.debian(ctx, topology.Postgres, postgresRecipe, base)
			return err
		})
		three.Go(func() (err error) {
			prometheus, err = m.debian(ctx, topology.Prometheus, prometheusRecipe, base)
			return err
		})
		return three.Wait()
	})
	if err := all.Wait(); err != nil {
		return nil, fmt.Errorf("make the images: %w", err)
	}
	return Images{topology.App: app, topology.Redis: redis, topology.Postgres: postgres, topology.Prometheus: prometheus}, nil
}

// debian makes an image of a recipe that needs no files, unless the same recipe on the same base was made before.
func (m maker) debian(ctx context.Context, name topology.Image, recipe, base string) (Image, error) {
	return m.make(ctx, name, digest([]byte(recipe), []byte(base)), func() ([]byte, error) {
		return archive(file{name: "Dockerfile", body: []byte(recipe)})
	})
}

// make builds an image under a tag of its content's hash, unless it is there.
func (m maker) make(ctx context.Context, name topology.Image, hash string, files func() ([]byte, error)) (Image, error) {
	image := Image{Tag: tag(name, hash)}
	id, err := m.engine.Image(ctx, image.Tag)
	if err != nil || id != "" {
		image.ID = id
		return image, err
	}
	packed, err := files()
	if err != nil {
		return Image{}, err
	}
	began := time.Now()
	labels := map[string]string{label(name): hash}
	image.ID, err = m.engine.Build(ctx, docker.Recipe{Tag: image.Tag, Labels: labels, Context: packed})
	if err != nil {
		return Image{}, explain(err)
	}
	m.say(fmt.Sprintf("built image %s in %s", image.Tag, time.Since(began).Round(100*time.Millisecond)))
	return image, nil
}

// explain adds what to do to the commonest failure of a build.
func explain(err error) error {
	if text := err.Error(); strings.Contains(text, "Unable to locate package") || strings.Contains(text, "Failed to fetch") ||
		strings.Contains(text, "resolving") {
		return fmt.Errorf("the packages did not come; see that this machine reaches Debian's archive by http: %w", err)
	}
	return err
}
