package docker

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// Container is a container to be run.
type Container struct {
	Name     string // unique on the engine
	Hostname string // also its name on the first network
	Image    string // of the engine's own; never pulled
	Command  []string
	Env      map[string]string
	Labels   map[string]string
	Networks []Place           // all are joined before the start; none: it has no network of its own
	Volumes  map[string]string // volume name -> path inside
	Sysctls  map[string]string // of the container's own network
	Cores    string            // the cores it may use, such as "0-2"; empty: all

	Beside string   // the id of a running container whose network it shares; then it has no Hostname and no Networks
	Rights []string // capabilities, which only root can use, so it runs as root; it has no others
}

// Place is a container's fixed address on a network, so that a restart does not move it.
type Place struct {
	Network string
	Address netip.Addr
}

// The limits of every container: enough descriptors for thousands of connections; logs that cannot fill the disk, and of
// which the newest part, where a panic stands, is kept.
const (
	mostFiles = 65536
	logSize   = "16m"
	logFiles  = "2"
)

// openFiles is how many descriptors a container gets: not more than this process may have, because an engine without
// the right to raise its own limit refuses to start a container that asks for more.
func openFiles() int64 {
	var own syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &own); err != nil {
		return mostFiles
	}
	return int64(min(mostFiles, own.Max))
}

// Run creates a container, joins it to its networks and starts it; it returns when the process runs, which is not yet
// when it is healthy. The id is returned with an error too when the container exists.
func (e *Engine) Run(ctx context.Context, c Container) (string, error) {
	ran, err := testcontainers.Run(ctx, c.Image,
		testcontainers.WithName(c.Name), testcontainers.WithCmd(c.Command...), testcontainers.WithEnv(c.Env),
		testcontainers.WithLabels(c.Labels), withNetwork(c),
		testcontainers.WithConfigModifier(c.configure),
		testcontainers.WithHostConfigModifier(c.limit),
		testcontainers.WithAdditionalLifecycleHooks(testcontainers.ContainerLifecycleHooks{
			PostCreates: []testcontainers.ContainerHook{e.join(c)}}))
	id := ""
	if ran != nil {
		id = ran.GetContainerID()
	}
	if err != nil {
		return id, fmt.Errorf("run container %s: %w", c.Name, err)
	}
	return id, nil
}

func (c Container) configure(cfg *container.Config) {
	if cfg.Hostname = c.Hostname; len(c.Rights) > 0 {
		cfg.User = "0:0"
	}
}

func (c Container) network() container.NetworkMode {
	switch {
	case c.Beside != "":
		return container.NetworkMode("container:" + c.Beside)
	case len(c.Networks) == 0:
		return network.NetworkNone
	}
	return container.NetworkMode(c.Networks[0].Network)
}

func (c Container) limit(host *container.HostConfig) {
	host.NetworkMode = c.network()
	host.CapDrop, host.CapAdd = []string{"ALL"}, c.Rights // no role of ours needs any
	host.SecurityOpt = []string{"no-new-privileges"}
	host.Ulimits = []*container.Ulimit{{Name: "nofile", Soft: openFiles(), Hard: openFiles()}}
	host.LogConfig = container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": logSize, "max-file": logFiles}}
	host.Sysctls = c.Sysctls
	host.CpusetCpus = c.Cores
	for volume, path := range c.Volumes {
		if len(c.Rights) > 0 || len(c.Networks) == 0 {
			path += ":nocopy" // a volume takes its owner from the image of the node that it is for, and of no helper
		}
		host.Binds = append(host.Binds, volume+":"+path)
	}
}

func (p Place) endpoint() *network.EndpointSettings {
	return &network.EndpointSettings{IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: p.Address}}
}

// withNetwork creates the container on its first network. testcontainers would join the others by itself, but without
// their fixed addresses, and would pass over a network that it does not find.
func withNetwork(c Container) testcontainers.CustomizeRequestOption {
	return func(r *testcontainers.GenericContainerRequest) error {
		if len(c.Networks) == 0 {
			return nil
		}
		first := c.Networks[0]
		r.EndpointSettingsModifier = func(all map[string]*network.EndpointSettings) {
			all[first.Network] = first.endpoint()
			all[first.Network].Aliases = []string{c.Hostname}
		}
		return nil
	}
}

func (e *Engine) join(c Container) testcontainers.ContainerHook {
	return func(ctx context.Context, created testcontainers.Container) error {
		for _, place := range c.Networks[min(1, len(c.Networks)):] {
			_, err := e.api.NetworkConnect(ctx, place.Network, client.NetworkConnectOptions{
				Container: created.GetContainerID(), EndpointConfig: place.endpoint()})
			if err != nil {
				return fmt.Errorf("join %s to %s: %w", c.Name, place.Network, err)
			}
		}
		return nil
	}
}

// Start starts a container that exited; starting a running one does nothing.
func (e *Engine) Start(ctx context.Context, id string) error {
	_, err := e.api.ContainerStart(ctx, id, client.ContainerStartOptions{})
	return err
}

// Kill ends a container's process at once, as a crash would, and returns when it is dead. A dead one is no error, and
// nor is a paused one: it is let go first, because the engine refuses to kill it otherwise.
func (e *Engine) Kill(ctx context.Context, id string) error {
	_, err := e.api.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "KILL"})
	if errdefs.IsConflict(err) {
		_, _ = e.api.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
		_, err = e.api.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "KILL"})
	}
	if err != nil && !errdefs.IsConflict(err) {
		return err
	}
	gone := e.api.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case <-gone.Result:
		return nil
	case err := <-gone.Error:
		return err
	}
}

// The bounds of a squeeze. The kernel takes no quota under a millisecond; a short period keeps the stalls short.
const (
	leastQuota   = time.Millisecond
	shortPeriod  = 10 * time.Millisecond
	longPeriod   = 100 * time.Millisecond
	leastSqueeze = 0.01 // cores: leastQuota in each longPeriod
)

// Squeeze bounds the processor time of a container to so many cores (0.01 or more), and 0 lets go again. The bound holds in
// every 10 ms; under 0.1 core in every millisecond's worth of it, so that the stalls are as short as the kernel allows.
func (e *Engine) Squeeze(ctx context.Context, id string, cores float64) error {
	quota, period, err := bandwidth(cores)
	if err != nil {
		return err
	}
	_, err = e.api.ContainerUpdate(ctx, id, client.ContainerUpdateOptions{
		Resources: &container.Resources{CPUPeriod: period.Microseconds(), CPUQuota: quota.Microseconds()}})
	return err
}

// bandwidth is the kernel's quota in each period; a quota of -1 µs is none.
func bandwidth(cores float64) (quota, period time.Duration, err error) {
	switch {
	case cores == 0:
		return -time.Microsecond, longPeriod, nil
	case !(cores >= leastSqueeze && cores <= 1<<10):
		return 0, 0, fmt.Errorf("a squeeze to %g cores; want %g or more, or 0 for no bound", cores, leastSqueeze)
	}
	period = shortPeriod
	if quota = time.Duration(cores * float64(period)); quota < leastQuota {
		quota, period = leastQuota, time.Duration(float64(leastQuota)/cores)
	}
	return quota.Round(time.Microsecond), period.Round(time.Microsecond), nil
}

// Pause freezes every process of a container; its connections stay. A frozen one is no error.
func (e *Engine) Pause(ctx context.Context, id string) error {
	_, err := e.api.ContainerPause(ctx, id, client.ContainerPauseOptions{})
	if state, look := e.State(ctx, id); err != nil && look == nil && state.Paused {
		return nil
	}
	return err
}

// Resume lets a frozen container go on. One that is not frozen is no error.
func (e *Engine) Resume(ctx context.Context, id string) error {
	_, err := e.api.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
	if state, look := e.State(ctx, id); err != nil && look == nil && !state.Paused {
		return nil
	}
	return err
}
