package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The base that Redis, PostgreSQL and Prometheus stand on.
const (
	baseName     = "debian:bookworm-slim"
	baseRelease  = "bookworm"
	answerWithin = 5 * time.Second // a registry that has not answered by then is not there
)

// base is the id of the base image: the local one, else the registry's, else one made from Debian's packages.
func (m maker) base(ctx context.Context) (string, error) {
	id, err := m.engine.Image(ctx, baseName)
	if err != nil || id != "" {
		return id, err
	}
	refused := m.engine.Pull(ctx, baseName, answerWithin)
	if refused != nil {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		m.say("no registry gives " + baseName + "; making it from Debian's packages, which takes a minute or two")
		if err := m.debootstrap(ctx); err != nil {
			return "", fmt.Errorf("%w (and no registry: %w)", err, refused)
		}
	}
	id, err = m.engine.Image(ctx, baseName)
	if err == nil && id == "" {
		err = fmt.Errorf("%s was fetched, but the engine does not have it; try docker pull %s", baseName, baseName)
	}
	return id, err
}

// debootstrap makes the base image as Debian's installer would, from the archive that debootstrap itself knows.
func (m maker) debootstrap(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("making %s needs root; run once as root, or docker pull %s where there is a registry", baseName, baseName)
	}
	if err := haveDebootstrap(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "redpacket-base-")
	if err != nil {
		return fmt.Errorf("make %s: %w", baseName, err)
	}
	defer os.RemoveAll(dir)
	root := filepath.Join(dir, "root")
	if err := command(ctx, "debootstrap", "--variant=minbase", baseRelease, root); err != nil {
		return err
	}
	for _, waste := range []string{"var/cache/apt/archives/*.deb", "var/cache/apt/*.bin", "var/lib/apt/lists/*", "var/log/*.log",
		"usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*", "usr/share/info/*"} {
		found, _ := filepath.Glob(filepath.Join(root, waste)) // the patterns are constants: they cannot be malformed
		for _, path := range found {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("make %s: %w", baseName, err)
			}
		}
	}
	return m.importTree(ctx, root)
}

// importTree hands a root file system to the engine through tar, which knows owners, links and devices.
func (m maker) importTree(ctx context.Context, root string) error {
	pack := exec.CommandContext(ctx, "tar", "--numeric-owner", "-C", root, "-c", ".")
	out, err := pack.StdoutPipe()
	if err != nil {
		return fmt.Errorf("pack %s: %w", baseName, err)
	}
	if err := pack.Start(); err != nil {
		return fmt.Errorf("pack %s: %w", baseName, err)
	}
	imported := m.engine.Import(ctx, baseName, out)
	if imported != nil {
		_ = out.Close() // tar ends with a broken pipe instead of waiting for a reader
	}
	return errors.Join(imported, pack.Wait())
}

func haveDebootstrap(ctx context.Context) error {
	if _, err := exec.LookPath("debootstrap"); err == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("making %s needs debootstrap, and there is no apt-get to install it; install debootstrap", baseName)
	}
	return errors.Join(command(ctx, "apt-get", "update", "-qq"),
		command(ctx, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "debootstrap"))
}

// command runs a program; its error holds the last of what the program said.
func command(ctx context.Context, name string, args ...string) error {
	const tail = 600
	said, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		said = bytes.TrimSpace(said)
		last := strings.ReplaceAll(string(said[max(0, len(said)-tail):]), "\n", " | ")
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, last)
	}
	return nil
}
