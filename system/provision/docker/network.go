package docker

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// Network is a bridge of its own block of addresses.
type Network struct {
	Name   string
	Subnet netip.Prefix // the first address after the block's is the machine's own on this network
	Labels map[string]string
}

// Gateway is this machine's address on the network.
func (n Network) Gateway() netip.Addr { return n.Subnet.Masked().Addr().Next() }

// CreateNetwork makes a network that leads nowhere but to its members and this machine: a rehearsal must not reach the
// world, and an internal network needs no address translation. A subnet that is in use is an error.
func (e *Engine) CreateNetwork(ctx context.Context, n Network) error {
	_, err := e.api.NetworkCreate(ctx, n.Name, client.NetworkCreateOptions{
		Driver: "bridge", Internal: true, Labels: n.Labels,
		IPAM: &network.IPAM{Driver: "default", Config: []network.IPAMConfig{{Subnet: n.Subnet, Gateway: n.Gateway()}}},
	})
	if err != nil {
		return fmt.Errorf("create network %s with %s: %w", n.Name, n.Subnet, err)
	}
	return nil
}

// Networks lists the networks that carry a label ("key" or "key=value"), with the first block of addresses of each.
func (e *Engine) Networks(ctx context.Context, label string) ([]Network, error) {
	found, err := e.api.NetworkList(ctx, client.NetworkListOptions{Filters: make(client.Filters).Add("label", label)})
	if err != nil {
		return nil, fmt.Errorf("list networks labelled %s: %w", label, err)
	}
	var all []Network
	for _, n := range found.Items {
		one := Network{Name: n.Name, Labels: n.Labels}
		for _, c := range n.IPAM.Config {
			one.Subnet = c.Subnet
			break
		}
		all = append(all, one)
	}
	return all, nil
}

// Subnets lists the blocks of addresses of all networks of the engine.
func (e *Engine) Subnets(ctx context.Context) ([]netip.Prefix, error) {
	all, err := e.api.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var blocks []netip.Prefix
	for _, n := range all.Items {
		for _, c := range n.IPAM.Config {
			blocks = append(blocks, c.Subnet)
		}
	}
	return blocks, nil
}

// Volume is an empty disk.
type Volume struct {
	Name   string
	Labels map[string]string
	MiB    int // its size: then it lies in memory, and is empty again when no running container has it; 0: the machine's own disk
}

// CreateVolume makes an empty volume; one of that name and form that is there already is left as it is.
func (e *Engine) CreateVolume(ctx context.Context, v Volume) error {
	name, options := v.Name, client.VolumeCreateOptions{Name: v.Name, Labels: v.Labels}
	if v.MiB > 0 {
		options.DriverOpts = map[string]string{"type": "tmpfs", "device": "tmpfs", "o": fmt.Sprintf("size=%dm", v.MiB)}
	}
	_, err := e.api.VolumeCreate(ctx, options)
	if err != nil {
		return fmt.Errorf("create volume %s: %w", name, err)
	}
	return nil
}
