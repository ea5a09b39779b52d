package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"redpacket/system/topology"
)

// keepApps is how many app images stay: the newest, and the one before it, so that going back and forth between two
// revisions builds nothing.
const keepApps = 2

// build is a way to build the binary: which image it becomes, and with which build tag.
type build struct {
	image topology.Image
	tag   string
}

// normal is the build that runs.
func normal() build { return build{image: topology.App} }

// withBugs is the build that can be told to have a deliberate bug.
func withBugs() build { return build{image: topology.App + "-mutant", tag: "mutant"} }

// app builds the binary and wraps it, alone, into an image; then it removes the app images that later ones superseded.
func (m maker) app(ctx context.Context, b build) (Image, error) {
	binary, err := compile(ctx, b)
	if err != nil {
		return Image{}, err
	}
	image, err := m.make(ctx, b.image, digest(binary, []byte(appRecipe)), func() ([]byte, error) {
		return archive(file{name: "Dockerfile", body: []byte(appRecipe)},
			file{name: "redpacket", body: binary, mode: 0o755},
			file{name: "tmp/", mode: 0o1777, dir: true}, file{name: "data/", mode: 0o755, dir: true})
	})
	if err != nil {
		return Image{}, err
	}
	return image, m.prune(ctx, b.image, image.ID)
}

func (m maker) prune(ctx context.Context, name topology.Image, current string) error {
	ids, err := m.engine.ImagesWith(ctx, label(name))
	if err != nil {
		return err
	}
	for _, id := range superseded(ids, current) {
		if err := m.engine.RemoveImage(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// superseded picks from image ids, newest first, those that need not be kept. The current one stays whatever its age.
func superseded(ids []string, current string) []string {
	var old []string
	kept := 1
	for _, id := range ids {
		switch {
		case id == current:
		case kept < keepApps:
			kept++
		default:
			old = append(old, id)
		}
	}
	return old
}

// compile builds the one binary, static and the same from the same source, and returns its bytes. The output stays in
// its place, so that Go sees at the next call that there is nothing to link.
func compile(ctx context.Context, b build) ([]byte, error) {
	from, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	root, err := moduleRoot(from)
	if err != nil {
		return nil, err
	}
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	out := filepath.Join(dir, fmt.Sprintf("redpacket-%s-linux-%s", b.image, runtime.GOARCH))
	compiler := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", b.tag, "-ldflags", "-s -w", "-o", out,
		"./system/cmd/redpacket")
	compiler.Dir = root
	compiler.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	said, err := compiler.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, errors.New("build the system: there is no go command in PATH; install Go, or add its bin folder to PATH")
	}
	if stopped := context.Cause(ctx); err != nil && stopped != nil {
		return nil, fmt.Errorf("build the system in %s: %w", root, stopped)
	}
	if err != nil {
		return nil, fmt.Errorf("build the system in %s: %w: %s", root, err, strings.TrimSpace(string(said)))
	}
	return os.ReadFile(out)
}

// moduleRoot walks up from a folder to the one of this module.
func moduleRoot(from string) (string, error) {
	for dir := from; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module redpacket\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find the module: neither %s nor a folder above it has the go.mod of redpacket; run inside the project", from)
		}
	}
}
