// Package docker is what the project asks of a Docker Engine, in the project's own words; it is the only importer of
// testcontainers and of the Docker client.
package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// ErrNoDocker says that no Docker Engine answers; the error that wraps it says where one was looked for and what to do.
var ErrNoDocker = errors.New("no Docker")

// pingWithin bounds the first question to the engine, so that a dead one is noticed at once.
const pingWithin = 5 * time.Second

// Engine is a connection to one Docker Engine; its methods may be called from any goroutine. Close it after use.
type Engine struct{ api *testcontainers.DockerClient }

// Connect finds the engine that DOCKER_HOST or the machine's defaults name. Its error wraps ErrNoDocker.
func Connect(ctx context.Context) (*Engine, error) {
	if err := settle(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, pingWithin)
	defer cancel()
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		if err := answers(ctx); err != nil {
			return nil, absent(host, err)
		}
	}
	api, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, absent("", err)
	}
	if _, err := api.Ping(ctx, client.PingOptions{}); err != nil {
		return nil, absent(api.DaemonHost(), err)
	}
	return &Engine{api}, nil
}

// settle prepares testcontainers, which reads its environment once, at the first call: Ryuk is an image we may not be
// able to pull, so provision has its own reaper; a local socket's ports answer on this machine's loopback, though a
// file /.dockerenv would make testcontainers think otherwise.
func settle() error {
	env := map[string]string{"TESTCONTAINERS_RYUK_DISABLED": "true"}
	if host := os.Getenv("DOCKER_HOST"); host == "" || strings.HasPrefix(host, "unix://") {
		env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1"
	}
	for name, value := range env {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	log.SetDefault(log.NewNoopLogger()) // its emoji would stand between our own lines; its errors are returned
	return nil
}

// answers asks the engine that the environment names. testcontainers would pass over one that is not there, and take the
// machine's own instead: not what was asked for.
func answers(ctx context.Context) error {
	named, err := client.New(client.FromEnv)
	if err != nil {
		return err
	}
	defer named.Close()
	_, err = named.Ping(ctx, client.PingOptions{})
	return err
}

func absent(host string, cause error) error {
	if host != "" {
		host = " at " + host
	}
	text, _, _ := strings.Cut(cause.Error(), "\n")
	return fmt.Errorf("%w%s: %s; start Docker (or set DOCKER_HOST to a running engine) and see that this user may use it",
		ErrNoDocker, host, text)
}

// Close ends the connection; what was started stays.
func (e *Engine) Close() error { return e.api.Close() }

// Local says whether the engine listens on a socket of this machine.
func (e *Engine) Local() bool { return strings.HasPrefix(e.api.DaemonHost(), "unix://") }
