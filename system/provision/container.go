package provision

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"redpacket/system/config"
	"redpacket/system/mutant"
	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// The memory of an app process. Collecting at four times the live heap instead of twice costs memory, which there is,
// and saves processor time, which there is not: everything shares two cores with the load. The limit keeps all such
// processes, and the backlog of a night, inside a small machine: near it the collector works harder instead.
const (
	appGOGC     = "400"
	appGOMEMMAX = "512MiB"
)

// container is what a node is run as.
func (c *Cluster) container(n topology.Node, cfg config.Config) (docker.Container, error) {
	d := docker.Container{
		Name: c.name(n.Name), Hostname: n.Name, Image: c.images[n.Image].Tag, Labels: c.labels(n.Name), Cores: c.plan.coresOf(n),
		Networks: []docker.Place{{Network: c.name(networkOf(n)), Address: c.layout.inner[n.Name]}},
	}
	for _, network := range otherNetworks(c.plan.Topology, n) {
		d.Networks = append(d.Networks, docker.Place{Network: c.name(network), Address: c.layout.also[n.Name][network]})
	}
	if atFront(n) {
		d.Networks = append(d.Networks, docker.Place{Network: c.name(networkFront), Address: c.layout.front[n.Name]})
	}
	if n.Data {
		d.Volumes = map[string]string{c.name(n.Name): dataDir}
	}
	// The one congestion control that every kernel has: some machines default to one that paces each connection by
	// timers, which on a network inside one machine only costs processor time.
	d.Sysctls = map[string]string{"net.ipv4.tcp_congestion_control": "reno"}
	var err error
	switch n.Role {
	case roleStore:
		d.Command, err = redisCommand(c.plan.Topology, c.layout, n)
	case roleLedger:
		d.Command = postgresCommand(n)
	case roleMonitor:
		d.Command, d.Env, err = monitorCommand(c.plan.Topology, c.layout, n)
	default:
		d.Command = []string{n.Role}
		d.Env, err = appEnv(cfg, d.Cores)
		if c.plan.Mutant != "" && err == nil && (len(c.plan.MutantOn) == 0 || slices.Contains(c.plan.MutantOn, n.Name)) {
			d.Env[mutant.Variable] = c.plan.Mutant
		}
	}
	if n.Role == roleNames {
		d.Sysctls["net.ipv4.ip_unprivileged_port_start"] = "0" // its port is 53, and it has no right to any
	}
	if n.Role == roleLinkd {
		// Toxiproxy dials in its accept loop and sets no deadline: a dead node would hold up its link, and every change
		// to it, for two minutes. One repeated SYN makes that three seconds.
		d.Sysctls["net.ipv4.tcp_syn_retries"] = "1"
	}
	return d, err
}

// coresOf is where a node runs: the stores, the delivery and the operations side where the plan's Beside says, all others on its Cores. On a
// small rig the former fill what the load generator, which goes first, leaves of its own core.
func (p Plan) coresOf(n topology.Node) string {
	if p.Beside == "" {
		return p.Cores
	}
	switch n.Role {
	case roleStore, roleLedger, roleCourier, roleIDIP, roleKeeper, roleRecon, roleReport, roleControl, roleOps, roleMonitor, roleATT:
		return p.Beside
	}
	if n.Group == groupDelivery || n.Group == groupControl {
		return p.Beside
	}
	return p.Cores
}

func appEnv(cfg config.Config, cores string) (map[string]string, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return nil, fmt.Errorf("write the orders of %s: %w", cfg.Node, err)
	}
	n, err := coreCount(cores)
	if err != nil {
		return nil, err
	}
	// Half the cores: each process' work is batched on a few goroutines, twenty processes share the machine, and threads
	// that look for work cost more than they find.
	n = max(1, n/2)
	return map[string]string{config.Variable: string(text), "GOMAXPROCS": strconv.Itoa(n), "GOGC": appGOGC, "GOMEMLIMIT": appGOMEMMAX}, nil
}

// coreCount is how many cores a set such as "0,2-3" holds; the empty set stands for all of the machine.
func coreCount(set string) (int, error) {
	if set == "" {
		return runtime.NumCPU(), nil
	}
	count := 0
	for part := range strings.SplitSeq(set, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, err := strconv.ParseUint(first, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("cores %q: %q is no core; want such as 1 or 0-2 or 0,2", set, part)
		}
		b, err := strconv.ParseUint(last, 10, 16)
		if err != nil || b < a {
			return 0, fmt.Errorf("cores %q: %q is no range of cores; want such as 1 or 0-2 or 0,2", set, part)
		}
		count += int(b-a) + 1
	}
	return count, nil
}

// redisCommand starts a store. It keeps nothing on disk: what makes a grant true is the log, and a store that comes back
// is filled from it. The first store begins as the primary and the others copy it; later the keeper decides.
func redisCommand(t topology.Topology, l layout, n topology.Node) ([]string, error) {
	command := []string{"--port", strconv.Itoa(n.Port), "--bind", l.inner[n.Name].String(), "--protected-mode", "no",
		"--save", "", "--appendonly", "no", "--maxmemory", "0",
		"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "on-empty-db"}
	primary := firstStore(t, n.IDC)
	if n.Name == primary {
		return command, nil
	}
	for _, link := range t.Links {
		if link.From == n.Name && link.To == primary {
			carrier, _ := t.Linkd(link.Group)
			return append(command, "--replicaof", l.seenFrom(networkOf(n), carrier).String(), strconv.Itoa(link.Port)), nil
		}
	}
	return nil, fmt.Errorf("topology %s: there is no link from %s to the primary %s to copy it through", t.Name, n.Name, primary)
}

// firstStore is the store that begins as its data centre's primary.
func firstStore(t topology.Topology, idc string) string {
	for _, n := range t.Nodes {
		if n.Role == roleStore && n.IDC == idc {
			return n.Name
		}
	}
	return ""
}

// postgresCommand starts the ledger with every setting that durability hangs on said aloud: what is committed has been
// flushed, pages torn by a crash are whole again after it.
func postgresCommand(n topology.Node) []string {
	var command []string
	for _, setting := range []string{
		"fsync=on", "synchronous_commit=on", "full_page_writes=on", "wal_sync_method=fdatasync", "wal_level=replica",
		"listen_addresses=*", "port=" + strconv.Itoa(n.Port), "unix_socket_directories=/tmp",
		// One idip writes in large statements: few connections, room for the index, rare checkpoints, no compiler.
		"max_connections=32", "shared_buffers=128MB", "max_wal_size=2GB", "wal_compression=on", "jit=off",
	} {
		command = append(command, "-c", setting)
	}
	return command
}
